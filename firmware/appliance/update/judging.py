"""From an envelope in flash to a release that this appliance takes, or why it does not. Takes files, journal and what
this appliance is; gives a verdict. Loaded for that alone, with everything that signatures need: the peak of an update's
heap. Never does what an envelope says.
"""

from trivet_wire import ids
from trivet_wire.cbor_read import decode
from trivet_wire.refuse import WireError

from . import kept, roots, suit
from .manifest import read
from .release import Own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Files
    from ..store.journal import Journal
    from .release import Release

VENDOR_FILE = "vendor.cbor"
RARE = (
    "appliance.trust.lms appliance.trust.p256 appliance.update.manifest appliance.update.roots appliance.update.suit "
    "appliance.update.judging"
)


def believed(files: "Files", journal: "Journal", sequence: int, version: str, wall_s: int) -> "Release":
    """What stands in the file, once the present keys believe it and this appliance takes it: newer than `sequence`, for
    a base of this `version`. The release stays a view of the manifest, of which it holds a copy. WireError."""
    envelope = files.read(kept.ENVELOPE) or b""
    manifest = bytes(suit.verified(envelope, roots.load(files, kept.keys(journal))))
    del envelope
    vendor, class_ = _maker(files)
    base = tuple([int(part) for part in version.split(".")])
    return read(memoryview(manifest), Own(vendor, class_, sequence, base, wall_s))


def next_keys(files: "Files") -> "tuple[int, bytes]":
    """Number and content of the set that the key manifest in the file puts in the present one's place. WireError."""
    made = roots.next(roots.load(files), files.read(kept.KEY_FILE) or b"")
    return made.number, bytes(made.raw)


def number(files: "Files") -> int:
    """Of the present set; 0 where there is none."""
    try:
        return roots.load(files).number
    except WireError:
        return 0


def _maker(files: "Files") -> "tuple[bytes, bytes]":
    """Vendor and class as provisioned; R_VENDOR where nobody said who made this."""
    try:
        vendor, class_ = decode(files.read(VENDOR_FILE) or b"")
        return vendor, class_
    except (WireError, ValueError, TypeError):
        raise WireError(ids.R_VENDOR) from None
