"""Reads boards/<name>/board.toml and catalogue.toml. Takes a name or a folder, gives a `Board`; writes nothing.

Physical quantities in the files become the appliance's integers here, once. A mistake raises BoardError.
"""

from __future__ import annotations

from pathlib import Path

from trivet_wire import ids

from trivet import paths

from . import catalogue, convert
from .errors import BoardError
from .models import Board, Condition, Function, Input, Output, Signal
from .monitors import Space, read_monitors
from .reader import Table, nearest

MASKS = {
    "last_failed": ids.INHIBIT_LAST_FAILED,
    "confirmed": ids.INHIBIT_CONFIRMED,
    "not_tested": ids.INHIBIT_NOT_TESTED,
    "tested_and_failed": ids.INHIBIT_TESTED_AND_FAILED,
}
MAX_SIGNALS = 30  # that a freeze frame can name: one bit each in a small integer


def available() -> list[str]:
    """Names of the boards that come with the SDK."""
    return sorted(folder.name for folder in paths.boards().iterdir() if (folder / "board.toml").exists())


def load(name_or_path: str | Path) -> Board:
    """A board by its name, or by the folder that holds its files."""
    folder = Path(name_or_path)
    if not (folder / "board.toml").exists():
        folder = paths.boards() / str(name_or_path)
        if not (folder / "board.toml").exists():
            known = nearest(str(name_or_path), available())
            raise BoardError(f"there is no board {str(name_or_path)!r}; write {known}, or the path of a folder")
    table = Table.open(folder / "board.toml")
    head = table.table("board")
    inputs = tuple(_input(one) for one in table.tables("input", needed=True))
    signals = tuple(_signal(one, inputs) for one in table.tables("signal", needed=True))
    outputs = tuple(_output(one) for one in table.tables("output", needed=True))
    if len(signals) > MAX_SIGNALS:
        table.fail("signal", f"{len(signals)} are too many", f"at most {MAX_SIGNALS}")
    tick_ms = head.integer("tick_ms", 10, 10_000)
    space = Space(signals, outputs, tick_ms)
    codes, parts = catalogue.read(folder / "catalogue.toml", space)
    events = [code.event for code in codes]
    history = table.table("history")
    board = Board(
        name=folder.name,
        folder=folder,
        model=head.text("model"),
        text=head.texts("text"),
        tick_ms=tick_ms,
        history_period_ms=history.integer("period_ms", tick_ms, 600_000),
        history_depth=history.integer("depth", 2, 64),
        inputs=inputs,
        outputs=outputs,
        signals=signals,
        monitors=read_monitors(table, space, events),
        functions=_functions(table, events),
        cycle=_cycle(table, space),
        gates=_gates(table, space),
        internal=_internal(table, events),
        codes=codes,
        parts=parts,
    )
    for part in (head, history, table):
        part.done()
    _every_event_once(table, board)
    return board


def _input(table: Table) -> Input:
    made = Input(table.name(), table.text("pin"), table.text("text", ""))
    table.done()
    return made


def _output(table: Table) -> Output:
    made = Output(table.name(), table.text("pin"), table.integer("safe", -32768, 32767, 0), table.texts("text"))
    table.done()
    return made


def _signal(table: Table, inputs: tuple[Input, ...]) -> Signal:
    scale = table.integer("scale", 1, 10_000, 1)
    valid = table.raw("valid", write="the lowest and highest believable value, as in valid = [-20, 350]")
    if not (isinstance(valid, list) and len(valid) == 2 and all(isinstance(one, int | float) for one in valid)):
        table.fail("valid", f"{valid!r} does not fit", "the lowest and highest believable value, as in [-20, 350]")
    low, high = (round(one * scale) for one in valid)
    names = [one.name for one in inputs]
    points = _points(table, scale, low, high)
    wrong = convert.check(points)
    if wrong:
        table.fail("points", wrong, "[[reading, value], …] with ascending readings, in shorter pieces")
    made = Signal(
        name=table.name(),
        unit=table.text("unit", ""),
        scale=scale,
        input=names.index(table.choice("input", names)),
        purpose=ids.PURPOSE_NAMES.index(table.choice("purpose", ids.PURPOSE_NAMES, "service")),
        low=low,
        high=high,
        points=points,
        text=table.texts("text"),
    )
    table.done()
    return made


def _points(table: Table, scale: int, low: int, high: int) -> convert.Points:
    """By datasheet (`ntc`), by table (`points`), or the reading as it is."""
    if table.has("ntc"):
        ntc = table.table("ntc")
        made = convert.ntc_points(
            ntc.number("low"),
            ntc.number("high"),
            scale,
            r25=ntc.number("r25"),
            beta=ntc.number("beta"),
            pull_up=ntc.number("pull_up"),
            full=ntc.integer("full", 255, 65535),
            error=ntc.number("error", 0.4),
        )
        ntc.done()
        return made
    if table.has("points"):
        points = table.raw("points")
        try:
            return tuple((int(raw), round(value * scale)) for raw, value in points)
        except (TypeError, ValueError):
            table.fail("points", f"{points!r} does not fit", "[[reading, value], [reading, value], …]")
    return ((low - 1, low - 1), (high + 1, high + 1))


def _functions(table: Table, events: list[str]) -> tuple[Function, ...]:
    """All functions; one that needs others is switched off by whatever switches those off."""
    made: dict[str, Function] = {}
    for one in table.tables("function", needed=True):
        function = _function(one, events, made)
        made[function.name] = function
    return tuple(made.values())


def _function(table: Table, events: list[str], before: dict[str, Function]) -> Function:
    rules = table.table("inhibited_by", default={})
    inhibited_by = [(_event(rules, event, events), MASKS[rules.choice(event, MASKS)]) for event in rules.keys()]  # noqa: SIM118
    for name in table.strings("needs", []):
        if name not in before:
            table.fail("needs", f"{name!r} is not a function that stands before this one", nearest(name, before))
        inhibited_by += [rule for rule in before[name].inhibited_by if rule not in inhibited_by]
    made = Function(table.name(), table.texts("text"), table.flag("hazardous", False), tuple(inhibited_by))
    rules.done()
    table.done()
    return made


def _event(table: Table, name: str, events: list[str]) -> int:
    if name not in events:
        table.fail(name, "catalogue.toml has no code with this event", nearest(name, events))
    return events.index(name)


def _cycle(table: Table, space: Space) -> tuple[Condition, ...]:
    cycle = table.table("cycle")
    made = space.conditions(cycle, "while")
    cycle.done()
    if not made:
        cycle.fail("while", "is empty", 'what holds while the appliance works, as in while = ["program != 0"]')
    return made


def _gates(table: Table, space: Space) -> dict[str, tuple[Condition, ...]]:
    gates = table.table("gates", default={})
    made = {name: space.conditions(gates, name) for name in gates.keys()}  # noqa: SIM118
    gates.done()
    return made


def _internal(table: Table, events: list[str]) -> dict[str, int]:
    internal = table.table("internal", default={})
    made = {}
    for source in internal.keys():  # noqa: SIM118
        made[source] = events.index(internal.choice(source, events))
    return made


def _every_event_once(table: Table, board: Board) -> None:
    judged = [monitor.event for monitor in board.monitors] + list(board.internal.values())
    for event, code in enumerate(board.codes):
        count = judged.count(event)
        if count != 1:
            wrong = "is judged by nobody" if count == 0 else f"is judged by {count} monitors"
            table.fail(f'event "{code.event}"', wrong, "exactly one [[monitor]] or one line under [internal] for it")
