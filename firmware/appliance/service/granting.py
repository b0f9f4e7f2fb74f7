"""Whether an answer to the appliance's challenge is a technician's whom its vendor sent. Takes what came over the
service port, gives 0 or a reason; every attempt that is looked at is counted before and in the ledger after. Loaded for
that alone. Never looks into what the vendor's key did not sign.

What time it is: the clock's, where it was ever set; else no earlier than any time that the ledger or the vendor's
signatures name. A credential that is over at that time is over.
"""

from trivet_wire import credential, ids, sign1
from trivet_wire.envelope import sha256
from trivet_wire.refuse import WireError

from ..store.journal import JournalFull
from ..trust import chain
from ..trust.identity import COMB_FILE, CURVE
from .grants import Grants, listed, revoke, revoked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Ports
    from ..store.journal import Journal
    from ..trust.identity import Identity
    from ..trust.ledger import Ledger

REGION_FILE = "region"  # ISO 3166-1 alpha-2, written by provisioning; without it only credentials for everywhere hold


class Granting:
    """One attempt, or one list."""

    def __init__(
        self, grants: Grants, ports: "Ports", identity: "Identity", ledger: "Ledger", journal: "Journal"
    ) -> None:
        self._grants = grants
        self._ports = ports
        self._identity = identity
        self._ledger = ledger
        self._journal = journal
        self.serial = 0
        self.name = ""

    def answer(self, message: bytes, signature: bytes) -> int:
        """A credential and the technician's signature over the challenge. 0: the grant holds from now on. R_BUSY within
        a delay; then nothing was looked at, counted or noted."""
        grants = self._grants
        now = self._ports.clock.ticks_ms()
        if now < grants.free_at:
            return ids.R_BUSY
        try:
            grants.count(now)
        except JournalFull:
            return ids.R_FULL
        nonce = grants.nonce if now < grants.nonce_until else b""
        grants.nonce = b""  # good once, whatever comes of it
        may = 0
        try:
            if not nonce:
                raise WireError(ids.R_COUNTER)
            held = self._credential(message)
            may = held.may
            self._answered(held, nonce, signature)
        except WireError as error:
            self._ledger.note(chain.GRANTED, self.serial, may, error.reason)
            return error.reason
        return self._given(held, now)

    def _given(self, held: credential.Credential, now: int) -> int:
        """No grant that the ledger does not know of."""
        grants = self._grants
        try:
            grants.give(held.serial, held.may, held.issued, now)
        except JournalFull:
            return ids.R_FULL
        if not self._ledger.note(chain.GRANTED, held.serial, held.may, 0):
            grants.end()
            return ids.R_FULL
        self.name = held.name
        return 0

    def revoke(self, message: bytes) -> int:
        """A list of what was revoked. 0 where it is the kept one or was kept now; R_COUNTER for an older one. One that
        is not the vendor's counts as a failure: to find that out costs time."""
        grants = self._grants
        now = self._ports.clock.ticks_ms()
        if now < grants.free_at:
            return ids.R_BUSY
        before = grants.failures
        try:
            parts = sign1.Signed(message)
            number, issued, serials = credential.read_list(memoryview(message)[parts.payload : parts.payload_end])
            known = revoked(self._journal)[0]
            if number <= known:
                return 0 if number == known else ids.R_COUNTER
            grants.count(now)
            self._believed(message)
            grants.forgive(before)
            revoke(self._journal, number, serials)
            grants.learn(issued)
        except WireError as error:
            return error.reason
        except JournalFull:
            return ids.R_FULL
        if grants.serial in serials:
            grants.end()
        return 0

    def _believed(self, message: bytes) -> memoryview:
        """The payload of what the vendor's command key signed."""
        parts = sign1.Signed(message)
        key = self._identity.command_key
        if key is None or parts.kid != sha256(key).digest()[: sign1.KID_SIZE]:
            raise WireError(ids.R_SIGNATURE)
        payload = memoryview(message)[parts.payload : parts.payload_end]
        kept = self._ports.files.read(COMB_FILE) or b""
        comb = memoryview(kept)[64:] if kept[:64] == key else b""
        self._verify(key, sign1.digest(parts.kid, payload), parts.signature, comb)
        return payload

    def _credential(self, message: bytes) -> credential.Credential:
        if len(message) > ids.MAX_CREDENTIAL:
            raise WireError(ids.R_TOO_LARGE)
        held = credential.Credential(self._believed(message))
        self.serial = held.serial
        if held.expires <= self._time():
            raise WireError(ids.R_EXPIRED)
        if listed(revoked(self._journal)[1], held.serial):
            raise WireError(ids.R_CREDENTIAL)
        if held.regions and (self._ports.files.read(REGION_FILE) or b"").decode() not in held.regions:
            raise WireError(ids.R_REGION)
        return held

    def _answered(self, held: credential.Credential, nonce: bytes, signature: bytes) -> None:
        if len(signature) != sign1.SIGNATURE_SIZE:
            raise WireError(ids.R_SIGNATURE)
        payload = credential.challenge(bytes.fromhex(self._identity.device), nonce)
        self._verify(held.public, sign1.digest(credential.key_id(held.serial), payload), signature, b"")

    def _verify(self, key: bytes, digest: bytes, signature: bytes, comb: "memoryview | bytes") -> None:
        from ..trust.p256 import verify

        sound = verify(key, digest, signature, comb)
        self._ports.unload(CURVE)
        if not sound:
            raise WireError(ids.R_SIGNATURE)

    def _time(self) -> int:
        wall = self._ports.clock.wall_s()
        return wall or max(self._grants.floor, self._ledger.tally[chain.T_LAST])
