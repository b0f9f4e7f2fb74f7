"""What the ROM builder does to the firmware's sources: the same program, the same lines, fewer names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet import boards, paths
from trivet.sim import rom
from trivet.sim.appliance import start_command
from trivet.sim.constants import fold
from trivet.sim.device import Device, Provision
from trivet.sim.shorten import shorten
from trivet.sim.unused import leave_out


def run(sources: dict[str, bytes], entry: str, folder: Path) -> object:
    """`entry.result()` of a package of these sources, in a Python of its own."""
    for name, source in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source)
    code = f"import {entry} as m; print(repr(m.result()))"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout


NUMBERS = b"""A = 3
B = A << 2 | 1
MINUS = -7
_OWN = 5
HUGE = 1 << 40
TABLE = {A: 'a', B: 'b'}
UNUSED = (A, B)
"""
USER = b"""from . import numbers
from .numbers import (
    A,
    B as BEE,
    MINUS,
    TABLE,
    HUGE,
)
__all__ = ("result",)
_factor = 2


def nobody() -> int:
    return BEE


class Thing:
    def __init__(self) -> None:
        self._count = A

    def _more(self) -> int:
        return self._count * _factor - MINUS + numbers.B


def result() -> object:
    return Thing()._more(), TABLE[BEE], HUGE, numbers._OWN, shadow(1)


def shadow(MINE: int) -> int:
    return MINE + BEE
"""
SHADOW = b"""from .numbers import A
__all__ = ("result",)


def f(A: int) -> int:
    return A


def result() -> object:
    return f(9) + 1
"""
SOURCES = {"one/__init__.py": b"", "one/numbers.py": NUMBERS, "one/user.py": USER, "one/shadow.py": SHADOW}


@pytest.mark.parametrize("entry", ["one.user", "one.shadow"])
def test_the_program_stays_the_same(entry: str, tmp_path: Path) -> None:
    slim = shorten(leave_out(fold(SOURCES)))
    assert run(slim, entry, tmp_path / "slim") == run(SOURCES, entry, tmp_path / "whole")


def test_constants_their_imports_and_what_nobody_uses_are_gone() -> None:
    slim = shorten(leave_out(fold(SOURCES)))
    assert b"B = " not in slim["one/numbers.py"]
    assert b"UNUSED" not in slim["one/numbers.py"]
    assert b"nobody" not in slim["one/user.py"]
    assert b"BEE" not in slim["one/user.py"]
    assert b"_count" not in slim["one/user.py"]


def test_a_name_that_is_bound_twice_is_no_constant() -> None:
    sources = {"m.py": b"A = 1\nif A:\n    A = 2\n\n\ndef result() -> int:\n    return A\n"}
    assert fold(sources) == sources


def test_a_class_that_inherits_from_another_module_keeps_its_private_names() -> None:
    child = b"from a import Parent\n\n\nclass Child(Parent):\n    def _hidden(self) -> int:\n        return 1\n"
    slim = shorten({"a.py": b"class Parent:\n    def _own(self) -> int:\n        return 2\n", "b.py": child})
    assert slim["b.py"] == child


@given(st.dictionaries(st.from_regex(r"[A-Z]{1,3}", fullmatch=True), st.integers(-(1 << 29), 1 << 29), min_size=1))
def test_folding_agrees_with_the_interpreter(values: dict[str, int]) -> None:
    definitions = "".join(f"{name} = {value}\n" for name, value in values.items())
    uses = ", ".join(f"{name} * 2 - {name}" for name in values)
    sources = {
        "n.py": definitions.encode(),
        "u.py": f"from n import {', '.join(values)}\nresult = [{uses}]\n".encode(),
    }
    scope: dict[str, object] = {}
    exec(fold(sources)["u.py"], scope)
    assert scope["result"] == list(values.values())


def test_every_line_of_the_firmware_stays_where_it_is() -> None:
    root = paths.firmware()
    sources = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.py")}
    slim = shorten(leave_out(fold(sources)))
    for name, source in sources.items():
        assert slim[name].count(b"\n") == source.count(b"\n"), name
        kept = {
            (node.lineno, type(node))
            for node in ast.walk(ast.parse(slim[name]))
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Return)
        }
        there = {(getattr(node, "lineno", 0), type(node)) for node in ast.walk(ast.parse(source))}
        assert kept <= there, name


def test_an_image_is_built_once_and_is_the_same_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = boards.load("oven")
    first = rom.build(board)
    assert rom.build(board) == first
    monkeypatch.setattr("trivet.sim.cache.folder", lambda: tmp_path)
    other = tmp_path / "umqtt"
    other.mkdir()
    (other / "simple.py").write_bytes(b"class MQTTClient:\n    pass\n")
    monkeypatch.setattr("trivet.sim.umqtt.package", lambda: other)
    again = rom.build(board)
    assert again.name != first.name


def test_a_micropython_on_the_path_serves_where_the_wheel_does_not(tmp_path: Path) -> None:
    board = boards.load("oven")
    device = Device(tmp_path)
    device.provision(Provision.alone("oven"))
    numbers = (str(len(board.inputs)), str(len(board.outputs)), "en")
    command = start_command(rom.build(board), 160, "main", str(tmp_path), *numbers)
    command.insert(1, "-S")  # no site-packages: the C extension cannot be imported
    environment = {"PATH": str(Path(sys.executable).parent)}
    done = subprocess.run(command, input=b"IQ", capture_output=True, env=environment, check=False, timeout=60)
    assert b'"started"' in done.stdout, done.stdout + done.stderr
    assert done.stdout.endswith(b"A" + bytes(2 * len(board.outputs)))
