"""What starts: which bundle of the maker's program and data goes with the base firmware that runs.

Takes the ports, reads the slot record (file `slots`), gives a `Choice`. Runs before anything of a bundle is imported,
and counts a try before it: what crashes the appliance has used one up. Never raises, and never lets a bundle run with a
base that it was not installed with. The first line that holds is what runs:

    going back, or trial's tries used up, or its base aborted   as if there were no trial
    running base = trial's, which the boot loader holds valid   trial's bundle, confirmed (the confirmation was cut)
    running base = trial's                                      trial's bundle, one try less
    running base = confirmed's                                  confirmed's bundle
    running base = previous'                                    previous' bundle
    else                                                        the firmware's own bundle

Where there is no trial any more and the base that runs was the trial's, confirmed's base is chosen for the next start.

    slots   canonical CBOR [1, going back, confirmed, trial | null, previous | null], then CRC-32 (u32 LE)
            confirmed, previous  [bundle, base, sequence, version]
            trial                [bundle, base, sequence, version, tries left, digest 8]
    bundle  0 the firmware's own, 1 in a/, 2 in b/
"""

from trivet_wire.cbor import decode, encode

from ..store.binary import crc32, pack
from . import FOLDERS, INDEX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Files, Ports

    Entry = list[Any]
    Record = list[Any]

FILE = "slots"
TRIES = 3  # starts of a trial
_VERSION = 1

# A record's fields, and an entry's.
BACK = 1
CONFIRMED = 2
TRIAL = 3
PREVIOUS = 4
BUNDLE = 0
BASE = 1
SEQUENCE = 2
VERSION = 3
LEFT = 4
DIGEST = 5

# Why a trial does not go on (`Choice.back`).
B_NOT = 0  # it does, or there is none
B_TOLD = 1  # it was to go back
B_USED_UP = 2  # its starts are
B_OTHER_BASE = 3  # it began, and the boot loader went back to the other base
B_NOT_BEGUN = 4  # its base was never started: the commit was cut, or the boot loader refuses the image
B_BROKEN = 5  # its bundle is not there, or no try can be counted

# otadata's
_PENDING = 1
_VALID = 2
_REFUSED = (3, 4)


class Choice:
    """What runs now, and what became of a trial. It outlives this module, and must not hold it: no methods."""

    bundle = 0
    base = 0
    sequence = 0  # 0 where the firmware's own bundle was never installed
    version = ""
    back = B_NOT
    trial = False  # it is on trial
    left = -1  # starts that the trial has left, -1: none runs
    digest = b""  # first bytes of the manifest's digest: of a trial, also of one that was given up just now
    restart = False  # the base that ought to run is the other one, and chosen: reset at once


def _choice(entry: "Entry", trial: "Entry | None" = None, back: int = B_NOT, left: int = -1) -> Choice:
    choice = Choice()
    choice.bundle = entry[BUNDLE]
    choice.base = entry[BASE]
    choice.sequence = entry[SEQUENCE]
    choice.version = entry[VERSION]
    if trial is not None:
        choice.digest = trial[DIGEST]
        choice.back = back
        choice.left = left
        choice.trial = left >= 0
    return choice


def choose(ports: "Ports") -> "Choice | None":
    """None where nothing was ever installed: the firmware's own bundle runs, and nothing more need be known."""
    try:
        data = ports.files.read(FILE)
        return None if data is None else _Chooser(ports).run(read(data))
    except Exception:  # whatever a file system, or the flash under it, comes up with: an appliance that runs
        return None


def read(data: bytes) -> "Record | None":
    """A record's fields; None when they are damaged or of a firmware that this one does not know."""
    try:
        if len(data) < 5 or pack("<I", crc32(data[:-4])) != data[-4:]:
            return None
        record: Record = decode(data[:-4], 512)
        good = record[0] == _VERSION and len(record) > PREVIOUS and _entry(record[CONFIRMED], 4)
        good = good and (record[TRIAL] is None or _entry(record[TRIAL], 6))
        return record if good and (record[PREVIOUS] is None or _entry(record[PREVIOUS], 4)) else None
    except (ValueError, TypeError, IndexError):
        return None


def write(files: "Files", record: "Record") -> None:
    """Whole or not at all; OSError where there is no room."""
    data = encode(record)
    files.write(FILE, data + pack("<I", crc32(data)))


def confirmed(record: "Record") -> "Record":
    """What stands in the record's place once its trial is confirmed."""
    return [_VERSION, False, record[TRIAL][:LEFT], None, record[CONFIRMED]]


def _entry(entry: "Any", fields: int) -> bool:
    return len(entry) >= fields and entry[BUNDLE] in (0, 1, 2) and entry[BASE] in (0, 1) and entry[SEQUENCE] >= 0


class _Chooser:
    """One start. The rules of the module's table, from the first that holds."""

    def __init__(self, ports: "Ports") -> None:
        self._ports = ports
        self._files = ports.files
        self._running = ports.running
        self._state = _VALID

    def run(self, record: "Record | None") -> Choice:
        if record is None:
            return _choice([0, self._running, 0, ""])
        trial = record[TRIAL]
        if trial is not None or record[CONFIRMED][BASE] != self._running:  # else nobody need be asked
            self._slots = self._ports.slots
            self._state = self._slots.state()
        if trial is None:
            return self._without(record)
        back = self._verdict(record, trial)
        if back == B_NOT:
            return self._tried(record, trial)
        choice = self._without(record, back)
        if not choice.restart:  # else the start of the other base ends the trial: a cut in between changes nothing
            self._keep([_VERSION, False, record[CONFIRMED], None, record[PREVIOUS]])
        return choice

    def _verdict(self, record: "Record", trial: "Entry") -> int:
        """Why the trial does not go on; B_NOT: it does."""
        if record[BACK]:
            return B_TOLD
        other = trial[BASE] != record[CONFIRMED][BASE]
        if trial[BASE] != self._running or (other and self._state in _REFUSED):
            return B_NOT_BEGUN if trial[LEFT] >= TRIES else B_OTHER_BASE if trial[LEFT] else B_USED_UP
        if not self._complete(trial):
            return B_BROKEN
        if other and self._state == _VALID:
            return B_NOT  # its confirmation was cut: the base is good for ever already
        return B_NOT if trial[LEFT] else B_USED_UP

    def _tried(self, record: "Record", trial: "Entry") -> Choice:
        if trial[BASE] != record[CONFIRMED][BASE] and self._state == _VALID:
            self._keep(confirmed(record))
            return _choice(trial, trial)
        trial[LEFT] -= 1
        if self._keep(record):
            return _choice(trial, trial, B_NOT, trial[LEFT])
        return self._without(record, B_BROKEN)  # what cannot be counted is not tried

    def _without(self, record: "Record", back: int = B_NOT) -> Choice:
        """What runs, were there no trial: confirmed or previous where its base runs, else the firmware's own bundle."""
        base = record[CONFIRMED][BASE]
        restart = False
        try:
            if base == self._running and self._state == _PENDING:
                self._slots.mark_valid()  # the boot loader came back to what was good before
            elif base != self._running and self._given_up(record):
                self._slots.set_boot(base)
                restart = True
        except OSError:  # no image there that could start
            pass
        entry = [0, self._running, 0, ""]
        for one in (record[CONFIRMED], record[PREVIOUS]):
            if one is not None and one[BASE] == self._running and self._complete(one):
                entry = one
                break
        choice = _choice(entry, record[TRIAL], back)
        choice.restart = restart
        return choice

    def _given_up(self, record: "Record") -> bool:
        """The base that runs is no good: the trial's, or one that the boot loader itself does not want."""
        trial = record[TRIAL]
        return self._state in _REFUSED or (trial is not None and trial[BASE] == self._running)

    def _complete(self, entry: "Entry") -> bool:
        bundle: int = entry[BUNDLE]
        return bundle == 0 or self._files.read(FOLDERS[bundle] + INDEX) is not None

    def _keep(self, record: "Record") -> bool:
        try:
            write(self._files, record)
        except OSError:
            return False
        return True
