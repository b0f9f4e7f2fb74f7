"""From an envelope in flash to a release that this appliance takes, or why it does not. Takes the ports and what this
appliance is; gives a verdict. What judges signatures and what reads the manifest are never in the heap
together: the first is the peak of an update's heap. Never does what an envelope says.
"""

from trivet_wire import ids
from trivet_wire.cbor_read import decode
from trivet_wire.envelope import sha256
from trivet_wire.refuse import WireError

from .. import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..app import Appliance
    from ..ports import Files, Ports
    from .kept import Row
    from .release import Release

VENDOR_FILE = "vendor.cbor"
ENVELOPE = "update/envelope"
KEYS = "update/keys"
_DIGEST = 5  # kept.DIGEST
_READING = "appliance.update.manifest appliance.update.suit"
_SIGNATURES = "appliance.trust.lms appliance.trust.p256 appliance.update.roots appliance.update.suit"


class Judging:
    """Takes the machine's place for one turn, and gives it back with what came of it."""

    def __init__(self, appliance: "Appliance", ports: "Ports", keys: int, sequence: int) -> None:
        """`keys`: number of the newest keys that were here; `sequence`: of what is installed."""
        self._appliance = appliance
        self._ports = ports
        self._keys = keys
        self._sequence = sequence
        self._known = b""
        self._release: Release | None = None

    def to_fetch(self, what: int, row: "Row", room: bytearray) -> None:
        """Its envelope was believed before, and whoever fetches takes the place next, with the window `room`: when the
        machine and what reads manifests are gone from the heap."""
        self._what = what
        self._row = row
        self._room = room
        self._known = row[_DIGEST]

    def poll(self, now: int) -> int:
        """As `Machine.poll`."""
        if self._release is not None:
            from .fetching import Fetching

            self._appliance.machine = Fetching(
                self._appliance, self._ports, self._what, self._row, self._release, self._room
            )
            self._ports.unload("appliance.update.judging")
            return 0
        release: Release | None = None
        reason = 0
        try:
            release = believed(self._ports, self._keys, self._sequence, self._known)
        except WireError as error:
            reason = error.reason
        if self._known and release is not None:
            self._release = release
            return 0
        from .machine import Machine

        machine = self._appliance.machine = Machine(self._appliance, self._ports)
        return machine.judged(release, reason)

    def close(self) -> None:
        """Nothing is held."""


def believed(ports: "Ports", keys: int, sequence: int, known: bytes = b"") -> "Release":
    """What stands in the file, once the present keys (their number at least `keys`) believe it and this appliance takes
    it: not older than `sequence`, for this base. It is a view of a copy of the manifest. An envelope whose SHA-256 is
    `known` was believed before: its signatures are not judged again. WireError."""
    files = ports.files
    try:
        manifest = _manifest(files, keys, known)
    finally:
        _unload(ports)
    from .manifest import read
    from .release import Own

    try:
        vendor, class_ = _maker(files)
        base = tuple([int(part) for part in VERSION.split(".")])
        return read(memoryview(manifest), Own(vendor, class_, sequence, base, ports.clock.wall_s()))
    finally:
        for module in _READING.split():
            ports.unload(module)


def next_keys(ports: "Ports") -> "tuple[int, bytes]":
    """Number and content of the set that the key manifest in the file puts in the present one's place. WireError."""
    from .roots import load, next

    try:
        made = next(load(ports.files), ports.files.read(KEYS) or b"")
        return made.number, bytes(made.raw)
    finally:
        del load, next
        _unload(ports)


def number(ports: "Ports") -> int:
    """Of the present set; 0 where there is none."""
    from .roots import load

    try:
        return load(ports.files).number
    except WireError:
        return 0
    finally:
        del load
        _unload(ports)


def _manifest(files: "Files", keys: int, known: bytes) -> bytes:
    from .suit import Envelope, verified

    envelope = files.read(ENVELOPE) or b""
    if known and sha256(envelope).digest() == known:
        return bytes(Envelope(envelope).manifest)
    from .roots import load

    return bytes(verified(envelope, load(files, keys)))


def _unload(ports: "Ports") -> None:
    for module in _SIGNATURES.split():
        ports.unload(module)


def _maker(files: "Files") -> "tuple[bytes, bytes]":
    """Vendor and class as provisioned; R_VENDOR where nobody said who made this."""
    try:
        vendor, class_ = decode(files.read(VENDOR_FILE) or b"")
        return vendor, class_
    except (WireError, ValueError, TypeError):
        raise WireError(ids.R_VENDOR) from None
