"""Whom the appliance believes: takes messages on the command topic as they came, passes on what the command key signed.
Loaded when the first one comes. Never looks into what it cannot believe.

Verification is the peak of what an appliance needs of its heap: only when it is over the code is loaded that acts, and
it leaves again. A flood costs neither time nor flash: after a message that was not believed nothing is heard for a
while, and the same message is not heard twice within it. The cloud sends its own again.
"""

from trivet_wire import ids, sign1
from trivet_wire.envelope import sha256
from trivet_wire.refuse import WireError

from .trust.identity import COMB_FILE, CURVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .app import Appliance
    from .outbox.sealer import Sealer
    from .ports import Ports
    from .trust.identity import Identity

_QUIET_MS = 10_000
_RARE = (CURVE, "appliance.trust.rotation", "appliance.acts", "appliance.service.commands")


class Hearing:
    """One per start."""

    def __init__(self, appliance: "Appliance", ports: "Ports", identity: "Identity", sealer: "Sealer") -> None:
        self._appliance = appliance
        self._ports = ports
        self._identity = identity
        self._sealer = sealer
        self._deaf_until = 0
        self._last = b""  # digest of the message heard last
        self._last_until = 0
        self.until = 0  # ms up to which it remembers what it heard

    def take(self, message: bytes) -> None:
        """One message, between ticks."""
        now = self._ports.clock.ticks_ms()
        digest = sha256(message).digest()
        if now < self._deaf_until or (digest == self._last and now < self._last_until):
            return
        self._last = digest
        self._last_until = self.until = now + _QUIET_MS
        try:
            if not self._act(message):
                self._deaf_until = now + _QUIET_MS
        except MemoryError:  # not now, and nothing is counted: the cloud sends it again
            self._last_until = 0
            self._ports.teller.tell({"e": "unheard"})
        for module in _RARE:
            self._ports.unload(module)

    def _act(self, message: bytes) -> bool:
        payload: memoryview | None = None
        reason = 0
        try:
            payload = believed(self._ports, self._identity.command_key, message)
        except WireError as error:
            reason = error.reason
        from .acts import Acts

        return Acts(self._appliance, self._ports, self._identity, self._sealer).take(payload, reason)


def believed(ports: "Ports", key: bytes | None, message: bytes) -> memoryview:
    """The payload of a COSE_Sign1 by `key`, else WireError."""
    parts = sign1.Signed(message)
    if key is None or parts.kid != sha256(key).digest()[: sign1.KID_SIZE]:
        raise WireError(ids.R_SIGNATURE)
    from .trust.p256 import verify

    payload = memoryview(message)[parts.payload : parts.payload_end]
    kept = ports.files.read(COMB_FILE) or b""
    table = memoryview(kept)[64:] if kept[:64] == key else b""  # without it: slower, and more heap
    sound = verify(key, sign1.digest(parts.kid, payload), parts.signature, table)
    ports.unload(CURVE)  # before what acts is loaded
    if not sound:
        raise WireError(ids.R_SIGNATURE)
    return payload
