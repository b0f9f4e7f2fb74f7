"""The real firmware in its world: bakes that go well, one that does not, a power cut at any moment, and the command."""

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from trivet.cli import app
from trivet.sim.consent import consent_line, text_hash
from trivet.sim.device import Device
from trivet.sim.errors import SimulationError
from trivet.sim.world import Event, World
from trivet_wire import ids
from typer.testing import CliRunner


def trivet(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "trivet.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def outcome(*words: str) -> dict:
    done = trivet("sim", "oven", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_healthy_bake_finds_nothing_and_tells_nothing_but_the_consent_and_that_it_is_in_the_ledger() -> None:
    found = outcome("--until", "900", "--seed", "3", "--set", "mains_v=215")
    assert (found["codes"], found["inhibited"], found["messages"], found["ticks"]) == ([], [], 2, 1800)


def test_a_broken_element_is_found_and_only_what_needs_it_is_switched_off() -> None:
    found = outcome("--fault", "element_top_open@120", "--until", "300")
    (code,) = found["codes"]
    assert code["event"] == "element_top_open"
    assert code["status"] & ids.CONFIRMED
    assert 120 < code["at_s"] < 240
    assert found["inhibited"] == ["top_heat"]
    assert found["messages"] == 4  # consent, the ledger's head, fault, evidence


def test_without_consent_nothing_is_recorded_for_sending() -> None:
    found = outcome("--fault", "element_top_open@120", "--until", "300", "--set", "consent=none")
    assert [code["event"] for code in found["codes"]] == ["element_top_open"]
    assert found["messages"] == 0


def test_faults_found_before_the_yes_are_told_after_it_without_their_frames_and_withdrawing_empties_the_queue() -> None:
    with World("oven", faults=[("element_top_open", 120)]) as world:
        world.run_until(240)
        assert world.state.queued == 0
        world.say(consent_line("service", True))
        world.run_until(242)
        kinds = [event.data["kind"] for event in world.events if event.kind == "queued"]
        assert sorted(kinds) == ["consent", "fault", "ledger"]  # a frame captured under a no stays in the house
        world.say(consent_line("service", False))
        assert world.state.left == 3  # both decisions and the ledger's head, which go under `safety`


def test_the_line_says_what_was_allowed_since_when_and_on_which_text() -> None:
    with World("oven", language="de") as world:
        world.say(consent_line("service", True, "de"))
        world.run_until(2)
        world.say("consent")
        said = [event.data["text"] for event in world.events if event.kind == "said"]
    assert said[0] == "Sicherheit: immer, das Gesetz verlangt es"
    assert said[1].startswith("Kundendienst: ja, ")
    assert said[1].endswith(f"am Gerät, Text {text_hash('service', 'de'):08x}")
    assert said[2:] == [f"{purpose}: nein, nie entschieden" for purpose in ("Bessere Produkte", "Für Sie", "Angebote")]


@pytest.mark.parametrize(
    "line", ["", "consent all", "consent all yes", "consent service yes en zz", "consent safety no", "x" * 999]
)
def test_a_line_that_makes_no_sense_is_answered_and_changes_nothing(line: str) -> None:
    with World("oven") as world:
        world.say(line)
        world.run_until(2)
        assert [event.data["line"] for event in world.events if event.kind == "misunderstood"] == [line[:200]]
        assert world.state.queued == 0


def test_the_display_says_what_is_wrong_in_the_owner_s_language() -> None:
    with World("oven", faults=[("element_top_open", 120)], language="de") as world:
        world.run_until(240)
        shown = world.state.display
    assert shown.startswith("H01-1R")
    assert "Funktioniert weiter: Heizen, Unterhitze" in shown


def confirmed(events: list[Event]) -> set[str]:
    faults = [event.data for event in events if event.kind == "fault"]
    return {fault["code"] for fault in faults if fault["status"] & ids.CONFIRMED}


def test_killed_at_random_moments_it_starts_again_with_every_confirmed_fault(tmp_path: Path) -> None:
    chance = random.Random(7)
    known: set[str] = set()
    boots = []
    world = World("oven", Device(tmp_path), faults=[("element_top_open", 120), ("fan_seized", 200)])
    with world:
        world.say(consent_line("service", True))
        for _ in range(12):
            assert world.appliance is not None
            shot = threading.Timer(chance.uniform(0.05, 0.6), world.appliance.process.kill)
            shot.start()
            with pytest.raises(SimulationError):
                world.run_until(100_000)
            known |= confirmed(world.events)
            heard = len(world.events)
            world.restart()
            world.step()
            again = world.events[heard:]
            boots += [event.data["boot"] for event in again if event.kind == "started"]
            assert known <= confirmed(again)
    assert boots == sorted(set(boots))
    assert known


def test_an_exception_in_the_control_program_is_a_crash_and_outputs_go_safe(tmp_path: Path) -> None:
    import shutil

    from trivet import boards

    folder = tmp_path / "oven"
    shutil.copytree(boards.load("oven").folder, folder)
    drivers = folder / "drivers.py"
    text = drivers.read_text(encoding="utf-8")
    broken = text.replace('"""Drive the outputs for the next tick."""', "1 // (now // 200000 - 1)")
    assert broken != text
    drivers.write_text(broken, encoding="utf-8")
    with World(folder) as world:
        world.say(consent_line("service", True))
        world.run_until(200)
        (crash,) = [event for event in world.events if event.kind == "crash"][:1]
        assert (crash.data["task"], crash.data["file"]) == ("tick", "drivers.py")
        assert world.outputs == (0,) * 5
        world.run_until(420)
        kinds = [event.data["kind"] for event in world.events if event.kind == "queued"]
        assert "crash" in kinds
        assert any(world.outputs)  # the task went on


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("ovn",), "oven"),
        (("oven", "--fault", "element_topopen"), "did you mean element_top_open"),
        (("oven", "--fault", "ntc_open@soon"), "seconds"),
        (("oven", "--set", "mains_v"), "KEY=VALUE"),
        (("oven", "--set", "mains_v=high"), "a number"),
        (("oven", "--set", "mainsv=230"), "did you mean mains_v"),
        (("oven", "--set", "consent=all"), "service"),
    ],
)
def test_a_wrong_word_is_answered_with_what_would_be_right(words: tuple[str, ...], hint: str) -> None:
    done = CliRunner().invoke(app, ["sim", *words])
    assert done.exit_code == 2
    assert hint in done.output
    assert "Traceback" not in done.output


def test_the_list_names_what_can_break_and_what_can_be_set() -> None:
    offered = json.loads(CliRunner().invoke(app, ["sim", "oven", "--list", "--json"]).stdout)
    (fault,) = [row for row in offered["faults"] if row["name"] == "element_top_open"]
    assert fault["expected_events"][0] == "element_top_open"
    assert fault["at_s"] < fault["until_s"]
    assert "mains_v" in [row["name"] for row in offered["settings"]]
