"""Runs targets over mutated inputs until time or number is over, in one process of its own. Takes targets, gives
figures and what was found. Guided: an input that reaches a line, or a way to refuse, that none reached before joins the
corpus.

Watched: each input's time (an alarm ends one that hangs), its memory at the peak (on a sample), and memory that stays:
the same inputs are run again and again at the end, and what the interpreter then holds more is growth.
"""

from __future__ import annotations

import gc
import random
import signal
import sys
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from .mutate import mutated

HANG_S = 5.0  # an input takes well under a hundredth of it
SLOWER = 20  # times as long as an input may take that is traced or whose memory is measured
TRACED = 4  # one input in so many is traced, besides those that were refused in a new way
MENDED = 0.15  # share of inputs whose outer digests are made right; a signature is judged then, which is slow
MEASURED = 200  # one in so many has its peak of memory taken
AGAIN, TIMES, ROUNDS = 10, 60, 3  # inputs that are run again to see what stays; in a round, and rounds
MAX_FOUND = 20


class Hang(BaseException):
    """The alarm; no parser catches it."""


@dataclass(frozen=True)
class Target:
    """A parser. `run` gives True for an input that it takes for genuine although nobody signed it; what it may raise is
    `refusals`. `mend` makes an input's outer digests right again, so that what lies behind them is reached."""

    name: str
    run: Callable[[bytes], bool]
    refusals: tuple[type[Exception], ...]
    seeds: Sequence[bytes]
    mend: Callable[[bytes, random.Random], bytes] | None = None


@dataclass
class State:
    """What is known of one target."""

    target: Target
    corpus: list[bytes] = field(default_factory=list)
    lines: set[tuple[CodeType, int]] = field(default_factory=set)
    ways: set[Any] = field(default_factory=set)
    inputs: int = 0
    refused: int = 0
    crashes: int = 0
    hangs: int = 0
    accepted: int = 0
    growth: float = 0.0
    peak: int = 0
    slowest: float = 0.0
    found: list[dict[str, str]] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        names = ("inputs", "refused", "crashes", "hangs", "accepted", "found")
        figures = {name: getattr(self, name) for name in names}
        figures |= {"growth_blocks": round(max(0.0, self.growth), 1), "peak_bytes": self.peak}
        figures |= {"slowest_ms": round(1000 * self.slowest, 1), "lines": len(self.lines), "corpus": len(self.corpus)}
        return figures


class Loop:
    """`inside`: parts of the paths whose lines count as reached."""

    def __init__(self, targets: Iterable[Target], inside: Sequence[str], seed: int) -> None:
        self.states = [State(target) for target in targets]
        self._inside = tuple(inside)
        self._chance = random.Random(seed)
        self._reached: set[tuple[CodeType, int]] = set()

    def run(self, seconds: float, inputs: int | None, say: Callable[[str], None]) -> dict[str, Any]:
        """Until the time is over, or each target had its share of `inputs`."""
        began = told = time.monotonic()
        signal.signal(signal.SIGALRM, _ring)
        for state in self.states:
            for one in state.target.seeds:
                self._try(state, one, traced=True)
                state.corpus.append(one)
        share = None if inputs is None else max(1, inputs // len(self.states))
        while time.monotonic() - began < seconds and (share is None or self.states[-1].inputs < share):
            for state in self.states:
                self._once(state)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                say(f"{told - began:.0f} s: {sum(state.inputs for state in self.states):,} inputs")
        took = time.monotonic() - began  # what follows is no fuzzing
        for state in self.states:
            state.growth = self._stays(state)
        return {"seconds": round(took, 1), "targets": {state.target.name: state.figures() for state in self.states}}

    def _once(self, state: State) -> None:
        corpus = state.corpus
        # the newest are chosen oftener: what they reach was explored least
        at = max(self._chance.randrange(len(corpus)), self._chance.randrange(len(corpus)))
        data = mutated(corpus[at], corpus, self._chance)
        if state.target.mend is not None and self._chance.random() < MENDED:
            data = state.target.mend(data, self._chance)
        traced = state.inputs % TRACED == 0
        known = len(state.ways), len(state.lines)
        self._try(state, data, traced=traced)
        if len(state.ways) > known[0] and not traced:
            self._try(state, data, traced=True)
        if (len(state.ways), len(state.lines)) != known:
            corpus.append(data)

    def _try(self, state: State, data: bytes, *, traced: bool) -> None:
        state.inputs += 1
        measured = state.inputs % MEASURED == 0
        self._reached = set()
        if measured:
            tracemalloc.start()
        began = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, HANG_S * (SLOWER if traced or measured else 1))
        if traced:
            sys.settrace(self._enter)
        try:
            accepted = state.target.run(data)
        except state.target.refusals as error:
            state.refused += 1
            state.ways.add(_way(error))
        except Hang:
            state.hangs += 1
            self._find(state, "hang", data, f"longer than {HANG_S:.0f} s")
        except Exception:
            state.crashes += 1
            self._find(state, "crash", data, traceback.format_exc(limit=-4))
        else:
            state.ways.add(accepted)
            if accepted:
                state.accepted += 1
                self._find(state, "accepted", data, "taken for genuine")
        finally:
            sys.settrace(None)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if measured:
                state.peak = max(state.peak, tracemalloc.get_traced_memory()[1])
                tracemalloc.stop()
        if not traced and not measured:
            state.slowest = max(state.slowest, time.perf_counter() - began)
        state.lines |= self._reached

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        if not any(part in code.co_filename for part in self._inside):
            return None
        reached = self._reached

        def line(inner: FrameType, _event: str, _argument: object) -> Any:
            reached.add((code, inner.f_lineno))
            return line

        return line

    def _stays(self, state: State) -> float:
        """Blocks of memory that a round more of the same inputs leaves behind, each of them run TIMES times: TIMES or
        more where one of them leaks. Caches fill up in the first rounds, which do not count; of the others
        the one counts that left least: a leak is there in each of them, what a library keeps for itself is not."""
        new = [mutated(self._chance.choice(state.corpus), state.corpus, self._chance) for _ in range(AGAIN // 2)]
        inputs = TIMES * (new + self._chance.choices(state.corpus, k=AGAIN // 2))
        held = [0] * (2 * ROUNDS + 1)
        for round_ in range(len(held)):
            for data in inputs:
                self._quietly(state.target, data)
            gc.collect()
            held[round_] = sys.getallocatedblocks()
        return min(later - earlier for earlier, later in zip(held[ROUNDS:], held[ROUNDS + 1 :], strict=False))

    @staticmethod
    def _quietly(target: Target, data: bytes) -> None:
        signal.setitimer(signal.ITIMER_REAL, HANG_S)
        try:
            target.run(data)
        except (Exception, Hang):  # counted when it was found
            return
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    @staticmethod
    def _find(state: State, what: str, data: bytes, words: str) -> None:
        if len(state.found) < MAX_FOUND:
            case = f"{state.target.name}:{data.hex()}"
            state.found.append({"what": what, "case": case, "words": words})


def _way(error: Exception) -> tuple[Any, ...]:
    """How an input was refused: the error, and the lines that led to it."""
    steps = []
    walk = error.__traceback__
    while walk is not None:
        steps.append((walk.tb_frame.f_code, walk.tb_lineno))
        walk = walk.tb_next
    return (type(error), getattr(error, "reason", None), *steps[-3:])


def _ring(_signal: int, _frame: FrameType | None) -> None:
    raise Hang
