"""Counting monitors: events per window, and counts of a lifetime that restarts do not forget."""

import shutil
from array import array
from pathlib import Path

import pytest
from appliance.sense.board import Board
from appliance.sense.monitors import Monitors
from appliance.sense.monitors.count import Count
from appliance.sense.monitors.lifetime import Lifetime
from appliance.service.normals import Normals
from appliance.sim.flash import FileFlash
from appliance.store.journal import Journal
from trivet import boards, paths
from trivet_wire.ids import FAILED, NOT_RUN, PASSED

VALIDITY = bytearray(1)


def count(limit: int = 3, window: int = 80) -> Count:
    return Count(array("i", [0, limit, window, 0]))


def tick(monitor: Count | Lifetime, level: int) -> int:
    return monitor.check(array("i", [level]), VALIDITY)


def pulse(monitor: Count | Lifetime, times: int = 1) -> int:
    """Off, on, `times` over; gives the last verdict."""
    verdict = NOT_RUN
    for _ in range(times):
        tick(monitor, 0)
        verdict = tick(monitor, 1)
    return verdict


def test_as_many_as_the_limit_pass_and_one_more_fails() -> None:
    monitor = count(limit=3)
    assert pulse(monitor, 3) == PASSED
    assert pulse(monitor) == FAILED


def test_what_is_on_at_start_did_not_rise() -> None:
    monitor = count(limit=0)
    assert tick(monitor, 1) == PASSED
    assert pulse(monitor) == FAILED


def test_a_level_that_stays_counts_once() -> None:
    monitor = count(limit=1)
    pulse(monitor)
    assert all(tick(monitor, 1) == PASSED for _ in range(60))


def test_a_burst_is_forgotten_with_its_window() -> None:
    monitor = count(limit=3, window=80)
    assert pulse(monitor, 4) == FAILED
    verdicts = [tick(monitor, 0) for _ in range(81)]
    assert verdicts[:60] == [FAILED] * 60
    assert verdicts[-1] == PASSED


def test_it_counts_on_while_its_conditions_do_not_hold_but_not_on_a_doubted_signal() -> None:
    monitor = count(limit=1)
    for level in (0, 1, 0, 1):
        assert monitor.rest(array("i", [level]), True) == NOT_RUN
    assert tick(monitor, 1) == FAILED
    doubted = count(limit=1)
    for level in (0, 1, 0, 1):
        doubted.rest(array("i", [level]), False)
    assert tick(doubted, 1) == PASSED


def test_a_lifetime_fails_beyond_its_limit_and_asks_to_be_kept_now_and_then() -> None:
    monitor = Lifetime(array("i", [0, 5, 4, 0]))
    assert pulse(monitor, 5) == PASSED
    assert monitor.dirty
    assert pulse(monitor) == FAILED


@pytest.mark.parametrize("kept", [[], [1, 2], [-1], [1 << 30]])
def test_what_is_no_count_is_not_adopted(kept: list[int]) -> None:
    monitor = Lifetime(array("i", [0, 5, 4, 0]))
    with pytest.raises(ValueError, match="one count"):
        monitor.adopt(array("i", kept))


def oven(folder: Path, limit: int) -> Board:
    """The oven, its door's hinge counted: from data alone."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(paths.boards() / "oven", folder)
    head, *monitors = (folder / "board.toml").read_text().split("[[monitor]]")
    keep = [text for text in monitors if 'event = "relays_worn"' not in text]
    keep.append(f'\nevent = "relays_worn"\nkind = "lifetime"\nsignal = "door"\nlimit = {limit}\nkept = 8\n')
    (folder / "board.toml").write_text("[[monitor]]".join([head, *keep]))
    return Board(boards.pack(boards.load(folder))["board.cbor"])


def started(board: Board, image: Path) -> tuple[Lifetime, Normals]:
    """As at power-on: what was kept is adopted."""
    journal = Journal(FileFlash(str(image), 16))
    journal.mount()
    [monitor] = Monitors(board, bytearray(board.n_events)).learners
    assert isinstance(monitor, Lifetime)
    return monitor, Normals(board, [monitor], journal)


def door(board: Board, monitor: Lifetime, times: int) -> int:
    """Open the door so often; gives the last verdict."""
    verdict = NOT_RUN
    values = array("i", [0] * (board.n_signals + board.n_outputs))
    for level in (0, 1) * times:
        values[board.index("door")] = level
        verdict = monitor.check(values, bytearray(len(values)))
    return verdict


def test_a_lifetime_goes_on_after_restarts_and_under_another_limit(tmp_path: Path) -> None:
    image = tmp_path / "journal.img"
    board = oven(tmp_path / "oven", limit=20)
    for life in range(3):
        monitor, normals = started(board, image)
        assert monitor.count == 8 * life
        assert door(board, monitor, 8) == (PASSED if life < 2 else FAILED)
        normals.poll()
    patient = oven(tmp_path / "oven", limit=1000)
    monitor, normals = started(patient, image)
    assert monitor.count == 24
    assert door(patient, monitor, 1) == PASSED
    assert normals.relearn() == 0
    assert started(patient, image)[0].count == 24


def test_a_count_belongs_to_its_event_wherever_a_later_board_puts_its_monitor(tmp_path: Path) -> None:
    board = oven(tmp_path / "oven", limit=20)
    made = []
    for order in ((7, 3), (3, 7)):
        journal = Journal(FileFlash(str(tmp_path / "journal.img"), 16))
        journal.mount()
        monitors = {event: Lifetime(array("i", [0, 100, 1, 0])) for event in order}
        for event, monitor in monitors.items():
            monitor.event = event
        normals = Normals(board, list(monitors.values()), journal)
        made.append({event: monitor.count for event, monitor in monitors.items()})
        for event, monitor in monitors.items():
            pulse(monitor, event)
        normals.poll()
    assert made == [{7: 0, 3: 0}, {7: 7, 3: 3}]
