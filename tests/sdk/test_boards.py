"""Boards as data: what is written is what the appliance and the cloud get, and a mistake is told with its cure."""

import itertools
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from appliance.sense.board import Board
from appliance.sense.texts import Texts
from hypothesis import given
from hypothesis import strategies as st
from trivet import boards
from trivet.boards import convert, kinds
from trivet.boards.routines import unknown_causes
from trivet.cases import rich
from trivet_wire import code, ids
from trivet_wire.catalogue import Catalogue

OVEN = boards.load("oven")
PACKED = boards.pack(OVEN)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The oven's files, to break."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for name in ("board.toml", "catalogue.toml", "physics.py"):
        shutil.copy(OVEN.folder / name, folder / name)
    return folder


MISTAKES = {
    "a misspelt key": ("board.toml", "tick_ms = 500", "tik_ms = 500", ["board.toml", "tick_ms", "missing"]),
    "a key of nothing": (
        "board.toml",
        'model = "TO-60"',
        'model = "TO-60"\nmodl = 1',
        ["modl", "is not a key", "model"],
    ),
    "a wrong type": ("board.toml", "tick_ms = 500", 'tick_ms = "500"', ["tick_ms", "'500'", "a whole number from 10"]),
    "out of its range": ("board.toml", "tick_ms = 500", "tick_ms = 5", ["tick_ms", "5 is out of range"]),
    "an unknown kind": ("board.toml", 'kind = "stuck"', 'kind = "stuk"', ['"ntc_stuck"', "kind", "stuck"]),
    "an unknown signal": ("board.toml", 'other = "probe_temp"', 'other = "probe_tmp"', ['"ntc_drift"', "probe_temp"]),
    "an unknown event": ("board.toml", 'event = "fan_slow"', 'event = "fan_slwo"', ['"fan_slwo"', "fan_slow"]),
    "an event judged twice": (
        "board.toml",
        'event = "fan_slow"',
        'event = "fan_seized"',
        ['"fan_seized"', "2 monitors"],
    ),
    "a bad condition": (
        "board.toml",
        '"door == 0 for 4 min"',
        '"door = 0"',
        ['"gasket_leak"', "when", "is no condition"],
    ),
    "a parameter of another kind": ("board.toml", "for_ms = 150_000", "window_ms = 150_000", ["window_ms", "for_ms"]),
    "a time too long": ("board.toml", "for_ms = 150_000", "for_ms = 1_500_000_000", ["for_ms", "does not fit"]),
    "two scales in one difference": (
        "board.toml",
        '"target_temp - cavity_temp > 40"',
        '"target_temp - heater_current > 40"',
        ["different scales"],
    ),
    "readings that descend": (
        "board.toml",
        "[[0, 0], [150, 4500]",
        "[[200, 0], [150, 4500]",
        ['"fan_speed"', "ascend"],
    ),
    "an unknown input": ("board.toml", 'input = "fan_pulses"', 'input = "fan_pulse"', ['"fan_speed"', "fan_pulses"]),
    "a need of nothing": ("board.toml", 'needs = ["bake"]', 'needs = ["bakes"]', ['"top_heat"', "needs", "bake"]),
    "an unknown mask": (
        "board.toml",
        'fan_seized = "confirmed"',
        'fan_seized = "confirm"',
        ["convection_fan", "confirmed"],
    ),
    "not TOML": ("board.toml", "[board]", "[board", ["board.toml", "not TOML"]),
    "a code with its check character": ("catalogue.toml", '"H01-1"', '"H01-1R"', ["catalogue.toml", "check character"]),
    "a code with a letter that is not used": ("catalogue.toml", '"H01-1"', '"O01-1"', ["I, O and Q"]),
    "a code twice": ("catalogue.toml", '"H02-1"', '"H01-1"', ["stands twice"]),
    "a language missing": (
        "catalogue.toml",
        "[code.text.de]",
        "[code.text.fr]",
        ['"element_top_open"', "de", "missing"],
    ),
    "an unknown part": ("catalogue.toml", 'part = "EL-1600"', 'part = "EL-1601"', ["EL-1601", "EL-1600"]),
    "an unknown cause kind": ("catalogue.toml", 'kind = "sensor"', 'kind = "senser"', ["senser", "sensor"]),
    "a severity of zero": ("catalogue.toml", "severity = 2", "severity = 0", ["severity", "from 1 to 5"]),
    "a weight of zero": ("catalogue.toml", "weight = 7", "weight = 0", ["weight", "above 0"]),
    "a freeze signal that is none": (
        "catalogue.toml",
        '"heater_current"',
        '"heater_curent"',
        ["freeze", "heater_current"],
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_names_file_and_key_and_what_to_write(what: str, copy: Path) -> None:
    file, right, wrong, told = MISTAKES[what]
    text = (copy / file).read_text()
    assert right in text
    (copy / file).write_text(text.replace(right, wrong, 1))
    with pytest.raises(boards.BoardError) as caught:
        boards.load(copy)
    said = str(caught.value)
    assert str(copy / file) in said
    for word in told:
        assert word in said, said


def test_a_board_that_is_not_there_offers_the_ones_that_are() -> None:
    with pytest.raises(boards.BoardError, match="oven"):
        boards.load("ovan")


def test_a_folder_is_as_good_as_a_name(copy: Path) -> None:
    assert boards.pack(boards.load(copy)) == PACKED


def test_the_appliance_reads_what_was_written() -> None:
    board = Board(PACKED["board.cbor"])
    assert (board.model, board.tick_ms) == (OVEN.model, OVEN.tick_ms)
    assert (board.history_period_ms, board.history_depth) == (OVEN.history_period_ms, OVEN.history_depth)
    assert board.signals == [signal.name for signal in OVEN.signals]
    assert board.outputs == [output.name for output in OVEN.outputs]
    assert board.n_inputs == len(OVEN.inputs)
    assert board.n_events == len(OVEN.codes)
    assert [function.name for function in board.functions] == [function.name for function in OVEN.functions]
    assert board.internal == OVEN.internal
    for at, monitor in enumerate(OVEN.monitors):
        assert tuple(board.params(at)) == monitor.params
    for name in OVEN.names():
        assert board.index(name) == OVEN.signal(name)
    assert board.function("no such") == -1


def test_a_function_that_needs_another_goes_with_it() -> None:
    rules = {function.name: dict(function.inhibited_by) for function in OVEN.functions}
    assert OVEN.event("ntc_open") in rules["bake"]
    assert set(rules["bake"]) < set(rules["top_heat"])
    assert OVEN.event("element_top_open") not in rules["bottom_heat"]


@pytest.mark.parametrize("name", boards.available())
def test_every_board_that_ships_loads_packs_and_is_readable(name: str) -> None:
    board = boards.load(name)
    Board(boards.pack(board)["board.cbor"])
    made = rich.load(json.loads(json.dumps(boards.rich(board))))
    assert len(made.codes) == len(board.codes)
    assert set(boards.plant(board).FAULTS)


def test_packing_is_the_same_every_time() -> None:
    assert boards.pack(boards.load("oven")) == PACKED
    assert boards.catalogue_id(OVEN) == boards.catalogue_id(boards.load("oven"))


def test_plausibility_runs_first() -> None:
    judging = [monitor.judges >= 0 for monitor in OVEN.monitors]
    assert judging == sorted(judging, reverse=True)


def test_the_packed_catalogue_holds_each_code_in_the_order_of_events() -> None:
    packed = Catalogue(PACKED["catalogue.bin"])
    assert packed.events == len(OVEN.codes) >= 20
    for event, row in enumerate(OVEN.codes):
        assert packed.text(event) == row.code
        assert code.parse(row.code) == row.number
        assert packed.hazard(event) == row.hazard
        assert packed.purpose(event) == (ids.SAFETY if row.hazard else ids.SERVICE)
        assert [at for at in range(30) if packed.freezes(event, at)] == list(row.freeze)


class Packed:
    def read(self, name: str) -> bytes:
        return PACKED[name]

    def piece(self, name: str, off: int, length: int) -> bytes:
        return PACKED[name][off : off + length]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_display_reads_every_text(language: str) -> None:
    texts = Texts(Packed(), f"texts_{language}.bin")
    for event, row in enumerate(OVEN.codes):
        assert texts.title(event) == row.text[language]["title"]
        assert texts.owner(event) == row.text[language]["owner"]
        assert texts.now(event) == row.text[language]["now"]
    for at, function in enumerate(OVEN.functions):
        assert texts.function(at) == function.text[language]
    for wrong in (-1, len(OVEN.codes)):
        with pytest.raises(IndexError):
            texts.title(wrong)


def test_the_cloud_reads_the_rich_catalogue_and_finds_causes_parts_and_limits() -> None:
    made = rich.load(json.loads(json.dumps(boards.rich(OVEN))))
    drift, top = made.code(OVEN.event("ntc_drift")), made.code(OVEN.event("element_top_open"))
    assert drift is not None
    assert top is not None
    assert drift.causes[0].kind == "sensor"
    part = made.part(top.causes[0].part)
    assert part is not None
    assert part.text["de"].startswith("Oberhitze")
    assert made.events[OVEN.event("ntc_drift")].judges == "cavity_temp"
    mains = next(signal for signal in made.signals if signal.name == "mains_voltage")
    assert {limit.value for limit in mains.limits} == {1950, 2640}


def test_every_code_can_be_acted_on() -> None:
    """No alert without an action: each has causes, steps and words in both languages, and no text is a stub."""
    events = {row.event for row in OVEN.codes}
    for row in OVEN.codes:
        assert row.causes
        assert row.freeze
        for language in ("en", "de"):
            assert row.technician[language], row.event
            assert all(len(text) > 5 for text in row.text[language].values()), row.event
        assert len({text["title"] for text in row.text.values()}) == 2, row.event
        for cause in row.causes:
            assert {ratio.event for ratio in cause.evidence} <= events - {row.event}, row.event


@given(st.floats(-40, 20), st.floats(60, 460), st.floats(1000, 200_000), st.floats(2500, 4500))
def test_any_sensible_ntc_makes_a_table_that_ascends_and_is_close(
    low: float, high: float, r25: float, beta: float
) -> None:
    points = convert.ntc_points(low, high, 10, r25=r25, beta=beta, pull_up=r25 / 10, full=4095, error=0.4)
    assert convert.check(points) is None
    for celsius in (low + (high - low) * share / 10 for share in range(1, 10)):
        reading = convert.ntc_reading(celsius, r25, beta, r25 / 10, 4095)
        if not points[0][0] <= reading <= points[-1][0]:
            continue
        (a, value_a), (b, value_b) = next(
            pair for pair in itertools.pairwise(points) if pair[0][0] <= reading <= pair[1][0]
        )
        assert abs(value_a + (value_b - value_a) * (reading - a) / (b - a) - celsius * 10) < 15


def test_every_kind_of_the_firmware_is_known_by_its_file() -> None:
    known = kinds.kinds()
    assert {"range", "rate", "stuck", "stale", "crosscheck", "response", "timeout"} <= set(known)
    assert [kind.number for kind in known.values()] == list(range(len(known)))


def test_the_plant_says_how_it_can_break() -> None:
    faults = boards.plant(OVEN).FAULTS
    issue = {"element_top_open", "element_top_weak", "relay_welded", "ntc_open", "ntc_short", "ntc_stuck", "ntc_drift"}
    assert issue | {"gasket_leak", "fan_seized", "mains_low", "door_switch"} <= set(faults)


@pytest.mark.parametrize("name", boards.available())
def test_a_board_tells_each_fault_of_its_own_electronics_apart(name: str) -> None:
    board = boards.load(name)
    assert set(board.internal) == {"exception", "flash", "reset", "brownout", "heap"}
    assert len(set(board.internal.values())) == len(board.internal)


def test_a_self_test_that_finds_no_known_cause_says_which_there_are() -> None:
    routine = replace(OVEN.routines[0], finds=("element_top_open.element_tip",))
    [mistake] = unknown_causes(replace(OVEN, routines=(routine,)))
    assert "no cause 'element_top_open.element_tip'" in str(mistake)
    assert "element_top_open.element_top" in str(mistake)
    assert list(unknown_causes(OVEN)) == []
