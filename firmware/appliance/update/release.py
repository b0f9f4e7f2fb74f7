"""A release as an appliance sees it, and what it is held against. Takes positions in a verified manifest, gives values;
a refusal is a WireError. Never copies what is large: chunks and deltas stay views of the envelope, which must stay.
"""

from trivet_wire import ids
from trivet_wire.cbor_read import Reader
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview
    Delta = tuple[int, bytes, str]  # size, SHA-256, uri

MAX_SIZE = 1 << 24  # bytes of an image: no flash of such an appliance holds more
_MAX_URI = 255


class Own:
    """What a manifest is held against: this appliance. `base` is the running base's version, `wall_s` Unix time or 0
    while no trusted clock was seen."""

    def __init__(self, vendor: bytes, class_: bytes, sequence: int, base: tuple[int, ...], wall_s: int) -> None:
        self.vendor = vendor
        self.class_ = class_
        self.sequence = sequence
        self.base = base
        self.wall_s = wall_s


class Component:
    """One image. `chunk` is the bytes of a chunk, each but the last, and `digests` has 16 bytes for each; 0 and empty
    where the image is judged as a whole only."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0  # bytes
        self.digest = b""  # SHA-256
        self.uri = ""
        self.chunk = 0
        self.digests: "Buffer" = b""
        self._deltas: "Reader | None" = None
        self._deltas_at = 0

    def delta(self, old: bytes) -> "Delta | None":
        """Size, SHA-256 and uri of the patch that leads here from the image with SHA-256 `old`; None without one."""
        reader = self._deltas
        if reader is None:
            return None
        reader.pos = self._deltas_at
        for _ in range(reader.array()):
            found, size, digest, uri = read_delta(reader)
            if found == old:
                return size, digest, uri
        return None

    def has_deltas(self) -> bool:
        return self._deltas is not None

    def keep_deltas(self, reader: Reader) -> None:
        """Check each delta that stands at `reader`, and leave them where they are."""
        self._deltas = Reader(reader.buf, reader.pos, reader.end)
        self._deltas_at = reader.pos
        for _ in range(counted(reader.array())):
            read_delta(reader)


class Release:
    """What a manifest says. `expires` and `deadline` are Unix time, 0 for none; a release that is not for security
    needs its owner's yes."""

    def __init__(self) -> None:
        self.sequence = 0
        self.version = ""
        self.security = False
        self.expires = 0
        self.deadline = 0
        self.components: list[Component] = []


def read_delta(reader: Reader) -> "tuple[Buffer, int, bytes, str]":
    """SHA-256 of the old image, size, SHA-256 and uri of the patch that leads from it."""
    if reader.array() != 4:
        raise WireError(ids.R_MANIFEST)
    old = read_bytes(reader)
    size = read_size(reader)
    digest = bytes(read_bytes(reader))
    if len(old) != 32 or len(digest) != 32:
        raise WireError(ids.R_MANIFEST)
    return old, size, digest, read_uri(reader, digest)


def read_uri(reader: Reader, digest: bytes) -> str:
    """R_DIGEST when it is content-addressed and names other content; R_MANIFEST for any other scheme than HTTP."""
    uri = reader.tstr()
    if not 0 < len(uri) <= _MAX_URI:
        raise WireError(ids.R_MANIFEST)
    for letter in uri:
        if not "!" <= letter <= "~":  # it becomes a part of a request
            raise WireError(ids.R_MANIFEST)
    if uri.startswith("sha256/"):
        if uri[7:] != digest.hex():
            raise WireError(ids.R_DIGEST)
    elif not uri.startswith("https://") and not uri.startswith("http://"):
        raise WireError(ids.R_MANIFEST)
    return uri


def counted(count: int) -> int:
    """R_MANIFEST for none."""
    if not count:
        raise WireError(ids.R_MANIFEST)
    return count


def read_size(reader: Reader) -> int:
    """1 … MAX_SIZE bytes, else R_SIZE."""
    value = reader.integer()
    if not 0 < value <= MAX_SIZE:
        raise WireError(ids.R_SIZE)
    return value


def read_bytes(reader: Reader) -> "Buffer":
    """A byte string where it lies."""
    start = reader.bstr()
    return memoryview(reader.buf)[start : reader.pos]
