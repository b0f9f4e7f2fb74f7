"""Updates: from an offer to a version that is confirmed or taken back; README.md is this room's guide."""

FOLDERS = ("", "a", "b")  # of bundles, by number; the firmware's own has none
INDEX = "/index"  # in a folder: written last, so what has one is complete
IMAGE = "/image"  # in a folder: SHA-256 of the whole image, so that a delta is found without reading it
