"""Pulses a second out of a counter that goes round. Takes counts and a time, gives a rate; integers within ±2^30."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array


_LONGEST_MS = 30_000  # longer ago: a mean says nothing, and the sum would leave the small integers


def rate(last: "array[int]", count: int, period: int, passed: int) -> int:
    """`last`: the count at the last reading, written anew; `period`: where the counter goes round; `passed`: ms since
    then. Rounded to the nearest whole pulse a second."""
    pulses = (count - last[0]) % period
    last[0] = count
    if passed <= 0 or passed > _LONGEST_MS:
        return 0
    return (pulses * 1000 + passed // 2) // passed
