"""Reads boards/<name>/board.toml and catalogue.toml. Takes a name or a folder, gives a `Board`; writes nothing.

Physical quantities in the files become the appliance's integers here, once. A mistake raises BoardError.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trivet_wire import ids

from trivet import paths

from . import catalogue, convert, pins
from .care import read_care
from .errors import NOTHING, BoardError, Mistake, Place
from .holds import read_holds
from .models import Board, Condition, Function, Input, Output, Signal
from .monitors import Space, read_monitors
from .reader import Table, nearest
from .routines import read_routines, unknown_causes
from .storage import read_storage

MASKS = {
    "last_failed": ids.INHIBIT_LAST_FAILED,
    "confirmed": ids.INHIBIT_CONFIRMED,
    "not_tested": ids.INHIBIT_NOT_TESTED,
    "tested_and_failed": ids.INHIBIT_TESTED_AND_FAILED,
}
MAX_HELP = 80  # characters: a picture that a terminal of 80 columns shows
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
    board = assemble(Table.open(folder / "board.toml"), Table.open(folder / "catalogue.toml"))
    for complaint in complaints(board):
        raise complaint
    return board


def assemble(table: Table, rows: Table) -> Board:
    """The board of an open board.toml and catalogue.toml; what must fit across both is left to `complaints`."""
    folder = table.file.parent
    head = table.table("board")
    inputs = tuple(_input(one) for one in table.tables("input", needed=True))
    signals = tuple(_signal(one, inputs) for one in table.tables("signal", needed=True))
    outputs = tuple(_output(one) for one in table.tables("output", needed=True))
    tick_ms = head.integer("tick_ms", 10, 10_000, usual=500)
    space = Space(signals, outputs, tick_ms)
    care = read_care(rows)
    codes, parts = catalogue.read(rows, space)
    events = [code.event for code in codes]
    history = table.table("history")
    gates = _gates(table, space)
    board = Board(
        name=folder.name,
        folder=folder,
        model=head.text("model"),
        text=head.texts("text"),
        help=_help(head),
        tick_ms=tick_ms,
        history_period_ms=history.integer("period_ms", tick_ms, 600_000),
        history_depth=history.integer("depth", 2, 64),
        inputs=inputs,
        outputs=outputs,
        signals=signals,
        monitors=read_monitors(table, space, events),
        functions=_functions(table, events),
        cycle=_cycle(table, space),
        gates=gates,
        internal=_internal(table, events),
        storage=read_storage(table, space, events),
        codes=codes,
        parts=parts,
        care=care,
        holds=read_holds(table, space),
        routines=read_routines(table, space, {one.name: one.safe for one in outputs}, gates),
        chip=_chip(table),
    )
    for part in (head, history, table):
        part.done()
    return board


def _help(head: Table) -> str:
    """What a telephone reads from the appliance's picture of a code."""
    text = head.text("help", "{code}")
    if "{code}" not in text or not text.isascii() or len(text) > MAX_HELP:
        write = (
            f'an address with {{code}} in it, at most {MAX_HELP} characters, as in "https://example.com/codes/{{code}}"'
        )
        head.fail("help", f"{text!r} does not fit", write)
    return text


def _input(table: Table) -> Input:
    made = Input(table.name(), _pin(table), table.text("text", ""))
    table.done()
    return made


def _output(table: Table) -> Output:
    made = Output(table.name(), _pin(table, output=True), table.integer("safe", -32768, 32767, 0), table.texts("text"))
    table.done()
    return made


def _pin(table: Table, key: str = "pin", output: bool = False) -> str:
    text = table.text(key)
    try:
        pins.row(text, output)
    except pins.PinError as error:
        table.fail(key, error.problem, error.instead, stand="?")
    return text


def _chip(table: Table) -> pins.Chip:
    chip = table.table("chip", default={})
    bus = chip.raw("i2c", None)
    if bus is not None and not (isinstance(bus, list) and len(bus) == 2 and all(isinstance(one, int) for one in bus)):
        chip.fail("i2c", f"{bus!r} does not fit", "its pins sda and scl, as in i2c = [21, 22]")
    button = _pin(chip, "button") if chip.has("button") else ""
    if button and pins.row(button)[0] != pins.GPIO:
        chip.fail("button", f"{button!r} is no contact", "gpio 0 up low", stand="gpio 0 up low")
    made = pins.Chip(
        kind=chip.choice("kind", pins.CHIPS, "esp32"),
        flash_mb=chip.integer("flash_mb", 4, 16, 4),
        i2c=(bus[0], bus[1]) if bus else None,
        button=button,
    )
    chip.done()
    return made


def _signal(table: Table, inputs: tuple[Input, ...]) -> Signal:
    scale = table.integer("scale", 1, 10_000, 1)
    valid = table.raw("valid", write="the lowest and highest believable value, as in valid = [-20, 350]", stand=[0, 1])
    if not (isinstance(valid, list) and len(valid) == 2 and all(_quantity(one) for one in valid)):
        write = "the lowest and highest believable value, as in [-20, 350]"
        table.fail("valid", f"{valid!r} does not fit", write, stand=[0, 1])
    low, high = (round(one * scale) for one in valid)
    if low > high:
        table.fail("valid", f"{valid} is the wrong way round", f"valid = [{valid[1]}, {valid[0]}]", stand=valid[::-1])
    names = [one.name for one in inputs]
    points = _points(table, scale, low, high)
    wrong = convert.check(points)
    if wrong:
        key = "ntc" if table.has("ntc") else "points" if table.has("points") else "valid"
        stand = [0, 1] if key == "valid" else NOTHING
        table.fail(key, wrong, "[[reading, value], …] with ascending readings, in shorter pieces", stand=stand)
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
        return _ntc_points(table.table("ntc"), scale)
    if table.has("points"):
        points = table.raw("points")
        try:
            return tuple((int(raw), round(value * scale)) for raw, value in points)
        except (TypeError, ValueError, OverflowError):
            table.fail("points", f"{points!r} does not fit", "[[reading, value], [reading, value], …]")
    return ((low - 1, low - 1), (high + 1, high + 1))


def _functions(table: Table, events: list[str]) -> tuple[Function, ...]:
    """All functions; one that needs others is switched off by whatever switches those off."""
    made: dict[str, Function] = {}
    for one in table.tables("function", needed=True):
        function = _function(one, events, made)
        if function.name in made:
            one.fail("name", f'"{function.name}" stands twice', "another name", stand=f"{function.name}_{len(made)}")
        made[function.name] = function
    return tuple(made.values())


def _ntc_points(ntc: Table, scale: int) -> convert.Points:
    number = {key: ntc.number(key) for key in ("low", "high", "r25", "beta", "pull_up")}
    for key in ("r25", "beta", "pull_up"):
        if number[key] <= 0:
            ntc.fail(key, f"{number[key]} does not fit", "the datasheet's value, above 0", stand=10_000)
    if not -99 <= number["high"] <= 1000:
        ntc.fail("high", f"{number['high']} does not fit", "the table's highest temperature, up to 1000", stand=150)
    if not -100 <= number["low"] < number["high"]:
        wrong = f"{number['low']} does not fit"
        ntc.fail("low", wrong, f"a temperature from -100 to below high = {number['high']}", stand=-100)
    full, error = ntc.integer("full", 255, 65535), ntc.number("error", 0.4)
    if not 0.01 <= error <= 50:
        ntc.fail("error", f"{error} does not fit", "degrees, 0.01 to 50", stand=0.4)
    ntc.done()
    try:
        return convert.ntc_points(scale=scale, full=full, error=error, **number)
    except (ValueError, ZeroDivisionError, OverflowError):
        ntc.fail("", "gives no readings between low and high", "the resistances and beta of the datasheet")


def _quantity(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < convert.LIMIT


def _function(table: Table, events: list[str], before: dict[str, Function]) -> Function:
    rules = table.table("inhibited_by", default={})
    inhibited_by = [(_event(rules, event, events), MASKS[rules.choice(event, MASKS)]) for event in rules.keys()]  # noqa: SIM118
    for name in table.strings("needs", []):
        if name not in before:
            wrong = f"{name!r} is not a function that stands before this one"
            table.fail("needs", wrong, nearest(name, before), name)
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
        write = 'what holds while the appliance works, as in while = ["program != 0"]'
        cycle.fail("while", "is empty", write, stand=[f"{space.names()[0]} != 0"])
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


def complaints(board: Board) -> Iterator[Mistake]:
    """What does not fit although each table does by itself."""
    yield from unknown_causes(board)
    file = board.folder / "board.toml"
    if len(board.signals) > MAX_SIGNALS:
        wrong = f"{len(board.signals)} are too many"
        yield Mistake(
            file, "signal", ("signal", MAX_SIGNALS), wrong, f"at most {MAX_SIGNALS}: a freeze frame names them by bits"
        )
    for key, twice in (("input", board.inputs), ("signal", board.signals), ("output", board.outputs)):
        names = [one.name for one in twice]
        before = [one.name for one in board.signals] if key == "output" else []
        for at, name in enumerate(names):
            if name in names[:at] or name in before:
                path: Place = (key, at, "name")
                yield Mistake(file, f'{key} "{name}"', path, f'"{name}" stands twice', "another name")
    judged = [monitor.event for monitor in board.monitors] + list(board.internal.values())
    once = "exactly one [[monitor]] or one line under [internal] for it"
    for event, code in enumerate(board.codes):
        count = judged.count(event)
        if count == 0:
            path = ("code", event, "event")
            yield Mistake(file.with_name("catalogue.toml"), f'event "{code.event}"', path, "is judged by nobody", once)
        elif count > 1:
            wrong = f"is judged by {count} monitors"
            yield Mistake(file, f'event "{code.event}"', ("monitor",), wrong, once, item=code.event)
