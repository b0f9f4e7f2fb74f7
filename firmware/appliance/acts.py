"""Commands of the cloud, carried out by the appliance. Loaded when the first one comes; takes the appliance and its
ports, gives `take` for each message. What is believed, and done at all, is decided in `hearing.py` and
`service/commands.py`, not here.
"""

from trivet_wire import ids

from .service.commands import Commands
from .updating import updated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trivet_wire.cbor_read import Reader

    from .app import Appliance
    from .outbox.sealer import Sealer
    from .ports import Ports
    from .trust.identity import Identity

_ORDERS = (
    "appliance.update.orders",
    "appliance.update.memory",
    "appliance.update.kept",
    "appliance.update.gates",
    "appliance.update",
)


class Acts:
    """One per start."""

    def __init__(self, appliance: "Appliance", ports: "Ports", identity: "Identity", sealer: "Sealer") -> None:
        self._appliance = appliance
        self._ports = ports
        self._identity = identity
        self.relearned = appliance.relearn
        assert appliance.ledger is not None
        self.take = Commands(
            *(identity, appliance.journal, ports.clock, appliance.consent, sealer),
            *(self, ports.teller, appliance.ledger),
        ).take

    def cleared(self) -> None:
        """Every code to its initial status."""
        self._appliance.clear(ids.BY_ACCOUNT, ids.G_SERVICE)

    def recover(self) -> None:
        """Restart with everything, at the end of this turn."""
        self._appliance.life.forgive()
        self.restart()

    def restart(self) -> None:
        """At the end of this turn: a task's own way out is caught."""
        self._appliance.leaving = True

    def decided(self, purpose: int, granted: bool, language: str, text_hash: int, known: int) -> int:
        """The owner's word from their account; R_SUPERSEDED for a yes older than what was decided here, R_FULL where
        the flash does not keep it."""
        if granted and self._appliance.consent.outdated(known):
            return ids.R_SUPERSEDED
        done = self._appliance.decide(purpose, granted, ids.BY_ACCOUNT, language, text_hash)
        return 0 if done else ids.R_FULL

    def ordered(self, number: int, reader: "Reader", count: int) -> int:
        """A command about an update."""
        from .update.orders import command

        reason = command(self._appliance.journal, number, reader, count)
        for module in _ORDERS:
            self._ports.unload(module)
        if not reason:
            updated(self._appliance, self._ports)
        return reason

    def revoked(self, number: int, serials: "list[int]") -> None:
        """The list is kept; a grant under one of these credentials ends."""
        from .service.grants import revoke

        appliance = self._appliance
        revoke(appliance.journal, number, serials)
        if appliance.grants is not None and appliance.grants.serial in serials:
            appliance.grants.end()

    def remote(self, counter: int, number: int, reader: "Reader", count: int) -> int:
        """A command about a service session, or within one."""
        from .service.remote import MODULE, command

        reason = command(self._appliance, counter, number, reader, count)
        if self._appliance.remote is None:
            self._ports.unload(MODULE)
        return reason

    def fixed(self) -> None:
        """A fix that ends this life, at the end of this turn."""
        if self._appliance.remote is not None:
            self._appliance.remote.fixed()

    def rotated(self, epoch: int, ephemeral: bytes, wrapped: bytes) -> int:
        """The next message key."""
        from .trust.rotation import rotate

        return rotate(self._ports.files, self._identity, epoch, ephemeral, wrapped)
