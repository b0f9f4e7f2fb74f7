"""`trivet new`: a board that is sound, builds, boils in the real MicroPython, breaks, and switches off what it must."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from trivet import boards
from trivet.boards.check import check
from trivet.boards.scaffold import TEMPLATE, scaffold
from trivet.cli import app
from trivet.sim.world import World
from trivet_wire import ids
from typer.testing import CliRunner


def trivet(at: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "trivet.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=at)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ./tea-pot, made as a maker does it."""
    at = tmp_path_factory.mktemp("maker")
    done = trivet(at, "new", "tea-pot")
    assert done.returncode == 0, done.stderr
    assert "trivet sim ./tea-pot" in done.stdout
    return at


def outcome(at: Path, *words: str) -> dict[str, Any]:
    done = trivet(at, "sim", "./tea-pot", *words, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_new_board_has_no_mistake_and_packs(made: Path) -> None:
    assert check(made / "tea-pot") == []
    board = boards.load(made / "tea-pot")
    assert (board.name, board.model, board.text["en"]) == ("tea-pot", "TEA-POT", "Tea pot")
    assert set(boards.pack(board)) >= {"board.cbor", "catalogue.bin"}


def test_it_boils_in_the_real_firmware_and_finds_nothing(made: Path) -> None:
    found = outcome(made, "--until", "420")
    assert (found["codes"], found["inhibited"], found["ticks"]) == ([], [], 840)


def test_its_sensor_breaks_is_found_confirmed_and_heating_is_switched_off(made: Path) -> None:
    found = outcome(made, "--fault", "ntc_open@60", "--until", "120")
    (code,) = found["codes"]
    assert code["event"] == "ntc_open"
    assert code["status"] & ids.CONFIRMED
    assert found["inhibited"] == ["heat"]


@pytest.mark.slow
@pytest.mark.parametrize("fault", sorted(set(boards.plant(boards.load(TEMPLATE)).FAULTS) - {"ntc_open"}))
def test_every_other_fault_of_the_template_is_found_by_its_own_code_in_its_time(fault: str, made: Path) -> None:
    expected = boards.plant(boards.load(TEMPLATE)).FAULTS[fault]
    with World(made / "tea-pot", faults=[(fault, expected.at_s)]) as world:
        world.run_until(expected.until_s)
        state = world.state.status
    codes = world.board.codes
    confirmed = [codes[event].event for event, status in state.items() if status & ids.CONFIRMED]
    assert confirmed == [expected.expected_events[0]]


def test_nothing_of_the_template_s_name_is_left(made: Path) -> None:
    for file in (made / "tea-pot").iterdir():
        text = file.read_text(encoding="utf-8")
        assert not [name for name in ("my-kettle", "MY-KETTLE", "My kettle") if name in text]


@pytest.mark.parametrize("name", ["", "1st", "tea pot", "../up", "tea--pot", "thé", "a" * 25])
def test_a_name_that_is_none_is_refused_with_one_that_would_be(name: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["new", "--at", str(tmp_path), "--", name])
    assert done.exit_code == 2
    assert "as in my-kettle" in done.output
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    scaffold("pot", tmp_path)
    before = {file: file.read_bytes() for file in (tmp_path / "pot").iterdir()}
    done = CliRunner().invoke(app, ["new", "pot", "--at", str(tmp_path)])
    assert done.exit_code == 2
    assert "already there" in done.output
    assert {file: file.read_bytes() for file in (tmp_path / "pot").iterdir()} == before
