"""What each word of the service port says of an oven that broke, against what the SDK knows of the same board."""

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
import segno
from test_console import Bench, refusal
from trivet import boards
from trivet.boards.pack_service import picture
from trivet.sim.consent import consent_line
from trivet.sim.world import World
from trivet_wire import ids
from trivet_wire.code import code_text

OVEN = boards.load("oven")
CODE = next(code for code in OVEN.codes if code.event == "element_top_open")
LONGEST = 512


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with World(OVEN, seed=1, faults=[("element_top_open", 120)]) as world:
        world.run_until(400)
        yield Bench(world)
        assert not [event for event in world.events if event.kind == "crash"]


def test_codes_lists_what_is_wrong_with_what_it_switches_off(bench: Bench) -> None:
    first, last = bench.ask("codes")
    assert first["code"] == CODE.code
    assert first["title"] == CODE.text["en"]["title"]
    assert (first["ne107"], first["severity"], first["hazard"]) == (CODE.ne107, CODE.severity, CODE.hazard)
    assert first["state"] == "active"
    assert first["status"] & (ids.TEST_FAILED | ids.CONFIRMED) == ids.TEST_FAILED | ids.CONFIRMED
    assert (first["seen"], first["off"]) == (1, ["top_heat"])
    assert last == {"@": "q", "done": 1}


def test_codes_all_lists_every_code_of_the_board_once(bench: Bench) -> None:
    rows = bench.ask("codes all", turns=200)
    assert [row["code"] for row in rows[:-1]] == [code.code for code in OVEN.codes]
    assert {row["state"] for row in rows[:-1]} == {"active", "none"}


def test_show_tells_evidence_advice_and_parts(bench: Bench) -> None:
    rows = bench.ask(f"show {CODE.code.lower()}", turns=200)
    found = {key: row[key] for row in rows for key in row if key not in ("values", "text", "s")}
    assert (found["fdc"], found["fdc_max"], found["failures"]) == (127, 127, 1)
    assert {"test_failed", "confirmed", "warning_indicator"} <= set(found["bits"])
    assert found["owner"] == CODE.text["en"]["owner"]
    assert found["first"] == found["last"]
    assert {row["signal"] for row in rows if "signal" in row} == {"mains_voltage", "heater_current"}
    assert [row["text"] for row in rows if "step" in row] == CODE.technician["en"]
    likely = sorted(CODE.causes, key=lambda cause: -cause.weight)
    assert [(row["cause"], row["part"]) for row in rows if "cause" in row] == [
        (cause.text["en"], cause.part) for cause in likely
    ]
    assert rows[-1] == {"@": "q", "done": 1}


def test_a_frame_leads_up_to_the_trigger_in_the_signals_own_units(bench: Bench) -> None:
    rows = bench.ask(f"show {CODE.code}", turns=200)
    frames = [row for row in rows if "frame" in row]
    assert len(frames) == OVEN.history_depth
    assert [frame["s"] for frame in frames] == [5.0 * (at - OVEN.history_depth + 1) for at in range(len(frames))]
    assert set(frames[-1]["values"]) == {OVEN.signals[index].name for index in CODE.freeze}
    assert frames[0]["values"]["heater_current"] > 10 > frames[-1]["values"]["heater_current"]
    units = next(row["units"] for row in rows if "units" in row)
    assert (units["cavity_temp"], units["mains_voltage"]) == ("°C", "V")


def test_a_clear_leaves_what_the_port_still_shows() -> None:
    with World(OVEN, seed=1, faults=[("element_top_open", 120)]) as world:
        world.run_until(240)
        world.say("clear")
        bench = Bench(world)
        rows = bench.ask(f"show {CODE.code}", turns=200)
        (left,) = [row for row in rows if "cleared" in row]
        assert (left["seen"], left["grant"]) == (1, ids.G_PRESENT)
        assert left["cleared"]["boot"] == 1


@pytest.mark.parametrize("words", ["show", "show H01-1", "show H01-1X", "qr", "qr ?", "live every 5", "live every x"])
def test_what_makes_no_sense_is_refused(bench: Bench, words: str) -> None:
    assert refusal(bench.ask(words)) == ids.R_FIELD


@pytest.mark.parametrize("words", [f"show {code_text(22999)}", "live cavity_tmp", f"qr {code_text(0)}"])
def test_what_the_board_does_not_have_is_said_so(bench: Bench, words: str) -> None:
    assert refusal(bench.ask(words)) == ids.R_CATALOGUE


def test_live_streams_until_the_next_line(bench: Bench) -> None:
    world = bench.world
    first = bench.ask("live cavity_temp mains_voltage every 1000")
    assert first[0]["signals"] == {"cavity_temp": "°C", "mains_voltage": "V"}
    began = world.now_s
    world.run_until(began + 10)
    rows = [json.loads(line) for line in world.uart_read().splitlines()]
    assert len(rows) in (9, 10)
    assert all(row["cavity_temp"][1] == "valid" and 200 < row["mains_voltage"][0] < 260 for row in rows)
    assert [later["t"] - row["t"] for row, later in pairwise(rows)] == [1000] * (len(rows) - 1)
    said = bench.type(b"@z stop\n").splitlines()
    assert [json.loads(line) for line in said] == [{"@": "q", "done": 1}, {"@": "z", "done": 1}]


def test_watch_tells_what_happens_and_nothing_after_it_ended(bench: Bench) -> None:
    assert bench.ask("watch") == []
    bench.world.say(consent_line("improve", True))
    rows = [json.loads(line) for line in bench.type(b"").splitlines()]
    assert [row["purpose"] for row in rows if row["e"] == "consent"] == ["improve"]
    assert all(row["@"] == "q" for row in rows)
    assert bench.ask("stop") == [{"@": "q", "done": 1}, {"@": "q", "done": 1}]
    bench.world.say(consent_line("improve", False))
    assert bench.type(b"") == b""


def test_the_picture_of_a_code_is_the_one_that_a_telephone_reads(bench: Bench) -> None:
    rows = [row["text"] for row in bench.ask(f"qr {CODE.code}", turns=100)[:-1]]
    code = segno.make(OVEN.help.replace("{code}", CODE.code), micro=False, error="l")
    dark = [
        [" ▀▄█".index(letter) >> half & 1 for letter in row][2:-2]  # without the quiet zone
        for row in rows
        for half in (0, 1)
    ][2:]
    side = len(code.matrix)
    assert dark[:side] == [[module & 1 for module in row] for row in code.matrix]
    assert picture(OVEN, CODE)[0] == side


@pytest.mark.parametrize(
    "words", ["help", "who", "link", "codes all", f"show {CODE.code}", "consent", "ledger", "update"]
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_people_read_lines_of_at_most_80_characters(words: str, language: str) -> None:
    with World(OVEN, seed=1, faults=[("element_top_open", 20)], language=language) as world:
        world.run_until(200)
        said = Bench(world).type(words.encode() + b"\r", turns=200).decode()
    assert said.endswith("\r\n> ")
    assert max(len(line) for line in said.split("\r\n")) <= 80
    assert "see help" not in said
    assert "siehe help" not in said


@pytest.mark.parametrize("board", boards.available())
def test_every_code_of_every_board_is_shown_in_lines_that_fit(board: str) -> None:
    with World(board, language="de") as world:
        world.run_until(3)
        bench = Bench(world)
        for code in world.board.codes:
            said = bench.type(f"@q show {code.code}\n".encode(), turns=30)
            assert said.endswith(b'{"@":"q","done":1}\n')
            assert max(len(line) for line in said.split(b"\n")) <= LONGEST
            assert bench.ask(f"qr {code.code}")[-1] == {"@": "q", "done": 1}
