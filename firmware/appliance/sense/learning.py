"""One pass over samples: mean, scale and correlation of smoothed signals. Takes and gives integers within ±2^30.

Sums are of deviations from a provisional zero, each channel in a unit of its own: a power of two, doubled (and the sums
halved) whenever a deviation outgrows the span. Nothing is buffered, and no sample allocates.
"""

from array import array

TYPE_CHECKING = False

SPAN = 512  # deviations are below this many units
_WHITE = 57  # /256: smoothed deviation of white noise, by its mean absolute innovation: 1.25 * sqrt(1 / 31)
_STEP = 64  # /256: a signal that never moved is not thought to be steadier than a quarter of its step
_WILD = 8  # a wandering signal's scale grows at most so many times
_SURE = 64  # /16 units: below, a deviation is too coarse to say anything of a correlation


class Learning:
    def __init__(self, n: int) -> None:
        self.n = n
        self.count = 0
        self._zero = array("i", [0] * n)
        self._now = array("i", [0] * n)
        self._sums = array("i", [0] * n)
        self._noise = array("i", [0] * n)  # of absolute innovations
        self._products = array("i", [0] * (n * n))  # lower triangle

    def start(self, smooth: "array[int]") -> None:
        """Count deviations from here."""
        for i in range(self.n):
            self._zero[i] = smooth[i]

    def add(self, smooth: "array[int]", innovation: "array[int]", unit: "array[int]") -> None:
        """One sample, smoothed, and what was new in it; both /256."""
        n = self.n
        now = self._now
        products = self._products
        self.count += 1
        for i in range(n):
            deviation = smooth[i] - self._zero[i]
            while abs(deviation) >> unit[i] >= SPAN - 1:
                unit[i] += 1
                self._halve(i)
            now[i] = deviation >> unit[i]
            self._sums[i] += now[i]
            self._noise[i] += abs(innovation[i]) >> unit[i]
        for i in range(n):
            for j in range(i + 1):
                products[i * n + j] += now[i] * now[j]

    def _halve(self, i: int) -> None:
        n = self.n
        self._sums[i] >>= 1
        self._noise[i] >>= 1
        for j in range(n):
            self._products[i * n + j if j <= i else j * n + i] >>= 2 if i == j else 1

    def mean(self, i: int, unit: int) -> int:
        """Of the smoothed value, /256."""
        whole = self._sums[i] // self.count
        rest = self._sums[i] - whole * self.count
        return self._zero[i] + (whole << unit) + ((rest * 16 // self.count << unit) >> 4)

    def covariance(self, i: int, j: int) -> int:
        """Of channels i >= j, in the product of their units."""
        count = self.count
        mean_i = self._sums[i] // count
        rest_i = self._sums[i] - mean_i * count
        mean_j = self._sums[j] // count
        rest_j = self._sums[j] - mean_j * count
        total = self._products[i * self.n + j] - mean_i * self._sums[j] - mean_j * rest_i
        return (total - rest_i * rest_j // count) // count

    def deviation(self, i: int) -> int:
        """Standard deviation of the smoothed value, in sixteenths of the unit."""
        return root(self.covariance(i, i) << 8)

    def scale(self, i: int, unit: int) -> int:
        """What a departure is measured in, in sixteenths of the unit: above the deviation where the signal wanders."""
        own = self.deviation(i)
        white = max(1, (self._noise[i] * 16 // self.count) * _WHITE >> 8)
        least = max(1, white, _STEP * 16 >> unit)
        return max(least, own if own <= white else min(own * own // white, own * _WILD))


def correlation(learning: Learning, into: "array[int]") -> None:
    """Of all channels, shrunk halfway towards none, /4096."""
    n = learning.n
    for i in range(n):
        own = learning.deviation(i)
        for j in range(i):
            other = learning.deviation(j)
            shared = 0
            if own >= _SURE and other >= _SURE:
                shared = ((learning.covariance(i, j) << 8) // own << 11) // other
            into[i * n + j] = into[j * n + i] = max(-2048, min(2048, shared))
        into[i * n + i] = 4096


def invert(a: "array[int]", n: int) -> None:
    """A symmetric matrix, /4096, of eigenvalues from a half up: in place, by sweeping, which then needs no pivots."""
    for k in range(n):
        pivot = max(1024, a[k * n + k])
        for i in range(n):
            factor = a[i * n + k]
            for j in range(n):
                if i != k and j != k:
                    a[i * n + j] -= factor * a[k * n + j] // pivot
        for i in range(n):
            a[i * n + k] = -((a[i * n + k] << 12) // pivot)
            a[k * n + i] = (a[k * n + i] << 12) // pivot
        a[k * n + k] = (1 << 24) // pivot


def root(square: int) -> int:
    """The integer square root of what is below 2^28, by Newton."""
    if square <= 0:
        return 0
    guess = 1 << 14
    while guess * guess > square:
        guess = (guess + square // guess) >> 1
    return guess
