"""One run of a board's plant, written down: takes a plant, gives what the appliance saw and drove, tick by tick.

Stands between simulation and plant; changes neither. Readings become values by the board's own tables.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .models import Board, Signal
from .physics import Plant


@dataclass
class Mark:
    """Something that happened: `kind` is fault (broken), code (confirmed) or inhibited."""

    at_s: float
    kind: str
    text: str


@dataclass
class Recording:
    """Columns by name: `times_s`, each signal, each output, and what the plant knows to be true."""

    board: Board
    times_s: list[float] = field(default_factory=list)
    signals: dict[str, list[float | None]] = field(default_factory=dict)
    outputs: dict[str, list[int]] = field(default_factory=dict)
    truth: dict[str, list[float]] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)


class Recorder:
    """A plant that writes down what passes through it. Use it in the plant's place."""

    def __init__(self, board: Board, plant: Plant) -> None:
        self.plant = plant
        self.recording = Recording(board)
        self._board = board
        self._now_s = 0.0

    def inject(self, fault: str) -> None:
        self.recording.marks.append(Mark(self._now_s, "fault", fault))
        self.plant.inject(fault)

    def step(self, dt_s: float, outputs: Sequence[int]) -> None:
        self.plant.step(dt_s, outputs)
        self._now_s += dt_s
        self.recording.times_s.append(self._now_s)
        for output, level in zip(self._board.outputs, outputs, strict=True):
            self.recording.outputs.setdefault(output.name, []).append(level)

    def inputs(self) -> list[int]:
        readings = self.plant.inputs()
        for signal in self._board.signals:
            self.recording.signals.setdefault(signal.name, []).append(value_of(signal, readings[signal.input]))
        known: Any = getattr(self.plant, "truth", None)
        for name, value in known().items() if known else ():
            self.recording.truth.setdefault(name, []).append(value)
        return readings


def value_of(signal: Signal, reading: int) -> float | None:
    """A reading in the signal's unit, by the table that the appliance uses; None when there is no reading."""
    if reading < -(1 << 30):
        return None
    raws = [raw for raw, _ in signal.points]
    at = min(max(bisect.bisect_right(raws, reading) - 1, 0), len(raws) - 2)
    (raw_a, a), (raw_b, b) = signal.points[at : at + 2]
    share = min(1.0, max(0.0, (reading - raw_a) / (raw_b - raw_a)))
    return (a + (b - a) * share) / signal.scale
