"""What a signal can show at all, and what is left of it while conditions hold. Integers as the appliance has them.

Takes a board, gives intervals; knows nothing of files or of monitors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..models import Board, Condition
from ..monitors import OPERATORS

_LEVELS = (-32768, 32767)  # of an output
_MANY = 1 << 31


@dataclass(frozen=True)
class Span:
    """From `low` to `high`, both within, without the values of `holes`."""

    low: int
    high: int
    holes: frozenset[int] = frozenset()

    def empty(self) -> bool:
        if self.high - self.low > len(self.holes):
            return False
        return all(value in self.holes for value in range(self.low, self.high + 1))

    def within(self, low: int = -_MANY, high: int = _MANY) -> Span:
        return replace(self, low=max(self.low, low), high=min(self.high, high))

    def width(self) -> int:
        return self.high - self.low


def convertible(board: Board, index: int) -> Span:
    """What the signal's table of points can give; of an output, any level."""
    if index >= len(board.signals):
        return Span(*_LEVELS)
    values = [value for _, value in board.signals[index].points]
    return Span(min(values), max(values))


def believable(board: Board, index: int) -> Span:
    """What of that is VALID."""
    span = convertible(board, index)
    if index >= len(board.signals):
        return span
    return span.within(board.signals[index].low, board.signals[index].high)


def apart(board: Board, one: int, other: int) -> Span:
    """Their difference."""
    a, b = believable(board, one), believable(board, other)
    return Span(a.low - b.high, a.high - b.low)


def met(span: Span, condition: Condition) -> Span:
    """What of a span fulfils a condition."""
    value = condition.value
    match OPERATORS[condition.operator]:
        case "<":
            return span.within(high=value - 1)
        case "<=":
            return span.within(high=value)
        case "==":
            return span.within(value, value)
        case ">=":
            return span.within(low=value)
        case ">":
            return span.within(low=value + 1)
        case _:
            return replace(span, holes=span.holes | {value})


def source(board: Board, condition: Condition) -> Span:
    """What the left side of a condition can be."""
    if condition.minus >= 0:
        return apart(board, condition.source, condition.minus)
    return believable(board, condition.source)


def held(board: Board, conditions: Iterable[Condition]) -> dict[tuple[int, int], Span]:
    """What each left side can be while all conditions hold."""
    made: dict[tuple[int, int], Span] = {}
    for one in conditions:
        key = (one.source, one.minus)
        made[key] = met(made.get(key, source(board, one)), one)
    return made


def always(board: Board, condition: Condition) -> bool:
    """Whether a condition holds whatever valid value comes."""
    span = source(board, condition)
    return met(span, condition) == span
