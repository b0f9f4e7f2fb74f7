"""The last samples of the signals that freeze frames name: what happened before a trigger.

Takes the appliance's values and validity arrays (by reference) and a period, gives ordered copies. Sample at the end
of a tick, after the monitors: a frame then ends with the trigger's own values. Never allocates after start.
"""

from array import array

NO_COLUMN = 255


class History:
    """`mask` names the signals kept (bit per signal, 0..29); a frame has up to `depth` samples, the trigger's
    included."""

    def __init__(
        self, mask: int, values: "array[int]", validity: bytearray, period_ms: int = 1000, depth: int = 16
    ) -> None:
        if not 2 <= depth <= 64 or not 0 < period_ms < 1 << 29:
            raise ValueError("depth 2 to 64, period above 0 ms")
        self.values = values
        self.validity = validity
        self.period_ms = period_ms
        self.depth = depth
        self._column = bytearray(bytes([NO_COLUMN]) * 30)
        self._signals = bytearray()
        for signal in range(30):
            if mask >> signal & 1:
                if signal >= len(values):
                    raise ValueError("a freeze frame names signal %d, which the board does not have" % signal)
                self._column[signal] = len(self._signals)
                self._signals.append(signal)
        self._width = len(self._signals)
        self._ring = array("i", [0] * (self._width * (depth - 1)))
        self._next = 0
        self._held = 0
        self._last = 0

    def sample(self, now: int) -> None:
        """Keep this tick's values when a period has passed since the last sample."""
        if self._held and (now - self._last) & 0x3FFFFFFF < self.period_ms:
            return
        self._last = now
        at = self._next * self._width
        for column in range(self._width):
            self._ring[at + column] = self.values[self._signals[column]]
        self._next = (self._next + 1) % (self.depth - 1)
        if self._held < self.depth - 1:
            self._held += 1

    def forget(self) -> None:
        """What was sampled so far is in no frame from now on."""
        self._held = 0

    def copy(self, signal: int, out: "array[int]", off: int) -> int:
        """Samples of `signal`, oldest first, the present value last, into `out[off:]`; gives how many (1 .. depth)."""
        column = self._column[signal]
        count = 0
        if column != NO_COLUMN:
            rows = self.depth - 1
            row = (self._next - self._held) % rows
            while count < self._held:
                out[off + count] = self._ring[row * self._width + column]
                row = (row + 1) % rows
                count += 1
        out[off + count] = self.values[signal]
        return count + 1
