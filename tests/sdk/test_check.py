"""`trivet check`: each mistake is found, at its line, with what to write instead; nothing that only follows from it is.

The table breaks the kettle that `trivet new` makes, one change at a time. Then: several mistakes at once, the house's
own boards, lines against `tomllib`, and arbitrary damage, which may never be answered by a traceback.
"""

import copy
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trivet import paths
from trivet.boards.check import Finding, check, limits
from trivet.boards.check.finding import Source
from trivet.boards.check.lines import Lines
from trivet.boards.check.mend import mend
from trivet.boards.kinds import kinds
from trivet.boards.scaffold import FILES, TEMPLATE, scaffold
from trivet.cli import app
from typer.testing import CliRunner

BOARD, CODES, DRIVERS, WORLD, FLASH = "board.toml", "catalogue.toml", "drivers.py", "physics.py", "partitions.csv"


@dataclass
class Row:
    """`right` becomes `wrong` in `file`; the finding stands in the line with `at`, of the file `where` if given."""

    file: str
    right: str
    wrong: str
    at: str
    told: str
    instead: str
    where: str = ""
    more: int = 0  # findings besides, where one change is several mistakes


def share(line: str) -> str:
    """The share monitor's limit, replaced."""
    return f"{line}            # 1/1000 of what is expected"


_LOW = "low = 200            # 1/1000 of what is expected"
_OPEN = 'low = -15\nhysteresis = 5\njudges = "water_temp"          # this monitor doubts the sensor …'
_JUDGES = 'judges = "water_temp"          # this monitor doubts the sensor …'
_DEBOUNCE = "debounce = { fail = 8, pass = 8 }"
_STORAGE = 'withhold_while = ["mains_voltage < 170 for 1 s"]'
_EXCEPT = 'except = ["mains_low"]'
_HOT = 'hot = { signal = "water_temp", above = 60 }'
_WHEN = 'when = ["heater == 0 for 2 s"]'
_MAINS = 'kind = "range"\nsignal = "mains_voltage"\nlow = 195\nhysteresis = 4'


def mains(lines: str) -> tuple[str, str, str]:
    """Another kind of monitor in the place of mains_low's."""
    return BOARD, _MAINS, lines


ROWS = {
    # names that nothing has
    "an unknown signal": Row(
        BOARD, 'per = "mains_voltage"', 'per = "mains_volts"', "mains_volts", "no signal", "mains_voltage"
    ),
    "an unknown input": Row(BOARD, 'input = "adc_mains"', 'input = "adc_main"', '"adc_main"', "not known", "adc_mains"),
    "an unknown signal in a condition": Row(
        BOARD, _WHEN, 'when = ["heatr == 0"]', "heatr", "no signal or output 'heatr'", "heater"
    ),
    "an unknown output in the program": Row(
        DRIVERS, 'output("heater")', 'output("heatr")', "heatr", "no output", "heater"
    ),
    "an unknown signal in the program": Row(
        DRIVERS, 'index("lid")', 'index("lidd")', "lidd", "no signal or output", "lid"
    ),
    "an unknown function in the program": Row(
        DRIVERS, 'function("heat")', 'function("heating")', 'heating")', "no function", "heat"
    ),
    "inhibition by an unknown event": Row(
        BOARD, 'ntc_short = "confirmed"', 'ntc_shrt = "confirmed"', "ntc_shrt", "no code with this event", "ntc_short"
    ),
    "an unknown mask": Row(
        BOARD, 'ntc_open = "confirmed"', 'ntc_open = "confirm"', '"confirm"', "not known", "confirmed"
    ),
    "a freeze frame of an unknown signal": Row(
        CODES, 'freeze = ["mains_voltage"]', 'freeze = ["mains_voltag"]', '"mains_voltag"', "no signal", "mains_voltage"
    ),
    "an unknown part": Row(CODES, 'part = "KET-HEAT"', 'part = "KET-HEATER"', "KET-HEATER", "not known", "KET-HEAT"),
    "evidence of an unknown event": Row(
        CODES, 'event = "boil_dry", failed', 'event = "boil_dri", failed', "boil_dri", "not known", "boil_dry"
    ),
    "evidence of the code itself": Row(
        CODES,
        'event = "boil_dry", failed',
        'event = "heater_open", failed',
        '"heater_open", failed',
        "own event",
        "another event",
    ),
    "an unknown kind of monitor": Row(BOARD, 'kind = "share"', 'kind = "shares"', '"shares"', "not known", "share"),
    "an internal fault that the firmware never reports": Row(
        BOARD, "exception =", "exeption =", "exeption", "firmware reports nothing", "exception"
    ),
    "a misspelt key": Row(
        BOARD, "hysteresis = 0.3", "hysteresys = 0.3", "hysteresys", "not a key of a range monitor", "hysteresis"
    ),
    "a misspelt key that is needed": Row(BOARD, "nominal = 230", "nominl = 230", "nominl", "not a key", "nominal"),
    "a fault of an unknown event": Row(
        WORLD, '("mains_low",)', '("mains_lo",)', '"mains_lo"', "no code with the event", "mains_low"
    ),
    "an update that waits for an unknown signal": Row(
        BOARD, _HOT, 'hot = { signal = "water_tmp", above = 60 }', "water_tmp", "no signal or output", "water_temp"
    ),
    "an update that waits for something unknown": Row(
        BOARD, _HOT, 'hod = { signal = "water_temp", above = 60 }', "hod", "nothing that an update waits for", "hot"
    ),
    "a limit that lets no update start": Row(
        BOARD, _HOT, 'hot = { signal = "water_temp", above = -90 }', "-90", "no update ever starts", "a value within"
    ),
    "a limit that holds no update back": Row(
        BOARD, _HOT, 'hot = { signal = "water_temp", above = 900 }', "900", "holds no update back", "a value within"
    ),
    # what is missing, or there twice
    "a code without text": Row(
        CODES, 'owner = "The heater takes no current."\n', "", "[code.text.en]", "owner: is missing", 'owner = "…"'
    ),
    "a text that is empty": Row(
        CODES, 'owner = "The heater takes no current."', 'owner = ""', 'owner = ""', "is empty", 'owner = "…"'
    ),
    "a translation that is missing": Row(BOARD, ', de = "Deckel offen"', "", "Lid open", "de: is missing", 'de = "…"'),
    "steps in one language only": Row(
        CODES, 'de = ["Sockel tauschen."]', "", "[code.technician]", "de: is missing", "a list of texts"
    ),
    "a code twice": Row(CODES, '"T01-2"', '"T01-1"', '"T01-1"', "stands twice", "one [[code]]"),
    "an event twice": Row(
        CODES, 'event = "ntc_short"', 'event = "ntc_open"', 'event = "ntc_open"', "stands twice", "one [[code]]", more=3
    ),
    "a signal twice": Row(
        BOARD, 'name = "lid"', 'name = "on_base"', 'name = "on_base"', "stands twice", "another name", more=2
    ),
    "a monitor without a row": Row(
        BOARD, 'event = "mains_low"', 'event = "mains_lo"', '"mains_lo"', "no code with the event", "mains_low"
    ),
    "a row without a monitor": Row(
        BOARD, 'reset = "unexpected_reset"\n', "", "unexpected_reset", "judged by nobody", "[[monitor]]", CODES
    ),
    "an event with two monitors": Row(
        BOARD,
        'reset = "unexpected_reset"',
        'reset = "mains_low"',
        'reset = "mains_low"',
        "2 monitors",
        "exactly one",
        more=1,
    ),
    "a cause without a weight": Row(
        CODES, 'weight = 4\npart = "KET-HEAT"', 'part = "KET-HEAT"', "[[code.cause]]", "weight: is missing", "a number"
    ),
    "a cause of weight zero": Row(CODES, "weight = 8\n", "weight = 0\n", "weight = 0", "does not fit", "above 0"),
    "a doubted sensor that no cause blames": Row(
        CODES,
        'kind = "sensor"      #',
        'kind = "part"      #',
        "[[code.cause]]",
        "judges the sensor of water_temp",
        'kind = "sensor"',
    ),
    "a signal without a purpose": Row(
        BOARD,
        'input = "adc_mains"\npurpose = "service"\n',
        'input = "adc_mains"\n',
        "[[signal]]",
        "says no purpose",
        'purpose = "service"',
    ),
    "safety for what is no hazard": Row(
        CODES,
        'event = "mains_low"\n',
        'event = "mains_low"\npurpose = "safety"\n',
        '"safety"',
        "nobody is asked",
        "hazard = true",
    ),
    "a hazard for another purpose": Row(
        CODES,
        "immediate = true  ",
        'purpose = "service"\nimmediate = true  ',
        'purpose = "service"',
        "a hazard",
        '"safety"',
    ),
    "a hazardous function that nothing switches off": Row(
        BOARD,
        '[function.inhibited_by]\nntc_open = "confirmed"\nntc_short = "confirmed"\n'
        'relay_welded = "confirmed"\nboil_dry = "last_failed"',
        "",
        "[[function]]",
        "no event switches it off",
        "inhibited_by",
    ),
    "a hazardous function that is never asked for": Row(
        DRIVERS, 'self._heat = board.function("heat")', "self._heat = 0", "", "never asks", 'board.function("heat")'
    ),
    # limits
    "a limit beyond what the table gives": Row(
        BOARD, "high = 170", "high = 400", "high = 400", "can never trip", "below 190"
    ),
    "a limit below what the table gives": Row(
        BOARD, "low = -15", "low = -60", "low = -60", "can never trip", "above -29.8"
    ),
    "a limit that always trips": Row(BOARD, "high = 170", "high = -50", "high = -50", "always trips", "above -29.8"),
    "limits the wrong way round": Row(
        BOARD, "low = -15", "low = 60\nhigh = 20", "low = 60", "not below high", "smaller one as low"
    ),
    "no limit at all": Row(BOARD, "high = 0.8\n", "", 'kind = "range"', "can never trip", "low, high or both"),
    "a hysteresis without a way back": Row(
        BOARD,
        "high = 170\nhysteresis = 5",
        "high = 170\nhysteresis = 250",
        "hysteresis = 250",
        "never pass again",
        "smaller",
    ),
    "a limit that its own condition excludes": Row(
        BOARD, _WHEN, 'when = ["heater_current < 0.5"]', "high = 0.8", "can never trip", "below 0.49"
    ),
    "a valid range the wrong way round": Row(
        BOARD, "valid = [-5, 150]", "valid = [150, -5]", "valid = [150", "wrong way round", "[-5, 150]"
    ),
    "readings that descend": Row(
        BOARD, "[[0, 0], [200, 200]]", "[[200, 200], [0, 0]]", "[[200, 200]", "ascend", "ascending"
    ),
    "a thermistor without a range": Row(
        BOARD, "low = -30, high = 190", "low = 190, high = -30", "low = 190", "does not fit", "below high"
    ),
    "a share that is never so small": Row(BOARD, _LOW, share("low = 0"), 'kind = "share"', "can never trip", "1/1000"),
    "a share beyond what can flow": Row(BOARD, _LOW, share("low = 9000"), "low = 9000", "always trips", "less than"),
    "a share below its floor": Row(
        BOARD, _LOW, "low = 200\nfloor = 300", "floor = 300", "can never trip", "less than 200"
    ),
    "a nominal of zero": Row(BOARD, "nominal = 230", "nominal = 0", "nominal = 0", "does not fit", "nominal supply"),
    "a rate that nothing reaches": Row(
        *mains('kind = "rate"\nsignal = "mains_voltage"\nlimit = 400\nwindow_ms = 1000'),
        "limit = 400",
        "can never trip",
        "less than 240",
    ),
    "a rate that everything reaches": Row(
        *mains('kind = "rate"\nsignal = "mains_voltage"\nlimit = 0\nwindow_ms = 1000'),
        "limit = 0",
        "always trips",
        "physics",
    ),
    "a stuck signal that may rest": Row(
        *mains('kind = "stuck"\nsignal = "mains_voltage"\nfor_ms = 9000'), "[[monitor]]", "when: is missing", "when ="
    ),
    "a band wider than the signal": Row(
        *mains('kind = "stuck"\nsignal = "mains_voltage"\nband = 300\nfor_ms = 9000\nwhen = ["heater == 1"]'),
        "band = 300",
        "always trips",
        "less than 240",
    ),
    "a phase that never ends": Row(
        *mains('kind = "timeout"\nlimit_ms = 9000'), "[[monitor]]", "when: is missing", "during the phase"
    ),
    "a crosscheck of two quantities": Row(
        *mains(
            'kind = "crosscheck"\nsignal = "mains_voltage"\nother = "water_temp"\n'
            "tolerance = 9\nsettled = 1\nwindow_ms = 9000"
        ),
        'other = "water_temp"',
        "water_temp is in °C",
        'unit = "V"',
    ),
    "a tolerance that nothing exceeds": Row(
        *mains(
            'kind = "crosscheck"\nsignal = "target_temp"\nother = "water_temp"\n'
            "tolerance = 200\nsettled = 1\nwindow_ms = 9000"
        ),
        "tolerance = 200",
        "can never trip",
        "less than 150",
    ),
    "a response without limits": Row(
        *mains('kind = "response"\nsignal = "water_temp"\nwindow_ms = 9000'),
        'kind = "response"',
        "can never trip",
        "rise_min",
        more=1,
    ),
    "a rise that no signal can make": Row(
        *mains('kind = "response"\nsignal = "water_temp"\nwindow_ms = 9000\nrise_min = 500'),
        "rise_min = 500",
        "always trips",
        "at most 155",
        more=1,
    ),
    "a drift that learns too little": Row(
        *mains('kind = "drift"\nsignals = ["mains_voltage"]\ncalibrate = 10'),
        "calibrate = 10",
        "out of range",
        "64 to 2000",
    ),
    "a drift without distance": Row(
        *mains('kind = "drift"\nsignals = ["mains_voltage"]\nlimit = 2'), "limit = 2", "out of range", "4 to 99"
    ),
    "a time too long": Row(
        BOARD, "pass_ms = 10_000", "pass_ms = 900_000_000", "900_000_000", "out of range", "8000000"
    ),
    # debounce
    "a timed debounce between windows": Row(
        *mains('kind = "response"\nsignal = "water_temp"\nrise_min = 1\nwindow_ms = 9000'),
        "fail_ms = 10_000",
        "can never reach fail_ms",
        "counts windows",
    ),
    "a count that is forgotten between windows": Row(
        BOARD,
        _MAINS + "\ndebounce = { fail_ms = 10_000, pass_ms = 10_000 }",
        'kind = "response"\nsignal = "water_temp"\nrise_min = 1\nwindow_ms = 9000\n'
        'debounce = { fail = 3, on_disable = "reset" }',
        'on_disable = "reset"',
        "can never reach fail = 3",
        '"freeze"',
    ),
    "a jump beyond the thresholds": Row(
        BOARD,
        _DEBOUNCE,
        "debounce = { fail = 8, pass = 8, jump_up = 9 }",
        "jump_up = 9",
        "outside the thresholds",
        "from -8 to 8",
    ),
    "an event that excuses itself": Row(
        BOARD, _DEBOUNCE, _DEBOUNCE + '\nunless = ["heater_open"]', "unless", "its own event", "another event"
    ),
    # conditions and the cycle
    "a cycle that never ends": Row(
        BOARD, 'while = ["target_temp > 0"]', 'while = ["target_temp >= 0"]', "while", "never ends", "while ="
    ),
    "a cycle that never begins": Row(
        BOARD, 'while = ["target_temp > 0"]', 'while = ["target_temp > 200"]', "while", "never begins", "within"
    ),
    "a cycle of contradictions": Row(
        BOARD,
        'while = ["target_temp > 0"]',
        'while = ["lid == 1", "lid == 0"]',
        "while",
        "never hold together",
        "conditions that meet",
    ),
    "a cycle of nothing": Row(BOARD, 'while = ["target_temp > 0"]', "while = []", "while", "is empty", "while ="),
    "a condition that never holds": Row(
        BOARD, _WHEN, 'when = ["lid == 2"]', "lid == 2", "its monitor never runs", "within"
    ),
    "a gate that never opens": Row(
        BOARD,
        '"water_temp < 60"]',
        '"water_temp < -60"]',
        "water_temp < -60",
        "the gate never opens",
        "within",
    ),
    "storage that withholds nothing": Row(
        BOARD,
        _STORAGE,
        'withhold_while = ["mains_voltage < 20"]',
        "mains_voltage < 20",
        "it withholds nothing",
        "within",
    ),
    "storage that withholds everything": Row(
        BOARD,
        _STORAGE,
        'withhold_while = ["lid < 2"]',
        "withhold_while",
        "no entry is ever written",
        "withhold_while =",
    ),
    "storage without a condition": Row(
        BOARD, _STORAGE + "\n", "", "[[storage]]", "withhold_while: is empty or missing", "withhold_while ="
    ),
    "storage of a condition that is none": Row(
        BOARD, _STORAGE, 'withhold_while = ["mains_voltage"]', '"mains_voltage"]', "is no condition", "signal == 1"
    ),
    "storage for an unknown event": Row(
        BOARD, _EXCEPT, 'except = ["mains_lo"]', "mains_lo", "no code with the event", "mains_low"
    ),
    "storage for some events and all but some": Row(
        BOARD, _EXCEPT, _EXCEPT + '\nevents = ["boil_dry"]', "except", "says again", "one of the two"
    ),
    "storage for no event": Row(BOARD, _EXCEPT, "events = []", "events = []", "leaves no event", "except ="),
    "storage that is misspelt": Row(BOARD, _EXCEPT, 'event = ["boil_dry"]', "event =", "not a key", "events"),
    "storage twice": Row(
        BOARD,
        "[internal] ",
        '[[storage]]\nname = "mains"\nwithhold_while = ["lid == 1"]\n\n[internal] ',
        'name = "mains"',
        "stands twice",
        "another name",
    ),
    "storage that keeps a fault's only entry out": Row(
        BOARD,
        f"{_STORAGE}\n{_EXCEPT}",
        'withhold_while = ["mains_voltage < 200"]',
        "withhold_while",
        "the entry of mains_low is never written",
        'except = ["mains_low"]',
    ),
    "storage that a monitor's own condition meets": Row(
        BOARD,
        _STORAGE,
        'withhold_while = ["heater < 1"]',
        "withhold_while",
        "the entry of relay_welded is never written",
        'except = ["relay_welded"]',
    ),
    "too many storage conditions": Row(
        BOARD,
        "[internal] ",
        "".join(f'[[storage]]\nname = "n{n}"\nwithhold_while = ["lid == 1"]\n\n' for n in range(8)) + "[internal] ",
        "[[storage]]",
        "too many",
        "at most 8",
    ),
    "what is no condition": Row(BOARD, _WHEN, 'when = ["heater = 0"]', "heater = 0", "is no condition", "signal == 1"),
    # files
    "no TOML": Row(BOARD, "[board]", "[board", "[board", "not TOML", "key = value"),
    "no Python": Row(DRIVERS, "self._hot = False", "self._hot = ", "self._hot = ", "not Python", "Python"),
    "Python that MicroPython lacks": Row(
        DRIVERS,
        "        water = values[self._water]\n",
        "        water = values[self._water]\n        match water:\n            case 0:\n                pass\n",
        "match water",
        "MicroPython does not take this",
        "simpler",
    ),
    "no class Application": Row(
        DRIVERS, "class Application", "class Program", "", "Application: is missing", "class Application"
    ),
    "a tick with other arguments": Row(
        DRIVERS, 'inhibit: "Inhibit", levels', "levels", "def tick", "takes 5 arguments, not 6", "def tick(self, now"
    ),
    "no class Plant": Row(WORLD, "class Plant", "class World", "", "Plant: is missing", "class Plant"),
    "a plant that gives no readings": Row(
        WORLD, "def inputs", "def readings", "class Plant", "inputs: is missing", "def inputs"
    ),
    "a fault of no cause": Row(
        WORLD, 'cause="heater"', 'cause="heatr"', 'cause="heatr"', "has no cause 'heatr'", "heater"
    ),
    "a lie of no signal": Row(
        WORLD, '"ntc", lies="water_temp"', '"ntc", lies="watr_temp"', "watr_temp", "no signal 'watr_temp'", "water_temp"
    ),
    "a reading too few": Row(
        WORLD, "            0,  # lid closed\n", "", "def inputs", "5 readings for 6 inputs", "in their order"
    ),
    "physics that fails": Row(
        WORLD, "self.now += dt_s", "self.now += dt_s / 0", "dt_s / 0", "ZeroDivisionError", "default settings"
    ),
    "a fault found before it happens": Row(
        WORLD, '("mains_low",), 60, 120', '("mains_low",), 60, 30', "60, 30", "ends at 30 s", "after at_s"
    ),
    "partitions that overlap": Row(
        FLASH, "0x398000, 0x68000", "0x390000, 0x68000", "vfs", "overlaps ledger", "0x398000"
    ),
    "a partition beyond the flash": Row(
        FLASH, "0x398000, 0x68000", "0x398000, 0x80000", "vfs", "beyond the flash of 4 MB", "0x68000"
    ),
    "a partition off its sector": Row(
        FLASH, "0x370000, 0x20000", "0x370100, 0x1f000", "journal", "not aligned", "0x371000"
    ),
    "an application off its page": Row(
        FLASH, "0x10000,  0x180000", "0x11000,  0x17f000", "ota_0", "not aligned", "0x20000"
    ),
    "a ledger too small for a ring": Row(
        FLASH, "0x390000, 0x8000", "0x390000, 0x5000", "ledger", "too small", "at least 0x6000"
    ),
    "no ledger": Row(FLASH, "ledger,   data", "diary,    data", "", "ledger: is missing", "the name ledger"),
    "no journal": Row(FLASH, "journal,  data", "diary,  data", "", "journal: is missing", "the name journal"),
    "a line that is no partition": Row(
        FLASH, "0x9000,   0x5000", "0x9000,   many", "many", "is no partition", "offset, size"
    ),
}


@pytest.fixture
def kettle(tmp_path: Path) -> Path:
    return scaffold("kettle", tmp_path)[0].parent


def broken(folder: Path, row: Row) -> list[Finding]:
    file = folder / row.file
    text = file.read_text(encoding="utf-8")
    assert row.right in text, f"the template has no {row.right!r}"
    file.write_text(text.replace(row.right, row.wrong, 1), encoding="utf-8")
    return check(folder)


def shown(found: list[Finding]) -> str:
    return "\n".join(f"{one.file.name}:{one.line} {one.key}: {one.problem} -> {one.instead}" for one in found)


@pytest.mark.parametrize("what", ROWS)
def test_a_mistake_is_told_at_its_line_with_what_to_write(what: str, kettle: Path) -> None:
    row = ROWS[what]
    found = broken(kettle, row)
    fitting = [one for one in found if row.told in f"{one.key}: {one.problem}" and row.instead in one.instead]
    assert fitting, shown(found)
    file = kettle / (row.where or row.file)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert any(one.file == file and (not row.at or row.at in lines[one.line - 1]) for one in fitting), shown(found)
    assert len(found) == 1 + row.more, shown(found)


def test_the_template_is_a_sound_board_as_it_lies_there() -> None:
    assert shown(check(TEMPLATE)) == ""
    assert {file.name for file in TEMPLATE.iterdir() if file.is_file()} == set(FILES)


HOUSE = [file.parent for file in paths.boards().glob("*/catalogue.toml") if (file.parent / WORLD).exists()]


@pytest.mark.parametrize("folder", HOUSE, ids=[folder.name for folder in HOUSE])
def test_the_boards_of_the_house_have_no_mistake(folder: Path) -> None:
    assert shown(check(folder)) == ""


def test_every_mistake_is_told_not_only_the_first(kettle: Path) -> None:
    rows = [row for what, row in ROWS.items() if what in TOGETHER]
    for row in rows:
        file = kettle / row.file
        file.write_text(file.read_text(encoding="utf-8").replace(row.right, row.wrong, 1), encoding="utf-8")
    found = check(kettle)
    for row in rows:
        assert any(row.told in f"{one.key}: {one.problem}" and row.instead in one.instead for one in found), row
    assert len(found) == len(rows), shown(found)
    assert [(one.file, one.line) for one in found] == sorted((one.file, one.line) for one in found)


TOGETHER = (
    "an unknown input",
    "a limit beyond what the table gives",
    "a jump beyond the thresholds",
    "a cycle that never ends",
    "a misspelt key",
    "an unknown part",
    "a cause of weight zero",
    "a code without text",
    "a hazard for another purpose",
    "an unknown output in the program",
    "physics that fails",
    "partitions that overlap",
)


def test_a_folder_without_files_names_each_of_them(tmp_path: Path) -> None:
    found = check(tmp_path)
    assert {one.file.name for one in found} == {BOARD, CODES, DRIVERS, WORLD, FLASH}
    assert all("is missing" in one.problem and one.line == 0 for one in found)


def test_for_programs_it_is_one_list_of_json_and_the_exit_code_says_whether_there_is_anything(kettle: Path) -> None:
    sound = CliRunner().invoke(app, ["check", str(kettle), "--json"])
    assert (sound.exit_code, json.loads(sound.stdout.splitlines()[-1])) == (0, [])
    broken(kettle, ROWS["an unknown input"])
    wrong = CliRunner().invoke(app, ["check", str(kettle), "--json"])
    (told,) = json.loads(wrong.stdout.splitlines()[-1])
    assert wrong.exit_code == 1
    assert set(told) == {"file", "line", "key", "problem", "instead"}
    assert told["key"] == 'signal "mains_voltage": input'
    assert told["file"] == str(kettle / BOARD)


def test_people_see_the_line_that_is_meant_and_what_to_write(kettle: Path) -> None:
    broken(kettle, ROWS["an unknown input"])
    done = CliRunner().invoke(app, ["check", str(kettle)])
    assert done.exit_code == 1
    for part in ('input = "adc_main"', "not known", "write adc_mains", "1 mistake in"):
        assert part in done.output


def test_a_board_that_is_not_there_offers_the_ones_that_are() -> None:
    done = CliRunner().invoke(app, ["check", "ovn"])
    assert done.exit_code == 2
    assert "oven" in done.output


def test_the_bounds_of_drift_are_those_that_the_firmware_refuses_by() -> None:
    from appliance.sense.normal import Detector

    channels, learn, limit = limits.drift_bounds()
    for sound in ((channels[0], learn[0], limit[0]), (channels[1], learn[1], limit[1])):
        Detector(*sound)
    for at, (low, high) in enumerate((channels, learn, limit)):
        for beyond in (low - 1, high + 1):
            usual = [2, 100, 6]
            usual[at] = beyond
            with pytest.raises(ValueError, match="drift"):
                Detector(*usual)


def test_every_rule_is_of_a_kind_that_the_firmware_has() -> None:
    assert set(limits.RULES) <= set(kinds())
    assert set(limits.WINDOWED) <= set(kinds())


# --- lines ---

DOCUMENTS = [TEMPLATE / BOARD, TEMPLATE / CODES, *(folder / name for folder in HOUSE for name in (BOARD, CODES))]


def places(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    made = {path: value}
    for key, one in inside:
        made |= places(one, (*path, key))
    return made


@pytest.mark.parametrize("file", DOCUMENTS, ids=[f"{file.parent.name}-{file.stem}" for file in DOCUMENTS])
def test_every_place_of_a_file_has_the_line_in_which_it_stands(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    lines = Lines(text)
    known = places(tomllib.loads(text))
    assert lines.places() == set(known)
    for path, value in known.items():
        quoted = lines.quote(lines.of(path))
        last = path[-1] if path else ""
        if isinstance(last, str):
            assert last in quoted or not path
        elif isinstance(value, str):
            assert value in quoted


_KEY = st.text("abé- ", min_size=1, max_size=4)
_LEAF = st.integers() | st.booleans() | st.text("ab\n\"'é#[]=", max_size=5)
_TREE = st.recursive(_LEAF, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(_KEY, deeper, max_size=3))


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(inline(one) for one in value) + "\n]"
    return json.dumps(value)


@given(st.dictionaries(_KEY, _TREE, max_size=4), st.lists(st.dictionaries(_KEY, _TREE, max_size=3), max_size=3))
def test_places_are_those_of_tomllib_whatever_is_written(head: dict[str, Any], tables: list[dict[str, Any]]) -> None:
    head.pop("z", None)
    text = "".join(f"{json.dumps(key)} = {inline(value)}  # é\n" for key, value in head.items())
    for table in tables:
        text += "[[z]]\n" + "".join(f"{json.dumps(key)} = {inline(value)}\n" for key, value in table.items())
    assert Lines(text).places() == set(places(tomllib.loads(text)))


# --- damage ---

SOUND = {name: (TEMPLATE / name).read_text(encoding="utf-8") for name in (BOARD, CODES)}
PARSED = {name: tomllib.loads(text) for name, text in SOUND.items()}
SPOTS = [(name, path) for name in SOUND for path in places(PARSED[name]) if path]
_RUBBISH = st.sampled_from([None, 0, -1, 10**12, 1.5, float("nan"), "", "x", "1 == 1", True, [], [0], ["x"], {}, [{}]])


@settings(max_examples=80)
@given(st.lists(st.tuples(st.sampled_from(SPOTS), _RUBBISH), min_size=1, max_size=4))
def test_whatever_is_damaged_is_told_and_never_by_a_traceback(damage: list[tuple[Any, Any]]) -> None:
    documents = copy.deepcopy(PARSED)
    for (name, path), rubbish in damage:
        inside: Any = documents[name]
        try:
            for step in path[:-1]:
                inside = inside[step]
            if rubbish is None:
                del inside[path[-1]]
            else:
                inside[path[-1]] = rubbish
        except (KeyError, IndexError, TypeError):
            continue  # an earlier damage took it away
    sources = [Source(TEMPLATE / name, one, copy.deepcopy(one), Lines(SOUND[name])) for name, one in documents.items()]
    board, found = mend(*sources)
    assert board is not None or found
    assert all(one.line > 0 and one.problem and one.instead for one in found)
