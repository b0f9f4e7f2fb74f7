"""Who this appliance is: takes the provisioned files, gives its id, its message key, its brokers (none: it keeps what
it would send) and its signature. Never shows a secret, never writes. An appliance without `identity.cbor` was not
provisioned: it works, and talks to nobody.
"""

from trivet_wire import cbor_read, envelope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Files

# {id: bstr 8, epoch: 0..255, message_key: bstr 32, brokers: [[host, port], …], model: tstr, ? command_key: bstr 64}
FILE = "identity.cbor"
COMB_FILE = "command.tab"  # the command key, then its comb: `comb.keep`
KEY_FILE = "key.der"  # the signing key, which is the TLS client key too
CURVE = "appliance.trust.p256"
_MAX_FILE = 1024
_LEDGER_LABEL = b"trivet ledger"

# ECPrivateKey of P-256 with its public key, the one form that boards and cryptography libraries write (RFC 5915,
# section 3; DER): 7 bytes, the private key, 18 bytes, the public key.
_BEFORE_PRIVATE = b"\x30\x77\x02\x01\x01\x04\x20"
_BEFORE_PUBLIC = b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00\x04"
_PRIVATE_AT = 7
_PUBLIC_AT = 57
_DER_SIZE = 121


class Identity:
    """What provisioning wrote."""

    command_key: bytes | None = None  # x ‖ y, whose signature commands carry; None: no command is believed
    old_key: envelope.Key | None = None  # of the epoch before, when this start saw it end: receipts may still carry it

    def __init__(
        self,
        device: bytes,
        epoch: int,
        key: envelope.Key,
        brokers: "list[tuple[str, int]]",
        model: str,
        private: bytes | None,
    ) -> None:
        self.device = device.hex()  # 16 hex digits, as on the sticker and in topics
        self._private = private
        self.epoch = epoch
        self.key = key
        self.brokers = brokers
        self.model = model

    def sign(self, payload: "bytes | memoryview", later: bool = False) -> bytes | None:
        """The appliance's signature over a payload, r ‖ s over its COSE_Sign1 structure. None without a signing key, or
        with too little heap at this moment: told without a signature is better than not told. `later`: whoever asks can
        ask again, so that too little heap is a MemoryError."""
        if self._private is None:
            return None
        try:
            # at the first signature: many an appliance never makes one
            from trivet_wire.sign1 import digest

            from .p256 import sign

            return sign(self._private, digest(bytes.fromhex(self.device), payload))
        except MemoryError:
            if later:
                raise
            return None
        finally:
            self.unload(CURVE)

    def unload(self, module: str) -> None:
        """As `ports.Ports`, which takes its place in an appliance: signatures are rare, and the curve is 3 KB."""

    def ledger_key(self) -> envelope.Key:
        """What seals the ledger: from the appliance's own signing key, which nobody else has, without one from its
        message key."""
        device = bytes.fromhex(self.device)
        own = envelope.Key(self._private, device, 0) if self._private is not None else self.key
        return envelope.Key(own.digest(_LEDGER_LABEL), device, 0)


def load(files: "Files") -> Identity | None:
    """None when there is no identity; WireError or ValueError when there is one that makes no sense."""
    data = files.read(FILE)
    if data is None:
        return None
    fields = cbor_read.decode(data, _MAX_FILE)
    try:
        device = fields["id"]
        epoch = fields["epoch"]
        brokers = fields["brokers"]
        key = envelope.Key(fields["message_key"], device, epoch)
        for host, port in brokers:
            if not host or not 0 < port < 65536:
                raise ValueError("a broker is a host and a port")
        identity = Identity(device, epoch, key, brokers, fields["model"], private_key(files.read(KEY_FILE)))
        command_key = fields.get("command_key")
        if command_key is not None and len(command_key) != 64:
            raise ValueError("a command key is 64 bytes")
        identity.command_key = command_key
        return identity
    except (KeyError, TypeError):
        raise ValueError("identity.cbor lacks a field") from None


def private_key(der: bytes | None) -> bytes | None:
    """The 32 bytes in a key file; None without one, ValueError when it is no key of P-256."""
    if der is None:
        return None
    middle = der[_PRIVATE_AT + 32 : _PUBLIC_AT]
    if len(der) != _DER_SIZE or der[:_PRIVATE_AT] != _BEFORE_PRIVATE or middle != _BEFORE_PUBLIC:
        raise ValueError("key.der is no P-256 key in SEC 1 form with its public key")
    return der[_PRIVATE_AT : _PRIVATE_AT + 32]
