"""Every fault of every board, and healthy cycles in all kinds of homes: does the right code come, is the right thing
switched off, is a sound appliance left in peace?

The real firmware in MicroPython, in lock-step with each board's physics. `--n` is the number of seeds per fault, and
five times as many healthy cycles per board; `--plot FILE` draws the confusion and the delays. Faults and settings are
those of `boards/*/physics.py`; a new board takes part by being there.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from trivet_wire import ids

from trivet import boards
from trivet.boards import Board
from trivet.sim.consent import consent_line
from trivet.sim.errors import SimulationError
from trivet.sim.world import Event, World

if TYPE_CHECKING:
    from . import Options

DEFAULT_N = 1
HEALTHY = 5  # cycles per seed and board
PROCESSES = 2
MAINS = (207.0, 253.0)  # V: EN 50160, 230 V ± 10 %
# What a home may be like. A board's settings of other names keep their defaults; loads vary about theirs.
HOMES: dict[str, tuple[float, float]] = {
    "mains_v": MAINS,
    "ambient_c": (12.0, 33.0),
    "inlet_c": (5.0, 24.0),
    "pressure_bar": (0.8, 8.0),
    "soil": (0.0, 2.0),
    "noise": (0.5, 1.5),
    "door_s": (5.0, 60.0),
}
CHOICES: dict[str, tuple[float, ...]] = {"peeks": (0, 0, 1, 3), "target_c": (150, 200, 250, 300)}
LOADS = (0.3, 1.5)  # of the default
_LAST_S = 60  # after the person has switched off


@dataclass(frozen=True)
class Task:
    """One run; `fault` "" is a healthy cycle."""

    board: str
    fault: str
    seed: int


@dataclass
class Outcome:
    """What the appliance said: seconds from the start (of a fault: from its injection) to each confirmed event, and
    the functions that it switched off."""

    task: Task
    confirmed: dict[str, float] = field(default_factory=dict)
    off: list[str] = field(default_factory=list)
    trouble: str = ""  # a crash, a reset or a simulation that broke off


def run(options: Options) -> dict[str, Any]:
    """Counts under the fixed keys; `delay_s` and `faults` by board/fault."""
    n = DEFAULT_N if options.n is None else options.n
    loaded = {name: boards.load(name) for name in boards.available()}
    tasks = list(_tasks(loaded, n, options.seed))
    outcomes = list(_play(tasks, options))
    result = judge(loaded, outcomes) | {"seed": options.seed, "n": n}
    if options.plot is not None:
        from .confusion_plot import draw

        draw(result, options.plot)
        options.say(f"drawn: {options.plot}")
    return result


def _tasks(loaded: dict[str, Board], n: int, seed: int) -> Iterator[Task]:
    """Longest first, so that both processes end together."""
    made: list[tuple[float, Task]] = []
    for name, board in loaded.items():
        faults = boards.plant(board).FAULTS
        made += [(faults[fault].until_s, Task(name, fault, seed + at)) for at in range(n) for fault in faults]
        made += [(_healthy_s(board), Task(name, "", seed + at)) for at in range(n * HEALTHY)]
    for _, task in sorted(made, key=lambda one: -one[0]):
        yield task


def _play(tasks: list[Task], options: Options) -> Iterator[Outcome]:
    began = time.monotonic()
    told = 0.0
    with ProcessPoolExecutor(PROCESSES) as pool:
        for done, outcome in enumerate(pool.map(play, tasks, chunksize=1), 1):
            now = time.monotonic()
            if now - told > 10 or done == len(tasks):
                options.say(f"{done} of {len(tasks)} runs after {now - began:.0f} s")
                told = now
            yield outcome


def play(task: Task) -> Outcome:
    """One run, in a process of the pool."""
    board = boards.load(task.board)
    known = boards.plant(board).FAULTS.get(task.fault)
    outcome = Outcome(task)
    began = float(known.at_s) if known else 0.0
    off: set[str] = set()

    def heard(event: Event) -> None:
        if event.kind == "fault" and event.data["status"] & ids.CONFIRMED:
            outcome.confirmed.setdefault(board.codes[event.data["event"]].event, round(event.at_s - began, 1))
        elif event.kind == "inhibited" and event.at_s > began:
            off.update(event.data["functions"])
        elif event.kind in {"crash", "watchdog", "mute", "reduced"}:
            outcome.trouble = outcome.trouble or f"{event.kind} at {event.at_s:.0f} s: {event.data.get('trace', '')}"

    dice = random.Random(f"{task.board} {task.fault} {task.seed}")
    settings = {"mains_v": dice.uniform(*MAINS)} if known else home(board, dice)
    faults = [(task.fault, float(known.at_s))] if known else []
    until = float(known.until_s) if known else _healthy_s(board)
    try:
        with World(board, seed=task.seed, settings=settings, faults=faults, on_event=heard) as world:
            world.say(consent_line("service", True))
            world.run_until(until)
    except SimulationError as error:
        outcome.trouble = str(error)
    outcome.off = sorted(off)
    return outcome


def home(board: Board, dice: random.Random) -> dict[str, float]:
    """Settings of one healthy cycle, from what the board's plant offers."""
    chosen: dict[str, float] = {}
    for name, (default, _, _) in boards.plant(board).SETTINGS.items():
        if name in HOMES:
            chosen[name] = dice.uniform(*HOMES[name])
        elif name in CHOICES:
            chosen[name] = float(dice.choice(CHOICES[name]))
        elif name == "load_kg":
            chosen[name] = default * dice.uniform(*LOADS)
        elif name == "program":
            chosen[name] = float(dice.randint(1, board.signals[board.signal("program")].high))
    return chosen


def _healthy_s(board: Board) -> float:
    module = boards.plant(board)
    if "off_s" in module.SETTINGS:
        return float(module.SETTINGS["off_s"][0]) + _LAST_S
    return float(max(fault.until_s for fault in module.FAULTS.values()))


def judge(loaded: dict[str, Board], outcomes: list[Outcome]) -> dict[str, Any]:
    """Compare what was said with what should have been."""
    faulty = [one for one in outcomes if one.task.fault]
    healthy = [one for one in outcomes if not one.task.fault]
    rows = {
        f"{name}/{fault}": _row(
            board, fault, [one for one in faulty if (one.task.board, one.task.fault) == (name, fault)]
        )
        for name, board in loaded.items()
        for fault in boards.plant(board).FAULTS
    }
    rows = {name: row for name, row in rows.items() if row["runs"]}
    return {
        "boards": list(loaded),
        "runs": len(faulty),
        "healthy_runs": len(healthy),
        "false_confirmed": sum(len(one.confirmed) for one in healthy),
        "right_code": sum(row["right_code"] for row in rows.values()),
        "right_inhibition": sum(row["right_inhibition"] for row in rows.values()),
        "delay_s": {name: row["delay_s"] for name, row in rows.items()},
        "healthy_inhibited": sum(bool(one.off) for one in healthy),
        "faults": rows,
        "codes": {name: {code.event: code.code for code in board.codes} for name, board in loaded.items()},
        "healthy": {name: _healthy(name, healthy) for name in loaded},
        "trouble": [{**asdict(one.task), "trouble": one.trouble} for one in outcomes if one.trouble],
    }


def _row(board: Board, fault: str, outcomes: list[Outcome]) -> dict[str, Any]:
    expected = boards.plant(board).FAULTS[fault].expected_events
    first = expected[0]
    functions = expected_off(board, expected)
    delays = [one.confirmed[first] for one in outcomes if first in one.confirmed]
    return {
        "runs": len(outcomes),
        "expected": first,
        "confirmed": dict(Counter(event for one in outcomes for event in one.confirmed)),
        "silent": sum(not one.confirmed for one in outcomes),
        "right_code": sum(first in one.confirmed and set(one.confirmed) <= set(expected) for one in outcomes),
        "right_inhibition": sum(one.off == functions for one in outcomes),
        "functions_off": functions,
        "delay_s": round(statistics.median(delays), 1) if delays else None,
        "delays_s": sorted(delays),
        "wrong": [
            {"seed": one.task.seed, "confirmed": one.confirmed, "off": one.off}
            for one in outcomes
            if set(one.confirmed) - set(expected) or first not in one.confirmed or one.off != functions
        ],
    }


def expected_off(board: Board, events: tuple[str, ...]) -> list[str]:
    """The functions that board.toml switches off once these events are confirmed and still failing."""
    indices = {board.event(event) for event in events}
    masks = {ids.INHIBIT_CONFIRMED, ids.INHIBIT_LAST_FAILED, ids.INHIBIT_TESTED_AND_FAILED}
    return sorted(
        one.name
        for one in board.functions
        if any(event in indices and mask in masks for event, mask in one.inhibited_by)
    )


def _healthy(name: str, outcomes: list[Outcome]) -> dict[str, Any]:
    own = [one for one in outcomes if one.task.board == name]
    return {
        "runs": len(own),
        "confirmed": dict(Counter(event for one in own for event in one.confirmed)),
        "wrong": [asdict(one) for one in own if one.confirmed or one.off],
    }


def sound(result: dict[str, Any]) -> bool:
    """Every fault and every board was tried, and no run broke off. How good the diagnosis is, the figures say."""
    tried = all(row["runs"] for row in result["faults"].values()) and all(
        row["runs"] for row in result["healthy"].values()
    )
    return bool(result["runs"] and tried and not result["trouble"])


def show(result: dict[str, Any]) -> None:
    from .confusion_table import print_tables

    print_tables(result)
