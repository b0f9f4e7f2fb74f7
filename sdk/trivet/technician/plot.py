"""A curve in a terminal: takes points and limits, gives lines of braille (2 × 4 dots a character) with its scale. Draws
nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille pattern, by row and column
_EMPTY = 0x2800
_MARGIN = 9  # characters of the scale

Point = tuple[float, float]


def curve(points: Sequence[Point], width: int, height: int, limits: Sequence[float] = ()) -> list[str]:
    """`height` lines of `width` characters and one with the time; a limit is a dashed line. Of no points: nothing."""
    if not points or width < _MARGIN + 4 or height < 2:
        return []
    columns, rows = 2 * (width - _MARGIN), 4 * height
    xs = [x for x, _ in points]
    ys = [y for _, y in points] + list(limits)
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    canvas = [[0] * (columns // 2) for _ in range(height)]

    def place(x: float) -> int:
        return round((x - left) / ((right - left) or 1) * (columns - 1))

    def level(y: float) -> int:
        return (rows - 1) - round((y - low) / ((high - low) or 1) * (rows - 1))

    def dot(column: int, row: int) -> None:
        canvas[row // 4][column // 2] |= _DOTS[row % 4][column % 2]

    for limit in limits:
        for column in range(0, columns, 6):
            dot(column, level(limit))
            dot(min(column + 1, columns - 1), level(limit))
    placed = [(place(x), level(y)) for x, y in points]
    for column, row in placed:
        dot(column, row)
    for (x0, y0), (x1, y1) in pairwise(placed):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            dot(round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps))
    return _framed(canvas, (left, right), (low, high))


def _framed(canvas: list[list[int]], span: Point, scale: Point) -> list[str]:
    marks = {0: number(scale[1]), len(canvas) - 1: number(scale[0])}
    lines = [
        f"{marks.get(at, ''):>{_MARGIN - 2}} │" + "".join(chr(_EMPTY + cell) for cell in row)
        for at, row in enumerate(canvas)
    ]
    left, right = f"{number(span[0])} s", f"{number(span[1])} s"
    return [*lines, " " * _MARGIN + left + right.rjust(len(canvas[0]) - len(left))]


def number(value: float) -> str:
    """As people write it: no more digits than tell something."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
