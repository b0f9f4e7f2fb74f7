"""The service port, byte by byte: people get lines, programs get JSON, and neither noise nor a host that does not read
does anything to the appliance. The firmware itself, in simulation.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from trivet import paths
from trivet.sim.device import Provision
from trivet.sim.world import UNREAD, World
from trivet_wire import ids

QUIET_S = 90


class Bench:
    """A world and whoever is at its port."""

    def __init__(self, world: World) -> None:
        self.world = world

    def type(self, data: bytes, turns: int = 60) -> bytes:
        """Bytes in, and what comes back in so many turns."""
        self.world.uart_write(data)
        said = self.world.uart_read()
        for _ in range(turns):
            self.world.uart_write(b"")
            said += self.world.uart_read()
        return said

    def ask(self, words: str, turns: int = 60) -> list[dict[str, Any]]:
        """A program's line, and the lines of its answer."""
        lines = self.type(f"@q {words}\n".encode(), turns).split(b"\n")
        return [json.loads(line) for line in lines if line.startswith(b'{"@":"q",')]


@pytest.fixture
def bench() -> Iterator[Bench]:
    with World("oven", seed=3) as world:
        world.run_until(5)
        yield Bench(world)
        assert not [event for event in world.events if event.kind == "crash"]


def refusal(rows: list[dict[str, Any]]) -> int:
    assert len(rows) == 1
    assert rows[0]["text"]
    return int(rows[0]["refused"])


def test_a_person_gets_an_echo_lines_and_a_prompt(bench: Bench) -> None:
    said = bench.type(b"who\r").decode()
    assert said.startswith("who\r\n")
    assert "model                          TO-60\r\n" in said
    assert said.endswith("\r\n> ")
    assert all(len(line) <= 80 for line in said.split("\r\n"))


def test_a_program_gets_one_object_a_line_and_no_echo(bench: Bench) -> None:
    said = bench.type(b"@a1 who\n@b2 nonsense\n")
    first, second, rest = said.split(b"\n")
    who, refused = json.loads(first), json.loads(second)
    assert who["@"] == "a1"
    assert who["done"] == 1
    assert who["model"] == "TO-60"
    assert who["locked"] is True
    assert (refused["@"], refused["refused"]) == ("b2", ids.R_COMMAND)
    assert rest == b""


def test_a_person_s_half_typed_line_does_not_spoil_a_program_s(bench: Bench) -> None:
    assert bench.type(b"who is") == b"who is"
    said = bench.type(b"\n@1 stop\n")
    assert said.split(b"\n")[-2] == b'{"@":"1","done":1}'


def test_backspace_takes_whole_characters(bench: Bench) -> None:
    assert bench.type("whä\x7fo\r".encode()).decode().count("TO-60") == 1


def test_the_ledger_is_read_and_judged(bench: Bench) -> None:
    rows = bench.ask("ledger")
    assert [row["n"] for row in rows[:-1]] == [1, 2]
    assert rows[-1] == {"@": "q", "done": 1}
    (verdict,) = bench.ask("ledger verify")
    assert verdict["record"] == 0
    assert verdict["done"] == 1


@pytest.mark.parametrize("words", ["consent service yes", "factory reset", "update yes", "update hours 7-22"])
def test_what_belongs_to_the_owner_needs_somebody_at_the_appliance(bench: Bench, words: str) -> None:
    assert refusal(bench.ask(words)) == ids.R_GRANT


def test_with_the_button_pressed_the_owner_decides_and_the_ledger_says_where(bench: Bench) -> None:
    bench.world.say("button")
    assert bench.ask("consent service yes") == [{"@": "q", "done": 1}]
    assert [row["granted"] for row in bench.ask("consent")[:-1]] == [True, True, False, False, False]
    assert "at the service port" in bench.ask("consent")[1]["text"]
    bench.world.run_until(bench.world.now_s + 31)
    assert refusal(bench.ask("consent service no")) == ids.R_GRANT


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_what_comes_right_behind_goodbye_is_heard(bench: Bench, end: bytes) -> None:
    assert bench.type(b"@1 bye" + end + b"@2 stop" + end) == b'{"@":"1","done":1}\n{"@":"2","done":1}\n'
    assert bench.type(b"@3 bye" + end + b"@4 st") == b'{"@":"3","done":1}\n'
    assert bench.type(b"op" + end) == b'{"@":"4","done":1}\n'


def test_a_challenge_that_was_asked_for_behind_goodbye_can_still_be_answered(bench: Bench) -> None:
    said = bench.type(b"@1 bye\n@2 grant\n")
    assert len(json.loads(said.split(b"\n")[1])["nonce"]) == 2 * ids.NONCE_SIZE
    assert refusal(bench.ask("grant AAAA AAAA")) != ids.R_COUNTER


def test_a_factory_reset_at_the_port_restarts_and_forgets(bench: Bench) -> None:
    bench.world.say("button")
    bench.ask("consent service yes")
    bench.ask("factory reset")
    bench.world.run_until(bench.world.now_s + 5)
    assert [row["granted"] for row in bench.ask("consent")[:-1]] == [True, False, False, False, False]


TECHNICIANS = ["test heater", "clear all", "fix ntc", "update offer 1 00", "update keys 1 00", "block 0 AA=="]


@pytest.mark.parametrize("words", TECHNICIANS)
def test_a_technician_s_words_are_refused_without_a_grant_also_with_the_button(bench: Bench, words: str) -> None:
    bench.world.say("button")
    assert refusal(bench.ask(words)) == ids.R_GRANT


@pytest.mark.parametrize("words", ["button", "recover", "relearn", "update.offer 1 00", "consent.* service yes", "*"])
def test_the_panel_s_words_and_the_table_s_own_are_none_of_the_port(bench: Bench, words: str) -> None:
    assert refusal(bench.ask(words)) == ids.R_COMMAND


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"@q " + b"x" * 10_000, ids.R_TOO_LARGE),
        (b"@q who\xff\xfe", ids.R_FIELD),
        (b"@q who\x00", ids.R_FIELD),
        (b"@q \x1b[A", ids.R_FIELD),
        (b"@q who are you", ids.R_FIELD),
        (b"@q block " + b"x" * 700, ids.R_TOO_LARGE),
    ],
)
def test_what_is_no_line_is_answered_once_and_the_next_one_is_heard(bench: Bench, line: bytes, reason: int) -> None:
    said = bench.type(line + b"\n").split(b"\n")
    assert json.loads(said[0])["refused"] == reason
    assert said[1:] == [b""]
    assert bench.ask("stop") == [{"@": "q", "done": 1}]


def test_an_id_that_is_none_gets_an_empty_one(bench: Bench) -> None:
    for line in (b"@ who\n", b"@123456789 who\n", b"@a-b who\n"):
        assert json.loads(bench.type(line))["@"] == ""


def test_a_host_that_never_reads_holds_nothing_up_and_is_given_up(bench: Bench) -> None:
    world = bench.world
    for _ in range(12):
        world.uart_write(b"@x help\n")
        for _ in range(20):
            world.uart_write(b"")
    ticks = world.state.ticks
    world.run_until(world.now_s + 30)
    assert world.state.ticks == ticks + 60
    waiting = world.uart_read(1 << 20)
    assert len(waiting) <= UNREAD + 2048  # what was under way when the appliance was held up
    world.run_until(world.now_s + 2)
    world.uart_read(1 << 20)
    assert bench.ask("stop")[-1] == {"@": "q", "done": 1}


def test_after_a_quiet_minute_nothing_of_the_port_is_loaded_any_more() -> None:
    with World("oven", seed=3) as world:
        world.run_until(10)
        before = world.state.heap_peak
        bench = Bench(world)
        bench.ask("who")
        world.run_until(10 + QUIET_S)
        free = bench.ask("who")[0]["heap_free"]
        bench.type(b"bye\n")
        for _ in range(5):
            bench.ask("ledger")
            bench.type(b"bye\n")
        assert free - bench.ask("who")[0]["heap_free"] < 1024
        assert world.state.heap_peak >= before


def test_byte_3_does_nothing_on_a_locked_board(bench: Bench) -> None:
    assert b"refused" not in bench.type(b"\r\x03\r\x03")
    assert bench.type(b"@1 stop\n").endswith(b'{"@":"1","done":1}\n')
    bench.type(b"\r\x03\x03repl\r\x01\r")
    assert not bench.world.repl
    assert bench.world.appliance is not None


@pytest.mark.parametrize("way", [b"\r\x03\r\x01", b"\x03repl\r", b"junk\x03\r\x01"])
def test_an_unlocked_board_leaves_for_the_prompt_with_its_outputs_safe(way: bytes) -> None:
    with World("oven", identity=Provision.alone("TO-60", locked=False)) as world:
        world.run_until(240)
        assert any(world.outputs)
        Bench(world).type(way)
        assert world.repl
        assert world.outputs == tuple(one.safe for one in world.board.outputs)


def test_in_german_too() -> None:
    with World("dishwasher", language="de") as world:
        world.run_until(5)
        said = Bench(world).type(b"wer\rconsent\r").decode()
        assert "unbekanntes Wort, siehe help" in said
        assert "Sicherheit: immer, das Gesetz verlangt es" in said


@pytest.mark.parametrize(
    ("file", "names", "between"),
    [
        ("service/console.py", ids.ROLE_NAMES, " "),
        ("service/cells.py", ids.VALIDITY_NAMES, "|"),
        ("update/told.py", ids.UPDATE_STATES, "|"),
    ],
)
def test_names_that_stand_in_one_text_are_those_of_the_contract(
    file: str, names: tuple[str, ...], between: str
) -> None:
    assert f'"{between.join(names)}"' in (paths.firmware() / "appliance" / file).read_text(encoding="utf-8")


def test_what_is_loaded_for_a_word_is_known_to_whoever_lets_go_of_it() -> None:
    folder = paths.firmware() / "appliance" / "service"
    names = {f"appliance.service.{file.stem}" for file in folder.glob("words_*.py")}
    listed = re.search(r"LOADED = \(\n(.*?)\n\)", (folder / "console.py").read_text(), re.DOTALL)
    assert listed is not None
    loaded = set(re.sub(r'"', "", listed[1]).split())
    assert names <= loaded
    assert all((paths.firmware() / f"{name.replace('.', '/')}.py").exists() for name in loaded)
