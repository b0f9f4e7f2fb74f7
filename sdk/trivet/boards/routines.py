"""Self-tests of a board, from `[[routine]]` of board.toml. Takes tables, gives models; mistakes are BoardErrors.

A self-test drives outputs for a few seconds and looks at what the signals answer. It runs only while everything in its
`while` holds (without: the gate `selftest`), never in a cycle, never with a hazard, and never longer than a minute:
UDS's RoutineControl (ISO 14229-1, section 13.2) in spirit, with its limits in data.
"""

from __future__ import annotations

from collections.abc import Iterator

from .errors import Mistake
from .models import Board, Condition, Routine, Step
from .monitors import Space
from .reader import Table, nearest

GATE = "selftest"
MOST = 12  # routines of a board
MOST_STEPS = 8
MOST_EXPECTED = 12  # conditions in all steps of a routine
STEP_MS = 30_000  # the longest step
WHOLE_MS = 60_000  # the longest routine


def read_routines(
    table: Table, space: Space, outputs: dict[str, int], gates: dict[str, tuple[Condition, ...]]
) -> tuple[Routine, ...]:
    """All self-tests; `outputs`: the safe level of each by name."""
    made: list[Routine] = []
    for one in table.tables("routine"):
        if len(made) == MOST:
            table.fail("routine", "there are too many", f"at most {MOST}", stand=table.raw("routine")[:MOST])
        routine = _routine(one, space, outputs, gates)
        if routine.name in [other.name for other in made]:
            stand = f"{routine.name}_{len(made)}"
            one.fail("name", f'"{routine.name}" stands twice', "another name", stand=stand)
        made.append(routine)
    return tuple(made)


def unknown_causes(board: Board) -> Iterator[Mistake]:
    """What `finds` names and the catalogue has not: a cause, or one of one event (`event.cause`)."""
    known = {cause.name for code in board.codes for cause in code.causes}
    known |= {f"{code.event}.{cause.name}" for code in board.codes for cause in code.causes}
    for at, one in enumerate(board.routines):
        for name in one.finds:
            if name not in known:
                wrong = f"there is no cause {name!r}"
                file, place = board.folder / "board.toml", ("routine", at, "finds")
                yield Mistake(file, f'routine "{one.name}"', place, wrong, nearest(name, sorted(known)), item=name)


def _routine(table: Table, space: Space, outputs: dict[str, int], gates: dict[str, tuple[Condition, ...]]) -> Routine:
    name, text = table.name(), table.texts("text")
    holds = space.conditions(table, "while") if table.has("while") else gates.get(GATE, ())
    if not holds:
        write = f'what holds as long as it may run, as in while = ["program == 0"], or {GATE} = […] under [gates]'
        table.fail("while", "is missing", write, stand=[f"{space.names()[0]} == 0"])
    if any(one.ticks for one in holds):
        table.fail("while", "has a condition with a time", "conditions that hold at once: without `for`")
    steps = [_step(one, space, outputs) for one in table.tables("step", needed=True)]
    if not 1 <= len(steps) <= MOST_STEPS:
        table.fail("step", f"{len(steps)} steps do not fit", f"1 to {MOST_STEPS}", stand=table.raw("step")[:1])
    whole = sum(one.ticks for one in steps) * space.tick_ms
    if whole > WHOLE_MS:
        table.fail("step", f"{whole / 1000:g} s are too long", f"at most {WHOLE_MS // 1000} s in all")
    if sum(len(one.expect) for one in steps) > MOST_EXPECTED:
        table.fail("step", "too much is expected", f"at most {MOST_EXPECTED} conditions in all steps")
    if not any(one.expect for one in steps):
        table.fail("step", "nothing is expected", 'what a sound part shows, as in expect = ["heater_current > 5"]')
    finds = table.strings("finds") if table.has("finds") else []
    table.done()
    return Routine(name, text, holds, tuple(steps), tuple(finds))


def _step(table: Table, space: Space, outputs: dict[str, int]) -> Step:
    ticks = space.ticks(table, "for_ms", table.integer("for_ms", space.tick_ms, STEP_MS, usual=1000))
    driven = table.table("set", default={})
    levels = dict(outputs)
    for name in driven.keys():  # noqa: SIM118
        if name not in outputs:
            driven.fail(name, "is no output", f"one of {', '.join(outputs)}")
        levels[name] = driven.integer(name, -32768, 32767)
    driven.done()
    expect = space.conditions(table, "expect")
    if any(one.ticks >= ticks for one in expect):
        table.fail(
            "expect", "must hold for longer than the step lasts", f"a time below for_ms = {ticks * space.tick_ms}"
        )
    table.done()
    return Step(tuple(levels.values()), ticks, expect)
