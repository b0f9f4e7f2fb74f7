"""From physics to the appliance's integer tables. Takes the numbers of a datasheet, gives points raw -> scaled value.

Checks what the appliance relies on: readings ascend, and no interpolation leaves ±2^30 (small integers on the chip).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

LIMIT = 1 << 30
KELVIN = 273.15

Points = tuple[tuple[int, int], ...]


def ntc_resistance(celsius: float, r25: float, beta: float) -> float:
    """Resistance of an NTC by its beta equation."""
    return r25 * math.exp(beta * (1 / (celsius + KELVIN) - 1 / (25 + KELVIN)))


def ntc_reading(celsius: float, r25: float, beta: float, pull_up: float, full: int) -> float:
    """ADC reading of an NTC to ground under a pull-up resistor; `full` is the reading at the reference voltage."""
    resistance = ntc_resistance(celsius, r25, beta)
    return full * resistance / (resistance + pull_up)


def ntc_points(
    low: float, high: float, scale: int, *, r25: float, beta: float, pull_up: float, full: int, error: float
) -> Points:
    """As many straight pieces as keep the table within `error` degrees between `low` and `high`."""
    top = (r25, beta, pull_up, full)

    def celsius_of(reading: float) -> float:
        resistance = pull_up * reading / (full - reading)
        return 1 / (1 / (25 + KELVIN) + math.log(resistance / r25) / beta) - KELVIN

    first = math.ceil(ntc_reading(high, *top))
    last = math.floor(ntc_reading(low, *top))
    readings = [first, *_split(celsius_of, first, last, error), last]
    return tuple((reading, round(celsius_of(reading) * scale)) for reading in readings)


def _split(curve: Callable[[float], float], first: int, last: int, error: float) -> list[int]:
    """Readings strictly between, where the straight line from `first` to `last` is not good enough."""
    if last - first < 2:
        return []
    a, b = curve(first), curve(last)
    worst = max(
        range(first + 1, last, max(1, (last - first) // 64)),
        key=lambda reading: abs(curve(reading) - (a + (b - a) * (reading - first) / (last - first))),
    )
    apart = abs(curve(worst) - (a + (b - a) * (worst - first) / (last - first)))
    if apart <= error:
        return []
    return [*_split(curve, first, worst, error), worst, *_split(curve, worst, last, error)]


def check(points: Points) -> str | None:
    """What is wrong with a table, or None."""
    if len(points) < 2:
        return "a table needs at least two points"
    for (raw_a, value_a), (raw_b, value_b) in itertools.pairwise(points):
        if raw_b <= raw_a:
            return f"readings must ascend, and {raw_b} follows {raw_a}"
        if (raw_b - raw_a) * (abs(value_b - value_a) + 1) >= LIMIT:
            return f"the piece from {raw_a} to {raw_b} is too long for 31-bit arithmetic"
    if any(abs(raw) >= LIMIT or abs(value) >= LIMIT for raw, value in points):
        return "a point lies beyond ±2^30"
    return None
