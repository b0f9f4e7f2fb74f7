"""SUIT manifests (draft-ietf-suit-manifest-34, section 8.4) in the one profile that an appliance takes.

Takes a manifest that was verified and what this appliance is, gives a `Release`; a refusal is a WireError with a reason
of its own. Never takes a key, command or parameter that is not listed below: it might change what the others mean.
Never copies what is large: chunks and deltas stay views of the envelope.

    1: 1, 2: sequence, 3: common, 7: validate, 20: install, ?23: digest of the text, -1: digest of the SBOM, -2: version
    common    2: components, 4: for each {vendor, class, digest, ?use before, size, ?priority, ?version of the base,
              ?-2: deadline} and a condition for each but size and deadline
    validate  for each: its image matches
    install   for each {uri, ?-1: chunks, ?-3: deltas}, fetch, its image matches
"""

from trivet_wire import ids
from trivet_wire.cbor_read import Reader
from trivet_wire.envelope import MAX_U32
from trivet_wire.refuse import WireError

from .release import Component, Own, Release, counted, read_bytes, read_size, read_uri
from .suit import DIGEST_HEAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

NAMES = ("base", "bundle")
MAX_CHUNKS = 64
SECTOR = 4096  # bytes: a chunk is a multiple
CHUNK_DIGEST = 16  # bytes of SHA-256 that are kept of each
_MAX_VERSION = 32

# Keys of the manifest and of common.
_VERSION = 1
_SEQUENCE = 2
_COMMON = 3
_VALIDATE = 7
_INSTALL = 20
_TEXT = 23
_SBOM = -1
_NAME = -2
_COMPONENTS = 2
_SHARED = 4
# Commands: conditions, which name the parameter that they look at, and directives.
_IMAGE_MATCH = 3
_SET_INDEX = 12
_OVERRIDE = 20
_FETCH = 21
_REPORT_ALL = 15  # reporting policy of a condition
_FETCH_POLICY = 2
# Parameters.
_VENDOR = 1
_CLASS = 2
_DIGEST = 3
_USE_BEFORE = 4
_SIZE = 14
_URI = 21
_PRIORITY = 27
_BASE = 28
_CHUNKS = -1
_DEADLINE = -2
_DELTAS = -3
_SECURITY = 0
_FEATURE = 1
_GREATER = 1
_AT_LEAST = 2
_EQUAL = 3
_AT_MOST = 4
_LESS = 5


class _Steps:
    """A command sequence in a byte string that stands at `outer`: flat pairs of command and argument."""

    def __init__(self, outer: Reader) -> None:
        start = outer.bstr()
        self.reader = Reader(outer.buf, start, outer.pos)
        self._left = self.reader.array()

    def command(self, command: int) -> Reader:
        """The reader, at the argument of the next command, which is this one."""
        self._left -= 2
        if self._left < 0:
            raise WireError(ids.R_MANIFEST)
        return _exactly(self.reader, command)

    def simple(self, command: int, argument: int) -> None:
        _exactly(self.command(command), argument)

    def done(self) -> None:
        if self._left:
            raise WireError(ids.R_MANIFEST)
        self.reader.done()


def read(manifest: memoryview, own: Own) -> Release:
    """The release that `manifest`, which was verified, brings to this appliance.

    WireError: R_VENDOR, R_CLASS, R_SEQUENCE when older than what is installed (the same again is allowed), R_EXPIRED,
    R_CLOCK when it expires and there is no trusted clock, R_BASE, R_COMPONENT, R_SIZE, R_DIGEST when a
    content-addressed uri names another digest, R_MANIFEST for everything else that is not the profile.
    """
    release = Release()
    try:
        demands = _read(Reader(manifest), release)
    except WireError as error:
        # what is not canonical, or of another type, is as little of the profile as what is unknown
        raise WireError(error.reason if error.reason > ids.R_FIELD else ids.R_MANIFEST) from None
    for vendor, class_ in demands.ids:
        if vendor != own.vendor:
            raise WireError(ids.R_VENDOR)
        if class_ != own.class_:
            raise WireError(ids.R_CLASS)
    if release.sequence < own.sequence:
        raise WireError(ids.R_SEQUENCE)
    if release.expires:
        if not own.wall_s:
            raise WireError(ids.R_CLOCK)
        if own.wall_s >= release.expires:
            raise WireError(ids.R_EXPIRED)
    if demands.base and not _fits(own.base, demands.comparison, demands.base):
        raise WireError(ids.R_BASE)
    return release


class _Demands:
    """What the shared sequence asks of an appliance: vendor and class as each component names them, and the base."""

    def __init__(self) -> None:
        self.ids: "list[tuple[Buffer, Buffer]]" = []
        self.comparison = 0
        self.base: tuple[int, ...] = ()


def _read(reader: Reader, release: Release) -> _Demands:
    keys = reader.map()
    _exactly(_exactly(reader, _VERSION), 1)
    release.sequence = _exactly(reader, _SEQUENCE).unsigned(MAX_U32)
    start = _exactly(reader, _COMMON).bstr()
    demands = _common(Reader(reader.buf, start, reader.pos), release)
    validate = _Steps(_exactly(reader, _VALIDATE))
    install = _Steps(_exactly(reader, _INSTALL))
    for index in range(len(release.components)):
        validate.simple(_SET_INDEX, index)
        validate.simple(_IMAGE_MATCH, _REPORT_ALL)
        _source(install, index, release.components[index])
    validate.done()
    install.done()
    if keys == 8:  # of a text that may be severed: whoever has it compares it (`suit.verified`)
        _suit_digest(_exactly(reader, _TEXT))
    elif keys != 7:
        raise WireError(ids.R_MANIFEST)
    _suit_digest(_exactly(reader, _SBOM))
    start = _exactly(reader, _NAME).pos
    release.version = reader.tstr()
    if not 2 <= reader.pos - start <= 2 + _MAX_VERSION:
        raise WireError(ids.R_MANIFEST)
    reader.done()
    return demands


def _common(reader: Reader, release: Release) -> _Demands:
    if reader.map() != 2:
        raise WireError(ids.R_MANIFEST)
    at = 0
    for _ in range(counted(_exactly(reader, _COMPONENTS).array())):
        if reader.array() != 1:
            raise WireError(ids.R_COMPONENT)
        start = reader.bstr()
        found = bytes(memoryview(reader.buf)[start : reader.pos])
        while at < len(NAMES) and found != NAMES[at].encode():
            at += 1
        if at == len(NAMES):
            raise WireError(ids.R_COMPONENT)
        release.components.append(Component(NAMES[at]))
        at += 1
    steps = _Steps(_exactly(reader, _SHARED))
    demands = _Demands()
    for index in range(len(release.components)):
        _shared(steps, index, release, demands)
    steps.done()
    reader.done()
    return demands


def _shared(steps: _Steps, index: int, release: Release, demands: _Demands) -> None:
    """What stands for one component; what is asked of the appliance as a whole stands in the first one's."""
    steps.simple(_SET_INDEX, index)
    reader = steps.command(_OVERRIDE)
    left = reader.map() - 4
    component = release.components[index]
    demands.ids.append((read_bytes(_exactly(reader, _VENDOR)), read_bytes(_exactly(reader, _CLASS))))
    start = _exactly(reader, _DIGEST).bstr()
    component.digest = _suit_digest(Reader(reader.buf, start, reader.pos), True)
    conditions = [_VENDOR, _CLASS]
    key = reader.integer()
    if key == _USE_BEFORE and not index:
        release.expires = reader.unsigned(MAX_U32)
        conditions.append(key)
        left -= 1
        key = reader.integer()
    if key != _SIZE:
        raise WireError(ids.R_MANIFEST)
    component.size = read_size(reader)
    last = _SIZE
    while left > 0 and not index:
        key = reader.integer()
        if key == _PRIORITY and last == _SIZE:
            release.security = reader.unsigned(_FEATURE) == _SECURITY
        elif key == _BASE and last in (_SIZE, _PRIORITY):
            _base(reader, demands)
        elif key == _DEADLINE and last != _DEADLINE and release.security:
            release.deadline = reader.unsigned(MAX_U32)
        else:
            raise WireError(ids.R_MANIFEST)
        if key > 0:
            conditions.append(key)
        last = key
        left -= 1
    if left:
        raise WireError(ids.R_MANIFEST)
    for condition in conditions:
        steps.simple(condition, _REPORT_ALL)


def _base(outer: Reader, demands: _Demands) -> None:
    """SUIT_Parameter_Version_Match (draft-ietf-suit-update-management, section 4.4), in its byte string."""
    start = outer.bstr()
    reader = Reader(outer.buf, start, outer.pos)
    if reader.array() != 2:
        raise WireError(ids.R_MANIFEST)
    demands.comparison = reader.unsigned(_LESS)
    parts: list[int] = []
    for _ in range(counted(reader.array())):
        parts.append(reader.unsigned(MAX_U32))
    reader.done()
    demands.base = tuple(parts)
    if not demands.comparison:
        raise WireError(ids.R_MANIFEST)


def _source(steps: _Steps, index: int, component: Component) -> None:
    """Where one component comes from, and in which pieces."""
    steps.simple(_SET_INDEX, index)
    reader = steps.command(_OVERRIDE)
    left = reader.map() - 1
    component.uri = read_uri(_exactly(reader, _URI), component.digest)
    last = 0
    while left > 0:
        key = reader.integer()
        if key == _CHUNKS and not last:
            _chunks(reader, component)
        elif key == _DELTAS and last in (0, _CHUNKS):
            component.keep_deltas(reader)
        else:
            raise WireError(ids.R_MANIFEST)
        last = key
        left -= 1
    if left:
        raise WireError(ids.R_MANIFEST)
    steps.simple(_FETCH, _FETCH_POLICY)
    steps.simple(_IMAGE_MATCH, _REPORT_ALL)


def _chunks(reader: Reader, component: Component) -> None:
    if reader.array() != 2:
        raise WireError(ids.R_MANIFEST)
    chunk = component.chunk = read_size(reader)
    component.digests = read_bytes(reader)
    count = (component.size + chunk - 1) // chunk
    if chunk % SECTOR or count > MAX_CHUNKS or len(component.digests) != CHUNK_DIGEST * count:
        raise WireError(ids.R_SIZE)


def _fits(base: tuple[int, ...], comparison: int, needs: tuple[int, ...]) -> bool:
    """Compared as far as `needs` goes, so that = 1 takes 1.7 too (draft-ietf-suit-update-management, condition 28)."""
    own = (base + (0,) * len(needs))[: len(needs)]
    if own == needs:
        return comparison in (_AT_LEAST, _EQUAL, _AT_MOST)
    return comparison in ((_GREATER, _AT_LEAST) if own > needs else (_AT_MOST, _LESS))


def _exactly(reader: Reader, value: int) -> Reader:
    """The same reader, behind this integer."""
    if reader.integer() != value:
        raise WireError(ids.R_MANIFEST)
    return reader


def _suit_digest(reader: Reader, alone: bool = False) -> bytes:
    """The SHA-256 in a SUIT_Digest; `alone`: nothing follows."""
    end = reader.pos + 36
    found = bytes(memoryview(reader.buf)[reader.pos : end])
    if len(found) != 36 or found[:4] != DIGEST_HEAD or end > reader.end or (alone and end != reader.end):
        raise WireError(ids.R_MANIFEST)
    reader.pos = end
    return found[4:]
