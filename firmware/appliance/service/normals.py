"""What drift monitors learned as normal and lifetime monitors counted, kept across restarts. Takes the monitors and the
journal; writes in idle time once learning has ended or a count has grown, gives it back at start unless the monitor is
another now. A cut leaves what was kept before or what is new, never a part of either, whether it keeps or forgets.
"""

from array import array

from ..store.binary import crc32, pack, unpack_from
from ..store.journal import JournalFull
from ..store.records import LEARNED

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
        JournalFull, none."""
        journal = self._journal
        while not journal.begin():
            if not journal.service():
                raise JournalFull
        anew = 0
        try:
            for i in range(len(self._learners)):
                if self._learners[i].relearn():
                    anew += 1
                    self._kept[i] = 0
                    for part in range(_PARTS):
                        if journal.length(LEARNED, self._key(i, part)) >= 0:
                            journal.delete(LEARNED, self._key(i, part))
            journal.commit()
        except:  # whatever it was: half a group never lives
            journal.abort()
            raise
        return anew

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
