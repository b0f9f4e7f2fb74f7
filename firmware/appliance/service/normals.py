"""What drift monitors learned as normal and lifetime monitors counted, kept across restarts. Takes the monitors and the
journal; writes in idle time once learning has ended or a count has grown, gives it back at start unless the monitor is
another now. A cut leaves what was kept before or what is new, never a part of either, whether it keeps or forgets.
"""

from array import array

from ..store.binary import crc32, pack, unpack_from
from ..store.journal import JournalFull
from ..store.records import LEARNED, REPLACED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from ..store.journal import Journal

    class Learner(Protocol):
        event: int
        dirty: bool
        basis: array[int]

        def learned(self) -> array[int]: ...

        def adopt(self, learned: array[int]) -> None: ...

        def relearn(self) -> bool: ...

    class Board(Protocol):
        n_signals: int
        input_of: array[int]
        scales: array[int]
        table_at: array[int]
        points_raw: array[int]
        points_value: array[int]


_PARTS = 2  # records a monitor: 16 signals need more than one holds
_INTS = 250  # a part
_HEAD = 8  # bytes: print, number of integers in all


_FIRST_SIGNAL = 3  # of a drift monitor's parameters


class Normals:
    """`learners`: the board's drift and lifetime monitors. What each keeps goes by its event, which no later board
    renumbers."""

    def __init__(self, board: "Board", learners: "Sequence[Learner]", journal: "Journal") -> None:
        self._learners = learners
        self._prints = array("I", [_print(board, learner.basis) for learner in learners])
        self._journal = journal
        self._kept = bytearray(len(learners))
        for i in range(len(learners)):
            self._kept[i] = 1 if self._adopt(i) else 0

    def poll(self) -> None:
        """Keep what has been learned since; comes again when the journal has no room."""
        for i in range(len(self._learners)):
            learner = self._learners[i]
            if not self._kept[i] or learner.dirty:
                learned = learner.learned()
                if len(learned) and self._save(i, learned):
                    self._kept[i] = 1
                    learner.dirty = False

    def relearn(self) -> int:
        """Forget what was learned, not what was counted; gives how many monitors learn anew. All of them or, with
        JournalFull, none. What is forgotten is kept for `undo`; where nothing was learned since, what was kept
        before."""
        journal = self._journal
        self._begin()
        anew = 0
        try:
            for i in range(len(self._learners)):
                if self._learners[i].relearn():
                    anew += 1
                    self._kept[i] = 0
                    for part in range(_PARTS):
                        if self._copy(LEARNED, REPLACED, self._key(i, part)):
                            journal.delete(LEARNED, self._key(i, part))
            journal.commit()
        except:  # whatever it was: half a group never lives
            journal.abort()
            for i in range(len(self._learners)):
                if not self._kept[i]:
                    self._kept[i] = 1 if self._adopt(i) else 0
            raise
        return anew

    def undo(self) -> int:
        """What the last `relearn` forgot holds again; gives for how many monitors. The same again changes nothing.
        JournalFull: nothing was changed."""
        journal = self._journal
        self._begin()
        back = 0
        try:
            for i in range(len(self._learners)):
                for part in range(_PARTS):
                    if self._copy(REPLACED, LEARNED, self._key(i, part)):
                        self._kept[i] = 2
            journal.commit()
        except:
            journal.abort()
            raise
        for i in range(len(self._learners)):
            if self._kept[i] == 2:
                self._kept[i] = 1 if self._adopt(i) else 0
                back += self._kept[i]
        return back

    def _begin(self) -> None:
        while not self._journal.begin():
            if not self._journal.service():
                raise JournalFull

    def _copy(self, kind: int, to: int, key: int) -> bool:
        """One record under another type; False where there is none."""
        length = self._journal.length(kind, key)
        if length < 0:
            return False
        buf = bytearray(length)
        self._journal.get(kind, key, buf)
        self._journal.put(to, key, buf)
        return True

    def _key(self, i: int, part: int) -> int:
        return self._learners[i].event * _PARTS + part

    def _save(self, i: int, learned: "array[int]") -> bool:
        if not self._journal.begin():
            return False
        head = pack("<II", self._prints[i], len(learned))
        try:
            for part in range(_PARTS):
                some = learned[part * _INTS : (part + 1) * _INTS]
                if len(some):
                    self._journal.put(LEARNED, self._key(i, part), head + bytes(some))
            self._journal.commit()
        except:  # whatever it was: half a group never lives
            self._journal.abort()
            raise
        return True

    def _adopt(self, i: int) -> bool:
        learned = array("i")
        for part in range(_PARTS):
            length = self._journal.length(LEARNED, self._key(i, part))
            if length < _HEAD:
                break
            buf = bytearray(length)
            if self._journal.get(LEARNED, self._key(i, part), buf) != length:
                return False
            own, count = unpack_from("<II", buf, 0)
            if own != self._prints[i]:
                return False
            learned.extend(array("i", bytes(buf[_HEAD:])))
            if len(learned) >= count:
                break
        try:
            self._learners[i].adopt(learned)
        except ValueError:
            return False
        return True


def _print(board: "Board", basis: "array[int]") -> int:
    """A uint32 that changes with a drift monitor's parameters and with the conversion of its signals."""
    found = crc32(bytes(basis))
    for i in range(_FIRST_SIGNAL, len(basis)):
        signal = basis[i]
        if signal < board.n_signals:
            found = crc32(pack("<ii", board.input_of[signal], board.scales[signal]), found)
            for point in range(board.table_at[signal], board.table_at[signal + 1]):
                found = crc32(pack("<ii", board.points_raw[point], board.points_value[point]), found)
    return found
