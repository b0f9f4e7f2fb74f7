"""Base and bundle change together or not at all: the steps of commit, confirmation and going back, in the order that
makes a power cut between any two of them harmless.

Takes files and base images, writes the slot record (chooser.py) and otadata. A step raises OSError where there is no
room, and may then be taken again. Decides nothing.
"""

from .chooser import (
    BACK,
    BASE,
    BUNDLE,
    CONFIRMED,
    FILE,
    PREVIOUS,
    SEQUENCE,
    TRIAL,
    TRIES,
    VERSION,
    confirmed,
    read,
    write,
)
from .otadata import PENDING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Files, Slots
    from .chooser import Record


def load(files: "Files", slots: "Slots") -> "Record":
    """The slot record; where there is none that can be read: the firmware's own bundle on the base that runs."""
    data = files.read(FILE)
    record = None if data is None else read(data)
    return record if record is not None else [1, False, [0, slots.running, 0, ""], None, None]


def installed(files: "Files", slots: "Slots") -> "tuple[int, int, int, str]":
    """(bundle, base, sequence, version) of what was confirmed last."""
    entry = load(files, slots)[CONFIRMED]
    return entry[BUNDLE], entry[BASE], entry[SEQUENCE], entry[VERSION]


def on_trial(files: "Files", slots: "Slots") -> bool:
    return load(files, slots)[TRIAL] is not None


def inactive(files: "Files", slots: "Slots") -> "tuple[int, int]":
    """Numbers of the bundle and of the base that may be written."""
    entry = load(files, slots)[CONFIRMED]
    return 2 if entry[BUNDLE] == 1 else 1, 1 - slots.running


def vacate(files: "Files", slots: "Slots", bundle: int = -1, base: int = -1) -> None:
    """Before a bundle's folder or a base image is written: nothing leads back to it from now on. ValueError for what
    runs or is on trial."""
    record = load(files, slots)
    if bundle == 0 or bundle == record[CONFIRMED][BUNDLE] or base in (slots.running, record[CONFIRMED][BASE]):
        raise ValueError("it is in use")
    if record[TRIAL] is not None:
        raise ValueError("a trial runs")
    previous = record[PREVIOUS]
    if previous is not None and (previous[BUNDLE] == bundle or previous[BASE] == base):
        record[PREVIOUS] = None
        write(files, record)


def stage(files: "Files", slots: "Slots", bundle: int, base: int, sequence: int, version: str, digest: bytes) -> None:
    """The next start tries these. `digest`: the first 8 bytes of the manifest's."""
    record = load(files, slots)
    record[BACK] = False
    record[TRIAL] = [bundle, base, sequence, version, TRIES, digest]
    write(files, record)
    if base != slots.running:
        slots.set_boot(base)


def confirm(files: "Files", slots: "Slots") -> None:
    """The trial is over, and good; nothing where there is none."""
    record = load(files, slots)
    if record[TRIAL] is not None:
        if record[TRIAL][BASE] != record[CONFIRMED][BASE]:
            slots.mark_valid()
        write(files, confirmed(record))


def go_back(files: "Files", slots: "Slots") -> None:
    """The trial is over, and bad: reset the appliance then. A base that is not confirmed goes by itself at a reset."""
    record = load(files, slots)
    if record[TRIAL] is not None:
        record[BACK] = True
        write(files, record)
        base = record[CONFIRMED][BASE]
        if base != slots.running and slots.state() != PENDING:
            slots.set_boot(base)
