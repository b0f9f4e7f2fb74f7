"""A board's physics.py: can it be imported, does it have what a simulation needs, do its faults name real events.

Takes the file and the board; runs the maker's physics for one tick, as `trivet sim` would. Gives findings.
"""

from __future__ import annotations

import ast
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ..models import Board
from ..physics import Fault, load_module
from ..reader import nearest
from .finding import Finding

_HAVE = {
    "Plant": "class Plant: with inject(fault), step(dt_s, outputs) and inputs()",
    "FAULTS": "FAULTS: dict[str, Fault], what can break",
    "SETTINGS": "SETTINGS: dict[str, tuple[float, str, str]]: default, unit, text",
}
_METHODS = {
    "inject": "def inject(self, fault: str) -> None",
    "step": "def step(self, dt_s: float, outputs: Sequence[int]) -> None",
    "inputs": "def inputs(self) -> list[int]",
}


def check(file: Path, board: Board | None) -> Iterator[Finding]:
    if not file.exists():
        yield Finding(
            file,
            0,
            "",
            "is missing: the board cannot be simulated",
            "class Plant, FAULTS and SETTINGS, as `trivet new` writes them",
        )
        return
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()

    def wrong(line: int, key: str, problem: str, instead: str) -> Finding:
        return Finding(file, line, key, problem, instead, lines[line - 1].strip() if 0 < line <= len(lines) else "")

    name = "trivet_checked_physics"
    try:
        module = load_module(name, str(file))
        places = _places(text)
        for line, key, problem, instead in _judge(module, board, places):
            yield wrong(line, key, problem, instead)
    except Exception as error:  # whatever the maker's code raises is a finding
        line = _line(error, file)
        yield wrong(line, "", f"fails: {type(error).__name__}: {error}", "physics that runs with its default settings")
    finally:
        sys.modules.pop(name, None)


Told = Iterator[tuple[int, str, str, str]]


def _judge(module: ModuleType, board: Board | None, places: Mapping[str, int]) -> Told:
    missing = [name for name in _HAVE if not hasattr(module, name)]
    for name in missing:
        yield 1, name, "is missing", _HAVE[name]
    if "Plant" not in missing:
        for name, form in _METHODS.items():
            if not callable(getattr(module.Plant, name, None)):
                missing.append(name)
                yield places.get("Plant", 1), f"Plant: {name}", "is missing", form
    if board is None:
        return
    if "FAULTS" not in missing:
        for name, fault in module.FAULTS.items():
            yield from _fault(name, fault, board, places.get(name, places.get("FAULTS", 1)))
    if not missing:
        yield from _runs(module, board, places)


def _fault(name: str, fault: Any, board: Board, line: int) -> Told:
    key = f'FAULTS "{name}"'
    if not isinstance(fault, Fault):
        yield line, key, "is no Fault", "trivet.boards.physics.Fault(text, expected_events, at_s, until_s)"
        return
    if not fault.expected_events:
        yield line, key, "expects no event: then it can be injected but never found", "the event that finds it"
    events = [code.event for code in board.codes]
    for event in (*fault.expected_events, *fault.symptoms):
        if event not in events:
            yield line, key, f"catalogue.toml has no code with the event {event!r}", nearest(event, events)
    right = [code for code in board.codes if code.event in fault.expected_events[:1]]
    causes = [one.name for code in right for one in code.causes]
    if fault.cause and right and fault.cause not in causes:
        yield line, key, f"its code has no cause {fault.cause!r}", nearest(fault.cause, causes)
    signals = [one.name for one in board.signals]
    if fault.lies and fault.lies not in signals:
        yield line, key, f"there is no signal {fault.lies!r} that could lie", nearest(fault.lies, signals)
    if not 0 <= fault.at_s < fault.until_s:
        yield line, key, f"breaks at {fault.at_s} s, but its run ends at {fault.until_s} s", "an until_s after at_s"


def _runs(module: ModuleType, board: Board, places: Mapping[str, int]) -> Told:
    plant = module.Plant(1, {name: float(row[0]) for name, row in module.SETTINGS.items()})
    readings = plant.inputs()
    plant.step(board.tick_ms / 1000, tuple(one.safe for one in board.outputs))
    key, line = "Plant: inputs", places.get("inputs", 1)
    if len(readings) != len(board.inputs):
        yield (
            line,
            key,
            f"gives {len(readings)} readings for {len(board.inputs)} inputs",
            "one for each [[input]], in their order",
        )
    for one, reading in zip(board.inputs, readings, strict=False):
        if not isinstance(reading, int) or not -(1 << 31) <= reading < 1 << 31:
            yield line, key, f"gives {reading!r} for {one.name}", "a whole number of 32 bits, as the pin would read"


def _places(text: str) -> dict[str, int]:
    """Lines of top-level names, of Plant's methods, and of the keys of FAULTS."""
    made: dict[str, int] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            made[node.name] = node.lineno
            made |= {one.name: one.lineno for one in node.body if isinstance(one, ast.FunctionDef)}
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            made[ast.unparse(target)] = node.lineno
            if isinstance(node.value, ast.Dict):
                keys = [key for key in node.value.keys if isinstance(key, ast.Constant)]
                made |= {str(key.value): key.lineno for key in keys}
    return made


def _line(error: Exception, file: Path) -> int:
    """The line of the maker's file in which it failed."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return frames[-1].lineno or 0 if frames else 0
