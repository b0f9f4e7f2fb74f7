"""What is normal for this very appliance, learned in one pass, and how far several signals together have left it.

Takes samples of integers; gives PASSED or FAILED and who departed most. A multivariate control chart (MEWMA:
Hotelling's T² of smoothed signals). Integers within ±2^30; a sample allocates nothing. Never relearns unless told to.

Three scales make one number of signals that have nothing in common. A signal's smoothed value is measured in the
standard deviation it had while learning. Where that is more than sample noise can leave after smoothing, the signal has
no fixed normal, and its scale grows by that very ratio: a room's temperature must go further than a flow to be news.
What signals do together counts once: T² is taken over their correlation, shrunk halfway, for a few hundred samples know
it badly.

An alarm belongs to the signals that raised it and holds until they have come back by two thirds. After a long one the
zero follows for a while, since what returns rarely returns to the same place; never by more than two limits from what
was learned.
"""

from array import array

from trivet_wire.ids import FAILED, NOT_RUN, PASSED

from .learning import SPAN, Learning, correlation, invert

TYPE_CHECKING = False

_BITS = 8  # of fraction in smoothed values
_WINDOW = 4  # smoothing over 2^4 samples
_WARM = 32  # samples until the smoothed value has forgotten its start
_LARGEST = (1 << 29) - 1  # values are taken for no more than that
_RANGE = 1 << 20  # a value is followed so far from the first one, and taken for that much beyond
_FAR = 4096  # /16: a deviation is taken for 256 scales beyond that
_BACK = 48  # /16: within three scales of normal is back in any case
_REZERO = 3  # the zero follows over 2^3 samples
_SETTLE = 64  # samples for which it follows, after an alarm of at least so many
_FORGIVEN = 2  # limits from what was learned that it may follow

LONGEST = 2000  # samples of learning
MOST = 16  # channels

# What a detector is doing
LEARNING = 0
STARTING = 1  # with what it learned before a restart; the smoothed values are still young
WATCHING = 2
ALARM = 3
SETTLING = 4


class Detector:
    """`limit` is the distance, in scales, from which all channels together are no longer normal."""

    def __init__(self, channels: int, calibrate: int = 400, limit: int = 6) -> None:
        if not 0 < channels <= MOST or not 2 * _WARM <= calibrate <= LONGEST or not 3 < limit < 100:
            raise ValueError("drift: 1..16 signals, 64..2000 samples to learn from, a limit of 4..99")
        n = self._n = channels
        self._calibrate = calibrate
        self._limit = limit
        self._origin = array("i", [0] * n)  # first value; all others are counted from it
        self._smooth = array("i", [0] * n)  # /256
        self._innovation = array("i", [0] * n)  # sample less smoothed value before it, /256
        self._learned = array("i", [0] * n)  # mean of the smoothed value, /256
        self._zero = array("i", [0] * n)  # the same, after what was forgiven
        self._unit = array("i", [0] * n)  # of the scale: a power of two, /256
        self._scale = array("i", [0] * n)  # in sixteenths of the unit
        self._inverse = array("i", [0] * (n * n))  # of the shrunk correlation, /256
        self._away = array("i", [0] * n)  # deviation now, in units
        self._z = array("i", [0] * n)  # the same in sixteenths of the scale
        self._furthest = array("i", [0] * n)  # the largest of each in this alarm
        self._peak = array("i", [0] * n)
        self.departure = array("i", [0] * n)  # in sixteenths of the scale: now, or at the worst moment of an alarm
        self.relearn()

    def relearn(self) -> None:
        """Forget, and learn from the samples that follow. For an authorised command after a repair."""
        self.doing = LEARNING
        self.blamed = 0  # bit mask of the channels that the alarm belongs to
        self._count = 0
        self._top = 0
        self._learning: Learning | None = Learning(self._n)
        for i in range(self._n):
            self._unit[i] = 0

    def feed(self, values: "array[int]", off: int) -> int:
        """One sample: a number per channel from `values[off]`. NOT_RUN while it learns or starts."""
        doing = self.doing
        if doing <= STARTING:
            self._begin(values, off)
            return NOT_RUN
        self._follow(values, off, _WINDOW)
        if doing == SETTLING:
            self._settle()
            return PASSED
        distance = self._measure()
        if doing == ALARM:
            self._hold()
        elif distance > self._limit * self._limit << 8:
            self._raise()
        return FAILED if self.doing == ALARM else PASSED

    def share(self, i: int) -> int:
        """Percent of all departures, squared, that channel i makes: now, or at the worst moment of an alarm."""
        total = 0
        for j in range(self._n):
            total += self.departure[j] * self.departure[j] >> 4
        return (self.departure[i] * self.departure[i] >> 4) * 100 // total if total else 0

    def learned(self) -> "array[int]":
        """What survives a restart when it is kept: for `adopt`. Empty while learning."""
        made = array("i")
        if self.doing != LEARNING:
            for part in (self._origin, self._learned, self._unit, self._scale, self._inverse):
                made.extend(part)
        return made

    def adopt(self, learned: "array[int]") -> None:
        """Go on with what was learned before a restart. ValueError when it is of another number of channels."""
        n = self._n
        if len(learned) != 4 * n + n * n:
            raise ValueError("drift: what was learned is of another number of signals")
        for i in range(n):
            self._origin[i] = learned[i]
            self._zero[i] = self._learned[i] = learned[n + i]
            self._unit[i] = learned[2 * n + i]
            self._scale[i] = learned[3 * n + i]
        for i in range(n * n):
            self._inverse[i] = learned[4 * n + i]
        self._learning = None
        self._count = 0
        self.doing = STARTING

    def _begin(self, values: "array[int]", off: int) -> None:
        count = self._count
        learning = self._learning
        if learning and count == 0:
            for i in range(self._n):
                self._origin[i] = max(-_LARGEST, min(_LARGEST, values[off + i]))
        self._follow(values, off, min(_WINDOW, (count + 1) >> 2))
        count += 1
        self._count = count
        if not learning:
            if count == _WARM:
                self.doing = WATCHING
        elif count <= _WARM:
            learning.start(self._smooth)
        else:
            learning.add(self._smooth, self._innovation, self._unit)
            if count == self._calibrate:
                self._conclude(learning)

    def _follow(self, values: "array[int]", off: int, shift: int) -> None:
        smooth = self._smooth
        origin = self._origin
        innovation = self._innovation
        for i in range(self._n):
            value = max(-_LARGEST, min(_LARGEST, values[off + i])) - origin[i]
            if value > _RANGE:
                value = _RANGE
            elif value < -_RANGE:
                value = -_RANGE
            new = (value << _BITS) - smooth[i]
            innovation[i] = new
            smooth[i] += new >> shift

    def _conclude(self, learning: Learning) -> None:
        n = self._n
        for i in range(n):
            self._scale[i] = learning.scale(i, self._unit[i])
            self._zero[i] = self._learned[i] = learning.mean(i, self._unit[i])
        correlation(learning, self._inverse)
        invert(self._inverse, n)
        for i in range(n * n):
            self._inverse[i] = (self._inverse[i] + 8) >> 4
        self._learning = None
        self.doing = WATCHING

    def _measure(self) -> int:
        """T², /256."""
        n = self._n
        z = self._z
        worst = 0
        for i in range(n):
            away = self._away[i] = (self._smooth[i] - self._zero[i]) >> self._unit[i]
            away = max(-SPAN << 12, min(SPAN << 12, away))
            away = max(-_FAR, min(_FAR, (away << 8) // self._scale[i]))
            z[i] = away
            worst = max(worst, abs(away))
        keep = self.doing == ALARM and worst < self._top
        inverse = self._inverse
        distance = 0
        for i in range(n):
            row = i * n
            joint = 0
            for j in range(n):
                joint += inverse[row + j] * z[j]
            distance += z[i] * (joint >> 8)
            if not keep:
                self.departure[i] = z[i]
        return distance

    def _raise(self) -> None:
        self.doing = ALARM
        self.blamed = 0
        self._count = 0
        self._top = 0
        for i in range(self._n):
            self._furthest[i] = abs(self._away[i])
            self._peak[i] = abs(self._z[i])
            self._top = max(self._top, self._peak[i])
        for i in range(self._n):
            if self._peak[i] * 2 >= self._top:
                self.blamed |= 1 << i

    def _hold(self) -> None:
        """Who departs furthest owns the alarm; it ends when the owners who went at least half as far are back."""
        peak = self._peak
        furthest = self._furthest
        if self._count < _SETTLE:
            self._count += 1
        for i in range(self._n):
            z = abs(self._z[i])
            peak[i] = max(peak[i], z)
            furthest[i] = max(furthest[i], abs(self._away[i]))
            if z >= self._top:
                self._top = z
                self.blamed |= 1 << i
        for i in range(self._n):
            if self.blamed >> i & 1 and peak[i] * 2 >= self._top:
                if abs(self._z[i]) >= _BACK and abs(self._away[i]) >= (furthest[i] >> 4) * 5:
                    return
        self.doing = SETTLING if self._count == _SETTLE else WATCHING
        self._count = 0

    def _settle(self) -> None:
        for i in range(self._n):
            unit = self._unit[i]
            room = min(self._scale[i] * self._limit * _FORGIVEN >> 4, _LARGEST >> unit) << unit
            zero = self._zero[i] + ((self._smooth[i] - self._zero[i]) >> _REZERO)
            self._zero[i] = max(self._learned[i] - room, min(self._learned[i] + room, zero))
        self._count += 1
        if self._count == _SETTLE:
            self.doing = WATCHING
