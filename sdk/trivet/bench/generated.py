"""Boards of any size, written as a maker would write them: for measuring what size costs.

Takes numbers of signals and monitors and a folder, writes board.toml, catalogue.toml and drivers.py there; the same
numbers give the same files. Every monitor kind that the firmware has takes its turn. Describes no real appliance.
"""

from __future__ import annotations

import json
from pathlib import Path

from trivet_wire.code import LETTERS

from trivet.boards import Board, load
from trivet.boards.kinds import Key, Kind, kinds

OUTPUTS = 4
TICK_MS = 250
SPAN = 4095  # readings go from 0 to this
CALIBRATE = 100  # samples that a learning monitor takes before it judges

_DRIVERS = '''"""A control program that drives nothing: what is measured is the firmware."""


class Application:
    def __init__(self, board) -> None:
        pass

    def tick(self, now, values, validity, inhibit, levels) -> None:
        levels[0] = 1 if inhibit.allowed(0) else 0
'''


def write(folder: Path, signals: int, monitors: int) -> Board:
    """A board with one code a monitor; `signals` 2 to 30, `monitors` 1 to 240."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "board.toml").write_text(_board(signals, monitors), encoding="utf-8")
    (folder / "catalogue.toml").write_text(_catalogue(signals, monitors), encoding="utf-8")
    (folder / "drivers.py").write_text(_DRIVERS, encoding="utf-8")
    return load(folder)


def _board(signals: int, monitors: int) -> str:
    parts = [
        f'[board]\nmodel = "GENERATED"\ntext = {_both("Generated")}\ntick_ms = {TICK_MS}\n',
        "[history]\nperiod_ms = 1000\ndepth = 16\n",
        '[cycle]\nwhile = ["s0 >= 0"]\n',
    ]
    parts += [f'[[input]]\nname = "adc{i}"\npin = "adc {i}"\n' for i in range(signals)]
    parts += [f'[[output]]\nname = "o{i}"\npin = "gpio {i}"\ntext = {_both(f"Output {i}")}\n' for i in range(OUTPUTS)]
    parts += [_signal(i) for i in range(signals)]
    every = sorted(kinds().values(), key=lambda kind: kind.number)
    parts += [_monitor(i, every[i % len(every)], signals) for i in range(monitors)]
    for i in range(OUTPUTS):
        rules = "\n".join(f'e{event} = "confirmed"' for event in range(i, monitors, OUTPUTS * 3))
        parts.append(
            f'[[function]]\nname = "f{i}"\ntext = {_both(f"Function {i}")}\nhazardous = {_toml(i == 0)}\n'
            f"[function.inhibited_by]\n{rules}\n"
        )
    return "\n".join(parts)


def _signal(i: int) -> str:
    """Readings as they are, by a table, or by an NTC's datasheet."""
    how = (
        f"valid = [-1, {SPAN + 1}]",
        f"valid = [0, 400]\nscale = 10\npoints = [[0, 0], [1500, 130], [2600, 260], [{SPAN}, 400]]",
        "valid = [-40, 460]\nscale = 10\n"
        "ntc = { r25 = 100_000, beta = 3950, pull_up = 3300, full = 4095, low = -40, high = 460 }",
    )[i % 3]
    return f'[[signal]]\nname = "s{i}"\ninput = "adc{i}"\n{how}\ntext = {_both(f"Signal {i}")}\n'


def _monitor(i: int, kind: Kind, signals: int) -> str:
    lines = [f'event = "e{i}"', f'kind = "{kind.name}"']
    for at, key in enumerate(kind.keys):
        said = _value(key, i + at, signals)
        if said:
            lines.append(f"{key.name} = {said}")
    if kind.number < 2 and i % 2:
        lines.append(f'judges = "s{i % signals}"')
    if i % 3 == 0:
        lines.append(f'when = ["s{(i + 5) % signals} > 10 for 2 s", "o0 == 1"]')
    if i % 4 == 3:
        lines.append(f'unless = ["e{i - 1}"]')
    timed = "{ fail_ms = 2000, pass_ms = 1000 }"
    counted = "{ fail = 6, pass = 4, inc = 2 }"
    lines.append(f"debounce = {timed if i % 2 else counted}")
    return "[[monitor]]\n" + "\n".join(lines) + "\n"


def _value(key: Key, i: int, signals: int) -> str:
    """What stands behind a key of this type, "" for the kind's own default. Signals of one scale go together."""
    if key.type == "signal":
        return f'"s{i * 3 % signals}"'
    if key.type == "signals":
        return _toml([f"s{(i + at) * 3 % signals}" for at in range(5)])
    if key.type == "ticks":
        return str(TICK_MS * (8 + i % 8))
    if key.type == "value":
        return {"low": "20", "limit": "400", "rise_min": "1"}.get(key.name, "300" if key.default is None else "")
    if key.name == "calibrate":
        return str(CALIBRATE)
    return "100" if key.type == "int" and key.default is None else ""


def _catalogue(signals: int, codes: int) -> str:
    parts = [f'[[part]]\nnumber = "P-1"\ntext = {_both("Part")}\n']
    for i in range(codes):
        letter, rest = LETTERS[i % len(LETTERS)], i // len(LETTERS)
        frozen = [f"s{(i + at) % signals}" for at in range(6)]
        words = f'title = "Code {i}"\nowner = "What it means."\nnow = "What to do now."'
        parts.append(
            f'[[code]]\ncode = "{letter}{rest:02}-{i % 9 + 1}"\nevent = "e{i}"\nne107 = "F"\nseverity = {i % 5 + 1}\n'
            f"confirm = {i % 3 + 1}\nfreeze = {_toml(frozen)}\n"
            f"[code.text.en]\n{words}\n[code.text.de]\n{words}\n"
            f'[code.technician]\nen = ["Look."]\nde = ["Nachsehen."]\n'
            f'[[code.cause]]\nname = "part"\ntext = {_both("the part")}\nkind = "part"\nweight = 1\npart = "P-1"\n'
            "evidence = []\n"
        )
    return "\n".join(parts)


def _both(text: str) -> str:
    return f'{{ en = "{text}", de = "{text}" }}'


def _toml(value: object) -> str:
    return json.dumps(value)
