"""The boot counter: how often the appliance started. Takes the journal, gives a number that never goes back.

The new number is in the journal, read back, before anyone sees it; a cut while it is written leaves the old one, and
the number that was being written was never used.
"""

from .binary import pack, unpack_from
from .records import BOOT, BOOT_FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .journal import Journal


def last_boot(journal: "Journal") -> int:
    """The number of the last start that got one; 0 before the first."""
    buf = bytearray(4)
    if journal.get(BOOT, 0, buf) < 4:
        return 0
    return int(unpack_from(BOOT_FORMAT, buf)[0])


def count_boot(journal: "Journal") -> int:
    """Count this start and give its number (1 at the first). Raises what the journal raises: then there is no
    number."""
    boot = last_boot(journal) + 1
    journal.put(BOOT, 0, pack(BOOT_FORMAT, boot))
    return boot
