"""Whether an answer to the appliance's challenge is a technician's whom its vendor sent. Takes what came over the
service port, gives 0 or a reason; every attempt that is looked at is counted before and in the ledger after. Loaded for
that alone. Never looks into what the vendor's key did not sign.

What time it is: the clock's, where it was ever set; else no earlier than any time that the ledger or the vendor's
signatures name. A credential that is over at that time is over.
"""

from trivet_wire import ids
from trivet_wire.envelope import sha256
from trivet_wire.refuse import WireError

from ..store.journal import JournalFull
from ..trust import chain
from ..trust.identity import COMB_FILE, CURVE
from .grants import Grants, listed, revoke, revoked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..app import Appliance
    from ..trust.identity import Identity

REGION_FILE = "region"  # ISO 3166-1 alpha-2, written by provisioning; without it only credentials for everywhere hold
READING = ("trivet_wire.credential", "trivet_wire.sign1")  # gone before the curve comes: the heap has no room for both


def answer(
    app: "Appliance", identity: "Identity", grants: Grants, message: bytes, signature: bytes
) -> "tuple[int, str]":
    """A credential and the technician's signature over the challenge. (0, their name): the grant holds from now on;
    else (why not, ""). R_BUSY within a delay; then nothing was looked at, counted or noted. R_BUSY too where the heap
    had no room for judging it; that counts."""
    ledger = app.ledger
    assert ledger is not None
    now = app.ports.clock.ticks_ms()
    if now < grants.free_at:
        return ids.R_BUSY, ""
    try:
        grants.count(now)
    except JournalFull:
        return ids.R_FULL, ""
    nonce = grants.nonce if now < grants.nonce_until else b""
    grants.nonce = b""  # good once, whatever comes of it
    serial = may = reason = 0
    name = ""
    try:
        if not nonce:
            raise WireError(ids.R_COUNTER)
        serial, name, may, issued = _believed(app, identity, grants, nonce, message, signature)
        grants.give(serial, may, issued, now)
    except WireError as error:
        reason = error.reason
    except MemoryError:  # it stays counted: whoever can bring this about may not do it for nothing
        reason = ids.R_BUSY
    except JournalFull:
        return ids.R_FULL, ""
    try:
        noted = ledger.note(chain.GRANTED, serial, may, reason)
    except MemoryError:
        noted = False
    if not noted and not reason:  # no grant that the ledger does not know of
        grants.end()
        reason = ids.R_FULL
    return reason, "" if reason else name


def _believed(
    app: "Appliance", identity: "Identity", grants: Grants, nonce: bytes, message: bytes, signature: bytes
) -> "tuple[int, str, int, int]":
    """(serial, name, what it may, issued) of a credential that holds here and now, shown by whom it is for."""
    if len(message) > ids.MAX_CREDENTIAL:
        raise WireError(ids.R_TOO_LARGE)
    payload = _vendors(app, identity.command_key, message)
    from trivet_wire.credential import asked, read

    serial, name, public, may, regions, issued, expires = read(payload)
    digest = asked(serial, bytes.fromhex(identity.device), nonce)
    del asked, read
    wall = app.ports.clock.wall_s()
    assert app.ledger is not None
    if expires <= (wall or max(grants.floor, app.ledger.tally[chain.T_LAST])):
        raise WireError(ids.R_EXPIRED)
    if listed(revoked(app.journal)[1], serial):
        raise WireError(ids.R_CREDENTIAL)
    if regions and (app.ports.files.read(REGION_FILE) or b"").decode() not in regions:
        raise WireError(ids.R_REGION)
    _verify(app, public, digest, signature, public)
    return serial, name, may, issued


def keep(app: "Appliance", identity: "Identity", grants: Grants, message: bytes) -> int:
    """A list of what was revoked, newer than the kept one (whose number the challenge names). Whatever else comes
    counts as a failure: to find that out costs time."""
    now = app.ports.clock.ticks_ms()
    if now < grants.free_at:
        return ids.R_BUSY
    before = grants.failures
    try:
        grants.count(now)
        payload = _vendors(app, identity.command_key, message)
        from trivet_wire.credential import read_list

        number, issued, serials = read_list(payload)
        if not revoke(app.journal, number, serials):
            return ids.R_COUNTER
        grants.forgive(before)
        grants.learn(issued)
    except WireError as error:
        return error.reason
    except JournalFull:
        return ids.R_FULL
    if grants.serial in serials:
        grants.end()
    return 0


def _vendors(app: "Appliance", key: bytes | None, message: bytes) -> memoryview:
    """The payload of what the vendor's command key signed."""
    from trivet_wire.sign1 import Signed, digest

    parts = Signed(message)
    payload = memoryview(message)[parts.payload : parts.payload_end]
    kid, hashed, signature = parts.kid, digest(parts.kid, payload), parts.signature
    del Signed, digest, parts
    if key is None or kid != sha256(key).digest()[: len(kid)]:
        raise WireError(ids.R_SIGNATURE)
    kept = app.ports.files.read(COMB_FILE) or b""
    _verify(app, key, hashed, signature, memoryview(kept)[64:] if kept[:64] == key else key)
    return payload


def _verify(app: "Appliance", key: bytes, digest: bytes, signature: bytes, comb: "memoryview | bytes") -> None:
    unload = app.ports.unload
    for module in READING:
        unload(module)
    from ..trust.p256 import verify

    sound = len(signature) == 64 and verify(key, digest, signature, comb)
    unload(CURVE)
    if not sound:
        raise WireError(ids.R_SIGNATURE)
