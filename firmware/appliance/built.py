"""What every appliance is built of before it has a heart: journal, life, who it is, consent, ledger, and with a heart
the way out. Takes the ports, gives the rooms; what a reset left to be done is done. Runs nothing.
"""

from trivet_wire import ids

from . import VERSION
from .outbox.consent import Consent
from .outbox.sealer import Sealer
from .outbox.speak import About, Health, Speaker
from .outbox.spool import Spool
from .service.health import Crash, Supervisor
from .service.life import Life
from .store.boot import count_boot
from .store.journal import Journal
from .store.records import RESET, UPDATE
from .trust import chain
from .trust import identity as trust
from .trust.ledger import Ledger
from .updating import ALONE, ALONE_AT, DUE, marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hearing import Hearing
    from .heart import Heart
    from .outbox.uplink import Uplink
    from .ports import Ports
    from .service.grants import Grants
    from .service.remote import Session
    from .trust.identity import Identity
    from .update.chooser import Choice
    from .update.download import Download
    from .update.fetching import Fetching
    from .update.judging import Judging
    from .update.machine import Machine
    from .update.patching import Patching
    from .update.told import Told

_MAGIC = 0x54  # of what a reset retained
_STARTING = ord("s")
# What may have its turn (app.py), and the start before it. No two begin alike.
_TASKS = "start tick memory report panel uplink journal install console own"


class Built:
    """The rooms as they are at the start."""

    def __init__(self, ports: "Ports") -> None:
        """OSError where the flash does not answer: without a journal nobody knows what was said and agreed."""
        self.ports = ports
        self.journal = Journal(ports.flash)
        self.journal.mount()
        ports.witnessed(self.journal)
        self._corrupt = self.journal.corrupt
        self.boot = count_boot(self.journal)
        self.life = Life(self.journal, ports.cause)
        mark = ports.retained
        asked_alone = mark[0] == _MAGIC and mark[ALONE_AT] == ALONE
        self.alone = asked_alone and ports.cause == ids.RESET_SOFT  # for an update, without heart and link
        mark[ALONE_AT] = 0
        self.hung = self._retained()
        asked = self._reset_asked()
        self.spool = Spool(self.journal, self.boot)
        self.spool.load()
        self.consent = Consent(self.journal, self.spool, ports.files)
        self.health = Health()
        self.supervisor = Supervisor([], ports.teller, ports.watchdog, ports.retained)
        self.heart: Heart | None = None
        self.speaker: Speaker | None = None
        self.uplink: Uplink | None = None
        self.sealer: Sealer | None = None
        self._hearing: Hearing | None = None
        self.update = marks()
        self.download: Download | None = None  # takes what the line brings
        self.machine: Machine | Fetching | Patching | Judging | Told | None = None
        self._present_until = 0
        self.grants: Grants | None = None  # who works at the service port; made when somebody first asks
        self.remote: Session | None = None  # the desk, while its owner lets it test and fix
        self.leaving = False  # restart at the end of this turn
        self._identity: Identity | None = None
        self.ledger: Ledger | None = None  # not before provisioning: it is sealed with the appliance's own key
        self._ledger_told = False
        self.language = "en"  # of whoever stands before it
        self.choice: Choice | None = None  # of the bundle that runs; None: nothing was ever installed
        try:
            identity = self._identity = trust.load(ports.files)
            if identity is not None:
                identity.unload = ports.unload
                key = identity.command_key
                if key is not None and ports.files.read(trust.COMB_FILE) is None:
                    from .trust.comb import keep

                    keep(ports.files, key)
                    ports.unload("appliance.trust.comb")
                    ports.unload(trust.CURVE)
        except ValueError as error:
            self.crashed(error, "start")
        if self._identity is not None:
            self.ledger = Ledger(ports.ledger_flash, self.journal, self._identity.ledger_key(), ports.clock)
            self.ledger.load()
        if asked >= 0:
            self._reset(asked)
        self._noted()
        if self.journal.next_key(UPDATE) >= 0:
            self.update[DUE] = 0

    def _reset_asked(self) -> int:
        """Who asked for a factory reset (ids.BY_*) that is to be done now, before anything of the owner is read; -1."""
        channel = bytearray(1)
        if self.journal.get(RESET, 0, channel) < 1:
            return -1
        from .store.reset import forget

        forget(self.journal)
        if self.journal.next_key(UPDATE) >= 0:
            from .update.memory import disown

            disown(self.journal)
        return channel[0]

    def _reset(self, channel: int) -> None:
        """The rest of it. Whatever cuts it short, it is done again at the next start."""
        self.consent.withdraw_all()
        if self.ledger is not None:
            from .trust.look import reset

            reset(self.ledger, channel)
        if not self.consent.unkept:
            self.journal.delete(RESET, 0)

    def _noted(self) -> bool:
        """Whether this start and the owner's newest decision are in the ledger; notes what is not."""
        ledger, consent = self.ledger, self.consent
        if ledger is None:
            return False
        if ledger.tally[chain.T_BOOT] != self.boot and not ledger.note(chain.STARTED, self.boot, self.ports.cause):
            return False
        if ledger.tally[chain.T_DECISION] >= consent.seq:
            return True
        decision = (consent.purpose, consent.granted, consent.channel, consent.text_hash)
        return ledger.note(chain.DECIDED, consent.seq, *decision)

    def _retained(self) -> str:
        """Whose turn it was when the watchdog or a panic ended the last life; "" after any other end."""
        mark = self.ports.retained
        letter = mark[1] if mark[0] == _MAGIC else 0
        mark[0] = _MAGIC
        mark[1] = _STARTING
        if self.ports.cause == ids.RESET_WATCHDOG or self.ports.cause == ids.RESET_CRASH:
            for name in _TASKS.split():
                if ord(name[0]) == letter:
                    return name
        return ""

    def crashed(self, error: BaseException, task: str) -> None:
        """An exception escaped while the appliance was being built."""
        trace = self.ports.teller.trace(error)
        self.supervisor.crashed = True
        self.supervisor.note(Crash(trace, task), trace)

    def _build_outbox(self) -> None:
        """Without an identity nothing is ever recorded for sending; without brokers nothing is sent."""
        identity, ledger = self._identity, self.ledger
        if identity is None or ledger is None:
            return
        ports, heart = self.ports, self.heart
        model, catalogue = (heart.model, heart.catalogue_id) if heart is not None else (identity.model, 0)
        sealer = self.sealer = Sealer(identity, self.boot, ports.clock, self.consent, self.spool, ports.teller)
        if self.alone:
            return
        self.speaker = Speaker(About(model, VERSION, catalogue), self.consent, self.spool, sealer, ledger)
        if heart is not None:
            heart.report(self.speaker, self.consent, sealer)
        if identity.brokers:
            from .outbox.mqtt import Client
            from .outbox.uplink import Uplink

            client = Client(identity.device, ports.link)
            code = heart.code if heart is not None else None
            self.uplink = Uplink(
                identity,
                client,
                self.spool,
                ledger,
                sealer.room,
                self.speaker.hello,
                code,
                ports.random,
                ports.teller,
            )
