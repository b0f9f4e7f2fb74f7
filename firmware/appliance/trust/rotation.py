"""The next message key: takes it wrapped for this appliance's signing key alone, writes it into the identity, whole or
not at all, and uses it from then on. Loaded when a rotation comes. Never tells a key.

ECDH-ES with the signing key (SP 800-56A, section 6.2.2.2), HKDF-SHA256 (RFC 5869) to a key-encryption key, AES-256 key
wrap (RFC 3394).
"""

from cryptolib import aes
from trivet_wire import cbor, cbor_read, envelope, ids
from trivet_wire.envelope import sha256

from .identity import CURVE, FILE, KEY_FILE, private_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Files
    from .identity import Identity

_INFO = b"trivet rotate"
_ECB = 1
_MAX_FILE = 1024


def rotate(files: "Files", identity: "Identity", epoch: int, ephemeral: bytes, wrapped: bytes) -> int:
    """0 when the identity holds the key of `epoch`, also from before; else why it does not, and nothing is changed:
    R_FIELD for what was not wrapped for this appliance or goes back, R_FULL where the flash does not take it."""
    private = private_key(files.read(KEY_FILE))
    data = files.read(FILE)
    if private is None or data is None:
        return ids.R_FIELD
    fields = cbor_read.decode(data, _MAX_FILE)
    device = fields["id"]
    from .p256 import shared

    try:
        key = unwrap(_kek(shared(private, ephemeral), device, epoch), wrapped)
    except ValueError:
        return ids.R_FIELD
    finally:
        del shared
        identity.unload(CURVE)
    if epoch == fields["epoch"] and key == fields["message_key"]:
        _adopt(identity, device, epoch, key)
        return 0
    if epoch <= fields["epoch"]:
        return ids.R_FIELD
    fields["epoch"] = epoch
    fields["message_key"] = key
    new = cbor.encode(fields, _MAX_FILE)
    try:
        files.write(FILE, new)
    except OSError:
        if files.read(FILE) != new:
            return ids.R_FULL
    _adopt(identity, device, epoch, key)
    return 0


def _adopt(identity: "Identity", device: bytes, epoch: int, key: bytes) -> None:
    if epoch != identity.epoch:
        identity.old_key = identity.key
        identity.key = envelope.Key(key, device, epoch)
        identity.epoch = epoch


def unwrap(kek: bytes, wrapped: bytes) -> bytes:
    """RFC 3394, section 2.2.2; ValueError when the integrity check fails."""
    count = len(wrapped) // 8 - 1
    check = bytearray(wrapped[:8])
    rest = bytearray(wrapped[8:])
    cipher = aes(kek, _ECB)
    for t in range(6 * count, 0, -1):
        at = (t - 1) % count * 8
        check[7] ^= t
        block: bytes = cipher.decrypt(bytes(check) + bytes(rest[at : at + 8]))  # pyright: ignore[reportUnknownMemberType]
        check[:] = block[:8]
        rest[at : at + 8] = block[8:]
    if bytes(check) != b"\xa6" * 8:
        raise ValueError("not wrapped for this appliance")
    return bytes(rest)


def _kek(secret: bytes, device: bytes, epoch: int) -> bytes:
    """HKDF without salt; one block is as long as the key."""
    return _hmac(_hmac(bytes(32), secret), _INFO + device + bytes((epoch, 1)))


def _hmac(key: bytes, data: bytes) -> bytes:
    padded = key + bytes(64 - len(key))
    inner = sha256(bytes([byte ^ 0x36 for byte in padded]))
    inner.update(data)
    outer = sha256(bytes([byte ^ 0x5C for byte in padded]))
    outer.update(inner.digest())
    return outer.digest()
