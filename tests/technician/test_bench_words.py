"""Every command of the bench before a simulated oven at a real pseudo-terminal: words for people, JSON for programs,
exit codes for scripts."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench_kit import appliance, port, technician, when_heard, when_said
from click.testing import Result
from trivet.cli import app
from trivet.commands import plug
from trivet.sim.port import Port
from trivet.technician import exits
from trivet_wire import ids
from typer.testing import CliRunner

BROKEN = ",fault=element_top_open@600,from=700,set=start_s=300"
AT_REST = ",from=5,set=start_s=1000000"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return technician(tmp_path_factory.mktemp("technician") / "ada.json")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    """In the middle of a bake, its upper element burnt through."""
    with port(appliance(tmp_path_factory.mktemp("broken")), BROKEN) as made:
        yield made


@pytest.fixture
def resting(tmp_path: Path) -> Iterator[Port]:
    with port(appliance(tmp_path / "resting"), AT_REST) as made:
        yield made


def trivet(at: Port, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--port", str(at.path)])


def said(result: Result, code: int = exits.DONE) -> Any:
    """The object of the last line."""
    assert result.exit_code == code, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_codes_for_people_and_programs_in_both_languages(broken: Port) -> None:
    shown = trivet(broken, "codes")
    assert shown.exit_code == exits.DONE
    for text in ("Oven TO-60", "H01-1R", "ACTIVE", "Upper element does not heat", "Switched off by it: Top heat"):
        assert text in shown.stdout
    german = trivet(broken, "codes", "--language", "de").stdout
    assert "AKTIV" in german
    assert "Oberhitze heizt nicht" in german
    (found,) = said(trivet(broken, "codes", "--json"))["codes"]
    assert (found["code"], found["state"], found["off"]) == ("H01-1R", "active", ["top_heat"])
    every = said(trivet(broken, "codes", "--all", "--json"))
    assert len(every["codes"]) == len(broken.world.board.codes)
    assert every["who"]["model"] == "TO-60"


def test_a_healthy_appliance_says_so(resting: Port) -> None:
    assert "No code." in trivet(resting, "codes").stdout
    assert said(trivet(resting, "codes", "--json"))["codes"] == []


def test_show_has_advice_parts_and_the_evidence_as_curves_with_their_limits(broken: Port) -> None:
    shown = trivet(broken, "show", "h011r")
    assert shown.exit_code == exits.DONE
    for text in ("1.  Isolate the appliance", "EL-1600", "Heater current [A]", "- - limit", "FDC 127", "test_failed"):
        assert text in shown.stdout
    assert any("\u2801" <= one <= "\u28ff" for one in shown.stdout)
    found = said(trivet(broken, "show", "H01-1R", "--json"))
    assert found["causes"][0]["part"] == "EL-1600"
    assert len(found["frames"]) > 5
    assert found["frames"][-1]["s"] == 0
    assert set(found["frames"][-1]["values"]) <= set(found["units"])
    assert {one["signal"] for one in found["signals"]} == {"heater_current", "mains_voltage"}


def test_show_translates_what_the_appliance_says_in_its_own_language(broken: Port) -> None:
    german = trivet(broken, "show", "H01-1R", "--language", "de").stdout
    for text in ("Gerät spannungsfrei schalten", "Oberhitze-Heizkörper 1600 W", "Was zu tun ist", "Heizstrom"):
        assert text in german


def test_a_code_that_the_appliance_does_not_have_or_that_is_misread_is_refused(broken: Port) -> None:
    assert trivet(broken, "show", "L01-1U").exit_code == exits.REFUSED
    assert said(trivet(broken, "show", "H01-1K", "--json"), exits.REFUSED)["refused"] == ids.R_FIELD


def test_live_values_with_units_and_validity(broken: Port) -> None:
    shown = trivet(broken, "live", "--count", "1")
    assert "Mains voltage" in shown.stdout
    lines = trivet(broken, "live", "heater_current", "--count", "3", "--every", "0.5", "--json").stdout.splitlines()
    looks = [json.loads(line) for line in lines]
    assert len(looks) == 3
    assert looks[0]["units"] == {"heater_current": "A"}
    assert looks[2]["at_ms"] - looks[0]["at_ms"] >= 1000
    assert looks[0]["values"]["heater_current"][1] == "valid"
    assert said(trivet(broken, "live", "nothing", "--json"), exits.REFUSED)["refused"] == ids.R_CATALOGUE


def test_live_goes_on_when_a_pulled_cable_is_back(resting: Port) -> None:
    when_said(resting, b'"t":', lambda: resting.interrupt(1.0))
    done = trivet(resting, "live", "mains_voltage", "--count", "8", "--every", "0.5", "--json")
    assert done.exit_code == exits.DONE
    assert len(done.stdout.splitlines()) == 8
    assert "the cable is out" in done.stderr
    assert "the cable is back" in done.stderr


def test_monitor_tells_what_happens(resting: Port) -> None:
    def decides() -> None:
        """Again and again: `watch` begins a moment after it was heard."""
        for word in ("yes", "no") * 5:
            resting.do(lambda world, word=word: world.say(f"consent service {word}"))
            time.sleep(0.4)

    when_heard(resting, b"watch", decides)
    done = trivet(resting, "monitor", "--seconds", "5", "--json")
    assert done.exit_code == exits.DONE
    assert "consent" in [json.loads(line)["e"] for line in done.stdout.splitlines()]


def test_without_a_credential_nothing_is_done_and_the_answer_says_what_it_needs(broken: Port) -> None:
    for words in (("clear", "all"), ("fix", "relearn"), ("test", "top_element")):
        done = trivet(broken, *words)
        assert done.exit_code == exits.NO_GRANT, done.output
        assert "--credential" in done.stderr
    assert said(trivet(broken, "codes", "--json"))["codes"]


def test_a_technician_clears_after_a_repair_and_what_it_was_can_still_be_read(broken: Port, file: Path) -> None:
    assert said(trivet(broken, "clear", "H01-1R", "--credential", str(file), "--json")) == {"cleared": "H01-1R"}
    assert said(trivet(broken, "show", "H01-1R", "--json"))["cleared"]["boot"] == 1


def test_self_tests_are_listed_run_and_measured(resting: Port, file: Path) -> None:
    rows = said(trivet(resting, "test", "--json"))
    assert [one["name"] for one in rows] == [one.name for one in resting.world.board.routines]
    name = rows[0]["name"]
    assert name in trivet(resting, "test").stdout
    done = trivet(resting, "test", name, "--credential", str(file))
    assert done.exit_code == exits.DONE, done.output
    assert "PASSED" in done.stdout
    assert "should be" in done.stdout


def test_a_self_test_that_fails_ends_with_its_own_exit_code(tmp_path: Path, file: Path) -> None:
    with port(appliance(tmp_path / "oven"), ",fault=element_top_open@1,from=5,set=start_s=1000000") as made:
        names = [one["name"] for one in said(trivet(made, "test", "--json"))]
        ends = {
            name: trivet(made, "test", name, "--credential", str(file), "--json").exit_code
            for name in names
            if "top" in name
        }
    assert set(ends.values()) == {exits.FAILED}, ends


def test_while_it_works_a_self_test_is_refused(tmp_path: Path, file: Path) -> None:
    with port(appliance(tmp_path / "oven"), ",from=400,set=start_s=300") as made:
        name = made.world.board.routines[0].name
        done = said(trivet(made, "test", name, "--credential", str(file), "--json"), exits.REFUSED)
        assert done["refused"] == ids.R_UNSAFE


def test_fixes_are_listed_and_done(resting: Port, file: Path) -> None:
    names = [one["name"] for one in said(trivet(resting, "fix", "--json"))]
    assert "relearn" in names
    assert said(trivet(resting, "fix", "relearn", "--credential", str(file), "--json")) == {"fixed": "relearn"}


def test_a_credential_for_another_region_or_role_is_refused_with_the_appliance_s_words(
    resting: Port, tmp_path: Path
) -> None:
    swiss = technician(tmp_path / "swiss.json", regions=("CH",))
    done = trivet(resting, "clear", "all", "--credential", str(swiss))
    assert done.exit_code == exits.NO_GRANT
    assert str(ids.R_REGION) in done.stderr
    reader = technician(tmp_path / "tester.json", may=1 << ids.ROLE_NAMES.index("test"))
    done = trivet(resting, "clear", "all", "--credential", str(reader), "--json")
    assert said(done, exits.REFUSED)["refused"] == ids.R_ROLE


def test_a_file_that_is_no_credential_is_refused_before_the_port_is_touched(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    done = CliRunner().invoke(app, ["clear", "all", "--port", "/dev/ttyNONE", "--credential", str(wrong)])
    assert done.exit_code == exits.USAGE
    assert "no technician's file" in done.stderr


def test_a_port_that_is_not_there_and_a_simulated_board_that_is_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["codes", "--port", "/dev/ttyNONE", "--json"])
    assert said(done, exits.NO_BOARD)["exit"] == exits.NO_BOARD
    done = CliRunner().invoke(app, ["codes", "--port", "sim:ovn"])
    assert done.exit_code == exits.USAGE
    assert "oven" in done.stderr


def test_a_simulated_board_stands_in_for_a_port() -> None:
    done = CliRunner().invoke(app, ["codes", "--port", "sim:washer,from=5", "--json"])
    assert said(done)["who"]["model"] == "TW-80"


def test_plug_leaves_a_simulated_board_there_for_others() -> None:
    command = [sys.executable, "-m", "trivet.cli", "plug", "sim:oven", "--seconds", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as board:
        assert board.stdout is not None
        path = board.stdout.readline().strip()
        done = CliRunner().invoke(app, ["codes", "--port", path, "--json"])
        board.terminate()
    assert said(done)["who"]["model"] == "TO-60"
    assert CliRunner().invoke(plug.app, ["oven"]).exit_code == exits.USAGE


def test_every_exit_code_has_words_in_both_languages_and_no_number_is_given_twice() -> None:
    numbers = [value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)]
    assert sorted(numbers) == sorted(exits.EXITS) == list(range(len(numbers)))
    assert all(len(words) == 2 and all(words) for words in exits.EXITS.values())
