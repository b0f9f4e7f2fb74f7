"""The pins of a board on its chip: does the chip have them, can they do that, is one used twice, and who serves what is
no pin of the chip. Takes a report and the maker's inputs.py, writes findings.
"""

from __future__ import annotations

import ast
from pathlib import Path

from ...errors import TrivetError
from ..errors import Place
from ..pins import I2C, OWN, PCNT, WIRE, row, wrong
from .report import Report


def check(report: Report) -> None:
    chip = report.board.chip
    served = _served(report.board.folder / "inputs.py")
    taken: dict[int, tuple[str, int]] = {}
    counters = 0
    for path, text, output in _places(report):
        kind, numbers = row(text, output)
        for problem, instead in wrong(chip, text, output):
            report.note(path, problem, instead)
        if kind == OWN and text not in served:
            report.note(path, f'"{text}" is no pin of the chip, and inputs.py does not name it', _serve(text, output))
        if kind in (OWN, I2C):
            continue
        pin = numbers[0]
        if pin not in taken:
            taken[pin] = (text, kind)
        elif not kind == taken[pin][1] == WIRE:
            report.note(path, f'pin {pin} is taken already, by "{taken[pin][0]}"', "another pin")
        counters += kind == PCNT
        if kind == PCNT and counters > chip.about.counters > 0:
            fits = f"edge {pin}: counted by an interrupt"
            report.note(path, f"the {chip.about.text} counts pulses on {chip.about.counters} pins", fits)


def _places(report: Report) -> list[tuple[Place, str, bool]]:
    board = report.board
    made: list[tuple[Place, str, bool]] = [
        *((("input", at, "pin"), one.pin, False) for at, one in enumerate(board.inputs)),
        *((("output", at, "pin"), one.pin, True) for at, one in enumerate(board.outputs)),
    ]
    if board.chip.button:
        made.append((("chip", "button"), board.chip.button, False))
    for pin in board.chip.i2c or ():
        made.append((("chip", "i2c"), f"gpio {pin}", True))
    return made


def _serve(text: str, output: bool) -> str:
    call = f'pins.{"output" if output else "input"}("{text}")'
    kinds = "gpio N" if output else "adc N, gpio N, pcnt N, edge N, 1wire N or i2c ADDRESS reg N"
    return f"{kinds}; or class Inputs in inputs.py that asks for {call}"


def _served(file: Path) -> frozenset[str]:
    """Every text in the maker's inputs.py."""
    if not file.exists():
        return frozenset()
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise TrivetError(f"{file}, line {error.lineno}: this is not Python") from error
    return frozenset(
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
