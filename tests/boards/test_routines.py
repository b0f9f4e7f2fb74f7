"""Self-tests of the three boards over their physics: a sound appliance passes all of them, a broken part fails its own,
and whatever ends one, no output is driven any more."""

from __future__ import annotations

import tomllib
from collections.abc import Callable

import pytest
from appliance.service.routines import RUNS, Routine, find, rows
from bake import Kitchen, loaded
from hypothesis import given
from hypothesis import strategies as st
from trivet import boards
from trivet.boards import routines as rules
from trivet.boards.errors import BoardError
from trivet.boards.load import assemble
from trivet.boards.reader import Table
from trivet_wire import ids
from trivet_wire.catalogue import Catalogue

BOARDS = ("oven", "dishwasher", "washer")
IDLE: dict[str, dict[str, float]] = {one: {"start_s": 1e6} for one in BOARDS}  # nobody switches it on
ALL = [(board, routine.name) for board in BOARDS for routine in boards.load(board).routines]
# What breaks, and the self-tests that say so.
BROKEN = (
    ("oven", "element_top_open", "top_element"),
    ("oven", "element_bottom_open", "bottom_element"),
    ("oven", "element_top_weak", "top_element"),
    ("oven", "cutout_open", "top_element"),
    ("oven", "fan_seized", "fan"),
    ("oven", "ntc_open", "cavity_sensor"),
    ("oven", "ntc_short", "cavity_sensor"),
    ("dishwasher", "heater_open", "heater"),
    ("dishwasher", "drain_dead", "drain_pump"),
    ("dishwasher", "pump_dead", "circulation_pump"),
    ("washer", "heater_open", "heater"),
    ("washer", "drain_dead", "drain_pump"),
    ("washer", "motor_dead", "motor"),
    ("washer", "lock_dead", "door_lock"),
)


class Packed:
    def __init__(self, board: str) -> None:
        self._files = loaded(board)[1]

    def read(self, name: str) -> bytes:
        try:
            return self._files[name]
        except KeyError:
            raise OSError(2) from None

    def piece(self, name: str, off: int, length: int) -> bytes:
        return self._files[name][off : off + length]


class Bench:
    """One appliance that nobody uses, and a self-test of it."""

    def __init__(self, board: str, name: str, fault: str | None = None) -> None:
        self.kitchen = Kitchen(board, 3, IDLE[board])
        self.kitchen.run(30)
        if fault is not None:
            self.kitchen.plant.inject(fault)
            self.kitchen.run(45)
        row = find(Packed(board), name)
        assert row is not None
        self.status = self.kitchen.manager.status
        self.catalogue = Catalogue(loaded(board)[1]["catalogue.bin"])
        self.routine = Routine(row, self.kitchen.tick, self.status, self.catalogue)
        self.safe = list(self.kitchen.board.safe)

    def start(self) -> int:
        return self.routine.start(self.kitchen.signals.values, self.kitchen.signals.validity)

    def step(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.kitchen.step()

    def finish(self) -> int:
        for _ in range(200):
            if self.routine.result != RUNS:
                break
            self.step()
        return self.routine.result

    @property
    def driven(self) -> bool:
        return list(self.kitchen.levels) != self.safe


@pytest.mark.parametrize(("board", "name"), ALL)
def test_a_sound_appliance_passes(board: str, name: str) -> None:
    bench = Bench(board, name)
    assert bench.start() == 0
    assert bench.finish() == 0
    assert bench.routine.judged == len(bench.routine.measured) > 0
    assert not bench.driven
    bench.step(20)
    assert not bench.kitchen.seen.failed, "a self-test leaves no fault behind"


@pytest.mark.parametrize(("board", "fault", "name"), BROKEN)
def test_a_broken_part_fails_its_test(board: str, fault: str, name: str) -> None:
    bench = Bench(board, name, fault)
    assert bench.start() == 0
    assert bench.finish() == ids.R_MEASURED
    assert not bench.driven


@pytest.mark.parametrize(("board", "name"), ALL)
def test_stopped_at_any_tick_the_outputs_are_safe(board: str, name: str) -> None:
    whole = sum(find(Packed(board), name).ticks)  # type: ignore[union-attr]
    for after in range(whole + 1):
        bench = Bench(board, name)
        bench.start()
        bench.step(after)
        bench.routine.stop(ids.R_STOPPED)
        assert not bench.driven
        bench.step(3)
        assert not bench.driven
        assert bench.routine.result in (ids.R_STOPPED, 0)


def _hazard(bench: Bench) -> None:
    event = next(at for at in range(len(bench.status)) if bench.catalogue.hazard(at))
    bench.status[event] |= ids.TEST_FAILED


def _cycle(bench: Bench) -> None:
    bench.kitchen.tick.in_cycle = True


def _doubt(bench: Bench) -> None:
    signals = bench.kitchen.signals
    signals.validity[bench.kitchen.board.index("program")] = ids.STALE


@pytest.mark.parametrize("forbid", [_hazard, _cycle, _doubt])
@pytest.mark.parametrize(("board", "name"), ALL)
def test_refused_while_it_is_not_safe(board: str, name: str, forbid: Callable[[Bench], None]) -> None:
    bench = Bench(board, name)
    forbid(bench)
    assert bench.start() == ids.R_UNSAFE
    assert bench.routine.result == ids.R_UNSAFE
    bench.step(3)
    assert not bench.driven


@pytest.mark.parametrize("board", BOARDS)
def test_a_hazard_or_a_person_at_the_panel_ends_it_in_that_tick(board: str) -> None:
    for name in (routine.name for routine in boards.load(board).routines):
        bench = Bench(board, name)
        bench.start()
        bench.step(2)
        _hazard(bench)
        bench.step()
        assert bench.routine.result == ids.R_UNSAFE
        assert not bench.driven


def test_a_tick_that_breaks_off_ends_it_too() -> None:
    bench = Bench("oven", "top_element")
    bench.start()
    bench.step(6)
    assert bench.driven
    bench.kitchen.tick.fail()
    assert not bench.driven
    bench.step(10)
    assert not bench.driven, "the maker's program drives again"


@given(st.sampled_from([one for one in ALL if one[0] == "oven"]), st.integers(0, 12))
def test_switched_on_in_the_middle_it_gives_way(which: tuple[str, str], after: int) -> None:
    bench = Bench(*which)
    bench.start()
    bench.step(after)
    over = bench.routine.result
    bench.kitchen.plant.set["start_s"] = 0
    bench.step()
    assert bench.routine.result == (ids.R_UNSAFE if over == RUNS else over)
    assert bench.kitchen.tick.in_cycle


def test_a_board_without_self_tests_has_none() -> None:
    class Nothing:
        def read(self, name: str) -> bytes:
            raise OSError(2)

        piece = read

    assert not list(rows(Nothing()))  # type: ignore[arg-type]


MISTAKES = {
    "no output of that name": ('{ set = { heater = 1 }, for_ms = 1000, expect = ["fan_speed < 9"] }', "is no output"),
    "a step that is too long": ("{ for_ms = 31000 }", "out of range"),
    "all steps too long": (
        '{ for_ms = 30000 }, { for_ms = 30000 }, { for_ms = 1000, expect = ["door == 0"] }',
        "too long",
    ),
    "nothing expected": ("{ set = { fan = 1 }, for_ms = 1000 }", "nothing is expected"),
    "expected for longer than it lasts": (
        '{ set = { fan = 1 }, for_ms = 1000, expect = ["fan_speed > 9 for 2 s"] }',
        "longer than the step",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_says_what_to_write(case: str) -> None:
    steps, wrong = MISTAKES[case]
    folder = boards.load("oven").folder
    table = Table.open(folder / "board.toml")
    added = tomllib.loads(f'[[routine]]\nname = "new"\ntext = {{ en = "New", de = "Neu" }}\nstep = [{steps}]')
    data = tomllib.loads((folder / "board.toml").read_text(encoding="utf-8")) | added
    with pytest.raises(BoardError, match=wrong):
        assemble(Table(table.file, "", data), Table.open(folder / "catalogue.toml"))


def test_limits_hold_for_the_boards_of_the_house() -> None:
    for name in BOARDS:
        board = boards.load(name)
        for routine in board.routines:
            assert sum(step.ticks for step in routine.steps) * board.tick_ms <= rules.WHOLE_MS
