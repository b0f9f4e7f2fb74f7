"""Who this appliance is: takes the provisioned files, gives its id, its message key and its brokers (none: it keeps
what it would send). Never shows a secret, never writes. An appliance without `identity.cbor` was not provisioned: it
works, and talks to nobody.
"""

from trivet_wire import cbor_read, envelope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Files

FILE = "identity.cbor"  # {id: bstr 8, epoch: 0..255, message_key: bstr 32, brokers: [[host, port], …], model: tstr}
_MAX_FILE = 1024


class Identity:
    """What provisioning wrote."""

    def __init__(
        self, device: bytes, epoch: int, key: envelope.Key, brokers: "list[tuple[str, int]]", model: str
    ) -> None:
        self.device = device.hex()  # 16 hex digits, as on the sticker and in topics
        self.epoch = epoch
        self.key = key
        self.brokers = brokers
        self.model = model


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
        return Identity(device, epoch, key, brokers, fields["model"])
    except (KeyError, TypeError):
        raise ValueError("identity.cbor lacks a field") from None
