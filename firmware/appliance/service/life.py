"""How often in a row this appliance did not survive its start, and whether it may try again with everything.

Takes the journal and why the appliance started, keeps one record: `STARTING` is written before anything that may fail,
`YOUNG` after the first whole turn, `SOUND` after a while without a crash. A life that ended earlier than it should
counts; `LIMIT` of them make the next start a reduced one. Reads no clock.
"""

from trivet_wire.ids import RESET_BROWN_OUT, RESET_CRASH, RESET_WATCHDOG

from ..store.records import LIFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store.journal import Journal

LIMIT = 3  # crashed starts in a row, after which a start is reduced
SOUND_MS = 60_000  # without a crash, from when a life is no crashed start any more

_SOUND = 0
_YOUNG = 1
_STARTING = 2
_SIZE = 3  # crashed starts, stage, torn records
_UNKNOWN = 3  # torn records that a first start forgives; more of them, and this record itself has rotted away


class Life:
    """One per start. `crashes`: crashed starts in a row before this one; `reduced`: this one is to be careful;
    `rotten`: records that are damaged and that no power cut explains."""

    def __init__(self, journal: "Journal", cause: int) -> None:
        buf = bytearray(_SIZE)
        torn = _UNKNOWN
        crashes = 0
        if journal.get(LIFE, 0, buf) == _SIZE:
            crashes = buf[0]
            torn = buf[2]
            bad = cause == RESET_WATCHDOG or cause == RESET_BROWN_OUT or cause == RESET_CRASH
            if buf[1] == _STARTING or (buf[1] == _YOUNG and bad):  # a person who pulls the plug is no crash
                crashes = min(crashes + 1, LIMIT)
        self.crashes = crashes
        self.reduced = crashes >= LIMIT
        self.rotten = max(0, journal.corrupt - torn - 1)  # a cut tears one record
        self._since = 0
        self._journal = journal
        self._save(_STARTING)

    def poll(self, now: int, crashed: bool) -> None:
        """After each whole turn of all tasks; `crashed`: an exception escaped one."""
        if crashed:
            self._since = now
        if self._stage == _STARTING:
            self._save(_YOUNG)
        elif self._stage == _YOUNG and now - self._since >= SOUND_MS:
            self.crashes = min(self.crashes, LIMIT - 1) if self.reduced else 0  # reduced: the next start is a trial
            self._save(_SOUND)

    def anew(self) -> None:
        """Another version runs than the one that crashed: this start is its first."""
        self.crashes = 0
        self.reduced = False
        self._save(_STARTING)

    def forgive(self) -> None:
        """By command: the next start tries everything, and so do those after it."""
        self.crashes = 0
        self._save(_SOUND)

    def _save(self, stage: int) -> None:
        self._journal.put(LIFE, 0, bytes((self.crashes, stage, min(254, self._journal.corrupt))))
        self._stage = stage
