"""Which slot holds what runs, and which is to be filled. Takes the ports, gives the image that stands there, or may be
written. Loaded for the moment.
"""

from .joint import inactive, installed, vacate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Ports
    from .filling import Image


def image(ports: "Ports", base: bool, new: bool) -> "Image":
    """Of the base or the bundle: what runs, or the slot that is to be filled, to which nothing leads from now on."""
    files, slots = ports.files, ports.slots
    bundle_slot, base_slot = inactive(files, slots) if new else installed(files, slots)[:2]
    if base:
        if new:
            vacate(files, slots, base=base_slot)
        from .base import Base

        return Base(slots, base_slot)
    if new:
        vacate(files, slots, bundle=bundle_slot)
    from .bundle import Bundle

    return Bundle(ports.folders, bundle_slot)
