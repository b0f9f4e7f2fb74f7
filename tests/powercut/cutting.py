"""Plays a history once, then starts from every image that a cut at any of its operations could leave.

Gives figures: cuts made, how many of them torn, and how many starts found the old or the new state, lost a finished
step, found a third state, or did not start. `sample` takes every n-th operation only.
"""

import random
from collections.abc import Hashable
from dataclasses import dataclass, field

from flash import StrictFlash, cuts
from histories import History


@dataclass
class Figures:
    cuts: int = 0
    torn: int = 0
    recovered: int = 0
    lost: int = 0
    third_state: int = 0
    no_start: int = 0
    failures: list[str] = field(default_factory=list)  # "history, operation 17, torn": replays the failure


def record(history: History) -> tuple[list[tuple[Hashable, Hashable, int]], StrictFlash]:
    """One clean run: (state before, state after, operations so far) of each step."""
    flash = StrictFlash(history.sectors)
    flash.log = []
    steps: list[tuple[Hashable, Hashable, int]] = []
    before = history.read(StrictFlash(history.sectors))
    for said in history.play(flash):
        after = history.read(StrictFlash(history.sectors, image=bytes(flash.image)))
        assert said is None or said == after, f"{history.name}: step {len(steps)} is not what a start reads"
        steps.append((before, after, len(flash.log)))
        before = after
    return steps, flash


def cut_everywhere(history: History, sample: int = 1, seed: int = 0) -> Figures:
    """Cut at every operation in every way, start, compare."""
    figures = Figures()
    chance = random.Random(seed)
    steps, flash = record(history)
    assert flash.log is not None
    step = 0
    for number, operation in enumerate(flash.log):
        while number >= steps[step][2]:
            step += 1
        if number % sample:
            continue
        old, new, _ = steps[step]
        for how, image in cuts(operation, chance):
            figures.cuts += 1
            figures.torn += how == "torn"
            verdict = _start(history, image, old, new)
            setattr(figures, verdict, getattr(figures, verdict) + 1)
            if verdict != "recovered":
                figures.failures.append(f"{history.name}, operation {number}, {how}: {verdict}")
    return figures


def _start(history: History, image: bytes, old: Hashable, new: Hashable) -> str:
    try:
        flash = StrictFlash(history.sectors, image=image)
        found = history.read(flash)
        if history.read(flash) != found:  # a second start finds the same
            return "third_state"
    except Exception:
        return "no_start"
    if found in (old, new):
        return "recovered"
    return "third_state"
