"""A second witness beside the journal, in the chip's NVS: numbers that never go back, whichever of the two was put back
to an older state. Takes the mounted journal before anybody reads it; raises what is lower in it, keeps
what is higher.

NVS is not believed below the journal, nor the journal below NVS. Where NVS cannot be read or written the journal is
alone, as it is in simulation.
"""

from esp32 import NVS

from ..store.binary import pack, unpack_from
from ..store.records import BOOT, INSTALLED, KEYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store.journal import Journal

_SPACE = "trivet"
_ROWS = ((BOOT, "boot"), (INSTALLED, "installed"), (KEYS, "keys"))
_MOST = 0x7FFF_FFFF  # of a signed number of NVS


def compare(journal: "Journal") -> None:
    """Once a start, and before a restart. What the journal raises comes out."""
    try:
        nvs = NVS(_SPACE)
    except OSError:
        return
    changed = False
    for record, name in _ROWS:
        mine = _number(journal, record)
        ahead = 1 if record == BOOT else 0  # the number that this start is about to take
        try:
            theirs = nvs.get_i32(name)
        except OSError:  # never written
            theirs = 0
        if theirs > mine:
            journal.put(record, 0, pack("<I", theirs))
            mine = theirs
        if theirs < mine + ahead <= _MOST:
            changed = _keep(nvs, name, mine + ahead) or changed
    if changed:
        try:
            nvs.commit()
        except OSError:
            pass


def _keep(nvs: NVS, name: str, number: int) -> bool:
    try:
        nvs.set_i32(name, number)
    except OSError:
        return False
    return True


def _number(journal: "Journal", record: int) -> int:
    buf = bytearray(4)
    return int(unpack_from("<I", buf)[0]) if journal.get(record, 0, buf) == 4 else 0
