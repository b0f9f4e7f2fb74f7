"""The benches of the fault manager measure what they say: each once, small, and their judges on made-up outcomes.

Figures themselves come from `tools/bench` and `tools/heap`; nothing here asserts how good they are, but nothing
allocated and the RAM of catalogue rows, which are promises.
"""

from pathlib import Path

import pytest
from trivet import boards
from trivet.bench import Options, confusion, confusion_table, generated, room, tick
from trivet.bench.confusion import Outcome, Task, expected_off, home, judge
from trivet.boards.kinds import kinds

OVEN = boards.load("oven")


def quiet(_text: str) -> None: ...


def outcome(fault: str, confirmed: dict[str, float], off: list[str], seed: int = 1, trouble: str = "") -> Outcome:
    return Outcome(Task("oven", fault, seed), confirmed, off, trouble)


# generated boards


def test_a_generated_board_has_every_kind_of_monitor_and_loads_as_a_maker_s(tmp_path: Path) -> None:
    board = generated.write(tmp_path / "made", tick.SIGNALS, tick.MONITORS)
    assert (len(board.signals), len(board.monitors), len(board.codes)) == (24, 60, 60)
    assert {monitor.kind for monitor in board.monitors} == set(kinds())
    assert generated.write(tmp_path / "made", tick.SIGNALS, tick.MONITORS) == board


# tick


def test_the_tick_of_sixty_monitors_allocates_nothing_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick.shutil, "which", lambda _name: None)
    result = tick.run(Options(n=300, say=quiet))
    assert (result["signals"], result["monitors"], result["alloc"]) == (24, 60, 0)
    assert result["events_that_failed"] > 5
    assert result["instructions_per_monitor"] is None
    assert not tick.sound(result), "without valgrind a run says that it did not count"
    assert tick.sound(result | {"instructions_per_monitor": 1})
    assert not tick.sound(result | {"instructions_per_monitor": 1, "alloc": 16})


# the fault room


def test_two_hundred_catalogue_rows_cost_less_than_three_kilobytes() -> None:
    result = room.measure(quiet)
    assert result["rows_ram"] < 3 * 1024
    assert result["heap"]["all"] == sum(size for part, size in result["heap"].items() if part != "all")
    assert result["mpy"] > 1000


# confusion


def test_right_wrong_silent_and_healthy_outcomes_are_told_apart() -> None:
    off = expected_off(OVEN, ("ntc_open",))
    assert off, "a broken sensor switches something off"
    result = judge(
        {"oven": OVEN},
        [
            outcome("ntc_open", {"ntc_open": 5.0}, off),
            outcome("ntc_open", {"ntc_open": 7.0, "door_switch": 9.0}, off, 2),
            outcome("ntc_open", {}, [], 3),
            outcome("", {}, []),
            outcome("", {"gasket_leak": 60.0}, [], 2),
        ],
    )
    assert (result["runs"], result["healthy_runs"], result["false_confirmed"]) == (3, 2, 1)
    assert (result["right_code"], result["right_inhibition"]) == (1, 2)
    assert result["delay_s"] == {"oven/ntc_open": 6.0}
    row = result["faults"]["oven/ntc_open"]
    assert (row["confirmed"], row["silent"]) == ({"ntc_open": 2, "door_switch": 1}, 1)
    assert [one["seed"] for one in row["wrong"]] == [2, 3]
    assert confusion.sound(result)
    assert confusion_table.columns(result, "oven") == ["ntc_open", "door_switch", "gasket_leak"]


def test_a_run_that_broke_off_is_not_sound() -> None:
    good = [outcome("ntc_open", {}, []), outcome("", {}, [])]
    assert confusion.sound(judge({"oven": OVEN}, good))
    assert not confusion.sound(judge({"oven": OVEN}, [*good, outcome("ntc_short", {}, [], trouble="crash at 7 s")]))
    assert not confusion.sound(judge({"oven": OVEN}, good[:1]))


def test_the_right_functions_are_those_of_board_toml() -> None:
    for index, code in enumerate(OVEN.codes):
        named = sorted(one.name for one in OVEN.functions if index in dict(one.inhibited_by))
        assert set(expected_off(OVEN, (code.event,))) <= set(named)


def test_homes_differ_and_stay_sensible() -> None:
    import random

    for name in boards.available():
        board = boards.load(name)
        settings = boards.plant(board).SETTINGS
        homes = [home(board, random.Random(seed)) for seed in range(30)]
        assert len({tuple(one.items()) for one in homes}) == 30
        for one in homes:
            assert set(one) <= set(settings)
            assert 207 <= one["mains_v"] <= 253
            boards.plant(board).Plant(1, {key: row[0] for key, row in settings.items()} | one)


@pytest.mark.slow
def test_one_fault_in_the_real_firmware_gives_its_code_and_its_inhibition() -> None:
    played = confusion.play(Task("oven", "ntc_open", 1))
    assert played.trouble == ""
    assert list(played.confirmed) == ["ntc_open"]
    assert played.off == expected_off(OVEN, ("ntc_open",))


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    from trivet.bench.confusion_plot import draw

    result = judge({"oven": OVEN}, [outcome("ntc_open", {"ntc_open": 5.0}, []), outcome("", {}, [])])
    draw(result, tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").read_bytes()[:4] == b"\x89PNG"
