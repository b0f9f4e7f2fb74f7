"""The firmware as it goes into a board's flash, alive on a fake chip: relays first, a bake, a broken sensor; why it
started; numbers that never go back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trivet import boards
from trivet.sim import flat, rom
from trivet_wire import ids

WATCHDOG, POWER_ON, HARD = 3, 1, 2  # machine.*_RESET of an ESP32


@pytest.fixture(scope="session")
def image() -> Path:
    return rom.build(boards.load("oven"), chip=True)


@pytest.fixture(scope="session")
def room() -> str:
    """What the chip's room is called in it."""
    return flat.names(path for path, _ in rom.linked(boards.load("oven"), chip=True))["appliance.esp32"]


@pytest.fixture
def life(chip: Callable[..., Any], image: Path, room: str) -> Callable[..., list[dict[str, Any]]]:
    board = chip()
    board.files()

    def lived(scene: str, cause: int = POWER_ON) -> list[dict[str, Any]]:
        done = board.run("life.py", str(image), room, scene, str(cause), timeout=240)
        return [json.loads(line) for line in done.stdout.decode().splitlines() if line.startswith("{")]

    lived.folder = board.folder  # type: ignore[attr-defined]
    return lived


def named(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return next(row for row in rows if key in row)


def test_relays_are_safe_before_anything_else_and_heating_ends_with_the_sensor(life: Callable[..., Any]) -> None:
    rows = life("bake")
    seen = named(rows, "relays")
    assert [row[1] for row in seen["relays"]] == [0] * 5
    assert sorted(row[0] for row in seen["relays"]) == [16, 17, 18, 19, 21]
    assert 3_000 < seen["on"] < 6_000
    assert 20_000 < seen["off"] < 25_000
    assert seen["watchdog"] == [30_000, "fed"]
    shown = named(rows, "shown")
    assert shown["shown"].startswith("T01-1A"), shown
    assert shown["panel"].endswith(shown["shown"] + "\0")
    assert [row["task"] for row in rows if row.get("e") == "crash"] == []


def test_why_it_started_is_told_apart_further_than_the_chip_does(life: Callable[..., Any]) -> None:
    lives = (("restart", POWER_ON), ("idle", HARD), ("idle", HARD), ("idle", WATCHDOG), ("idle", POWER_ON))
    causes = [named(life(scene, chip), "nvs")["cause"] for scene, chip in lives]
    assert [ids.RESET_NAMES[cause] for cause in causes] == ["power on", "restart", "crash", "watchdog", "brown-out"]


def test_whose_turn_it_was_outlives_the_watchdog(life: Callable[..., Any]) -> None:
    life("hang")
    rows = life("idle", WATCHDOG)
    assert named(rows, "trace")["task"] == "tick"


def test_starts_are_counted_by_two_witnesses_neither_of_which_can_be_turned_back(life: Callable[..., Any]) -> None:
    folder = life.folder  # type: ignore[attr-defined]
    journal, nvs = folder / "journal.img", folder / "nvs.json"
    for _ in range(3):
        rows = life("idle")
    early = journal.read_bytes()
    started = [row["boot"] for row in rows if row.get("e") == "started"]
    assert started == [3]
    life("idle")
    journal.write_bytes(early)  # somebody puts the journal back
    assert [row["boot"] for row in life("idle") if row.get("e") == "started"] == [5]
    nvs.write_text("{}")  # and somebody erases NVS
    rows = life("idle")
    assert [row["boot"] for row in rows if row.get("e") == "started"] == [6]
    assert named(rows, "nvs")["nvs"] == {"trivet": {"boot": 6}}
