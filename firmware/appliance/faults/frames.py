"""Freeze frames between the tick that takes them and the idle task that saves them.

Takes the history and a mask of signals, gives encoded frame records (`store/records.py`, FRAME). Samples are encoded
as in an EVIDENCE message: zigzag LEB128, the first value, then differences. Capturing allocates nothing; encoding
runs in idle time.
"""

from array import array

from trivet_wire import samples
from trivet_wire.ids import VALID

from ..store.binary import pack_into
from ..store.records import FRAME_FORMAT, FRAME_HEAD, FRAME_TAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .history import History

SIGNALS = 8  # of one frame; the lowest of the mask when it names more
NONE = 255


class Frames:
    """Room for `pool` frames not yet saved; one more is counted in `missed`."""

    def __init__(self, history: "History", pool: int = 4) -> None:
        self._history = history
        self._pool = pool
        self._depth = history.depth
        self.event = bytearray(bytes([NONE]) * pool)
        self.trigger = bytearray(pool)
        self.good = bytearray(pool)
        self._uptime = array("I", [0] * pool)
        self._cycle = array("I", [0] * pool)
        self._count = bytearray(pool)
        self._signal = bytearray(pool * SIGNALS)
        self._validity = bytearray(pool * SIGNALS)
        self._samples = bytearray(pool * SIGNALS)
        self._values = array("i", [0] * (pool * SIGNALS * self._depth))
        self.missed = 0
        self.consent = 0  # mask of the purposes that are allowed now: a frame tells for ever what it was captured under
        self._consent = bytearray(pool)
        self.decision = 0  # number of the owner's newest decision
        self._decision = array("I", [0] * pool)

    def capture(self, event: int, trigger: int, mask: int, uptime_s: int, cycle: int) -> None:
        """Freeze the signals of `mask` for `event`, in the tick of its trigger. Allocates nothing."""
        slot = self._free(event)
        if slot < 0:
            self.missed += 1
            return
        good = self._any_valid(mask)
        if self.event[slot] == event and self.good[slot] and not good:
            return
        count = 0
        for signal in range(len(self._history.values)):
            if signal >= 30 or count == SIGNALS:
                break
            if mask >> signal & 1:
                at = slot * SIGNALS + count
                self._signal[at] = signal
                self._validity[at] = self._history.validity[signal]
                self._samples[at] = self._history.copy(signal, self._values, at * self._depth)
                count += 1
        self.event[slot] = event
        self.trigger[slot] = trigger
        self._consent[slot] = self.consent
        self._decision[slot] = self.decision
        self.good[slot] = good
        self._count[slot] = count
        self._uptime[slot] = uptime_s
        self._cycle[slot] = cycle

    def _any_valid(self, mask: int) -> int:
        for signal in range(min(30, len(self._history.values))):
            if mask >> signal & 1 and self._history.validity[signal] == VALID:
                return 1
        return 0

    def _free(self, event: int) -> int:
        best = -1
        for slot in range(self._pool):
            if self.event[slot] == event:
                return slot
            if self.event[slot] == NONE:
                best = slot
        return best

    def pending(self) -> int:
        """A slot that waits to be saved, or -1."""
        for slot in range(self._pool):
            if self.event[slot] != NONE:
                return slot
        return -1

    def bytes_pending(self) -> int:
        """What saving all of them takes at most."""
        need = 0
        for slot in range(self._pool):
            if self.event[slot] != NONE:
                need += 2 * FRAME_HEAD + FRAME_TAIL + self._count[slot] * (3 + 5 * self._depth)
        return need

    def release_all(self) -> None:
        """They are saved."""
        for slot in range(self._pool):
            self.event[slot] = NONE

    def forget(self, event: int) -> None:
        """The entry of `event` is gone before its frame was saved."""
        for slot in range(self._pool):
            if self.event[slot] == event:
                self.event[slot] = NONE

    def encode(self, slot: int, boot: int, buf: bytearray) -> int:
        """Write the FRAME record of `slot` into `buf`; gives its length. Signals that do not fit are left out."""
        count = 0
        pos = FRAME_HEAD
        for i in range(self._count[slot]):
            at = slot * SIGNALS + i
            if pos + 3 + 5 * self._samples[at] + FRAME_TAIL > len(buf):
                break
            end = self._encode_samples(at, buf, pos + 3)
            buf[pos] = self._signal[at]
            buf[pos + 1] = self._validity[at]
            buf[pos + 2] = end - pos - 3
            pos = end
            count += 1
        pack_into(
            FRAME_FORMAT,
            buf,
            0,
            self.trigger[slot],
            self.good[slot],
            count,
            self._consent[slot],
            boot,
            self._uptime[slot],
            self._cycle[slot],
            self._history.period_ms,
        )
        pack_into("<I", buf, pos, self._decision[slot])
        return pos + FRAME_TAIL

    def _encode_samples(self, at: int, buf: bytearray, pos: int) -> int:
        before = 0
        for i in range(self._samples[at]):
            value = self._values[at * self._depth + i]
            pos = samples.put(buf, pos, len(buf), value - before)
            before = value
        return pos
