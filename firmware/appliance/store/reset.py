"""What a factory reset takes out of the journal: messages that wait, entries, frames, tombstones, status, what was
told, hours in which nothing installs.

Takes the mounted journal, before anything else reads it; every step may be done twice, so a cut in the middle is
finished at the next start. The boot counter, the command counter, how starts went, what the machine learned of itself
and the ledger stay. Consent is the gate's own, an answer to an update that room's. Deleted records are unreadable at
once; their bytes go with their sector.
"""

from .records import ENTRY, FRAME, HOURS, REPORTED, SPOOL, STATUS, TOMBSTONE, TOTALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .journal import Journal

_OF_THE_OWNER = bytes((SPOOL, FRAME, TOMBSTONE, ENTRY, STATUS, TOTALS, REPORTED, HOURS))


def forget(journal: "Journal") -> None:
    """Delete them all."""
    for kind in _OF_THE_OWNER:
        key = journal.next_key(kind)
        while key >= 0:
            while journal.service():  # room for what is to come
                pass
            journal.delete(kind, key)
            key = journal.next_key(kind)
