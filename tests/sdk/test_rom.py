"""What the ROM builder does to the firmware's sources: the same program, the same lines, fewer names."""

import ast
import keyword
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet import boards, paths
from trivet.bench.device import interpreter
from trivet.sim import rom
from trivet.sim.appliance import start_command
from trivet.sim.constants import fold
from trivet.sim.device import Device, Provision
from trivet.sim.known import NAMES as KNOWN
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


HEIRS = {
    "parent.py": b"""class Parent:
    def _own(self):
        return 2

    def both(self):
        return self._own()
""",
    "child.py": b"""import binascii
from parent import Parent
__all__ = ("result",)


class Child(Parent):
    def _hidden(self, amount=3):
        return amount

    def sum(self):
        return self._hidden(amount=5), self._own(), self.both(), getattr(self, "spelt")(), binascii.crc32(b"x")

    def spelt(self):
        return 7


def result():
    return Child().sum()
""",
}


def test_names_are_those_that_the_interpreter_has_anyway_and_mean_the_same_in_every_module(tmp_path: Path) -> None:
    slim = shorten(HEIRS)
    assert run(slim, "child", tmp_path / "slim") == run(HEIRS, "child", tmp_path / "whole")
    for name in (b"Parent", b"Child", b"_own", b"_hidden", b"both", b"amount"):
        assert name not in slim["parent.py"] + slim["child.py"]
    spent = {word for source in slim.values() for word in re.findall(r"[A-Za-z_]\w+", source.decode())}
    assert spent - {"spelt", "result", "parent", "child"} <= KNOWN | {*keyword.kwlist, "__all__", "self"}


def test_what_the_interpreter_or_a_string_may_ask_for_keeps_its_name() -> None:
    slim = shorten(HEIRS)["child.py"]
    for name in (b"binascii", b"crc32", b"getattr", b"def spelt", b"from parent import"):
        assert name in slim


def test_a_method_that_nobody_calls_is_left_out_unless_the_interpreter_might() -> None:
    methods = ("nobody(self)", "ioctl(self, op)", "__len__(self)")
    source = "class A:\n" + "".join(f"    def {method}:\n        return 1\n\n" for method in methods)
    slim = leave_out({"a.py": source.encode()})["a.py"]
    assert b"nobody" not in slim
    assert b"ioctl" in slim
    assert b"__len__" in slim


def test_every_name_that_counts_as_known_is_known_to_the_interpreter(tmp_path: Path) -> None:
    """Using an unknown one lets the table of names grow; these are spelt so that the script itself brings in none."""
    script = tmp_path / "ask.py"
    script.write_text(
        "import micropython as qa\nimport sys as qb\nwith open(qb.argv[1]) as qc:\n    qd = qc.read().split()\n"
        "qa.qstr_info()\nfor qe in qd:\n    getattr(qb, qe, None)\nqa.qstr_info()\n"
    )
    assert grown(script, sorted(KNOWN)) == 0
    assert grown(script, ["surely_unknown"]) == 1


def grown(script: Path, names: list[str]) -> int:
    words = script.with_suffix(".txt")
    words.write_text("\n".join(names))
    command = [interpreter(), str(script), str(words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, after = re.findall(r"n_qstr=(\d+)", done.stdout)
    return int(after) - int(before)


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


def test_names_that_no_module_says_both_may_become_the_same_and_those_of_one_object_never() -> None:
    """`left` and `right` meet in no module; `given` is set on an object by somebody else, and may meet anything."""
    sources = {
        "a.py": b"class A:\n    def left(self):\n        return self.left_too\n",
        "b.py": b"class B:\n    def right(self):\n        return self.right_too\n",
        "c.py": b"def f(thing):\n    thing.given = 1\n",
    }
    slim = {path: re.findall(rb"[A-Za-z_]\w*", source) for path, source in shorten(sources).items()}
    assert slim["a.py"] == slim["b.py"]
    assert slim["c.py"][4] not in slim["a.py"]
    heir = b"from a import A\n\n\nclass B(A):\n    def right(self):\n        return self.right_too\n"
    heirs = sources | {"b.py": heir}
    a, b = (re.findall(rb"def (\w+)", shorten(heirs)[path])[0] for path in ("a.py", "b.py"))
    assert a != b


def test_steady_names_mostly_stay_when_another_comes() -> None:
    names = [f"name_{i}" for i in range(60)]
    body = "".join(f"    def {name}(self):\n        return self.{name}_too\n" for name in names)
    before = shorten({"a.py": f"class A:\n{body}".encode()}, steady=True)["a.py"].split(b"\n")
    more = "    def newcomer(self):\n        return self.newcomer_too\n"
    after = shorten({"a.py": f"class A:\n{more}{body}".encode()}, steady=True)["a.py"].split(b"\n")
    same = sum(a == b for a, b in zip(before[1:], after[3:], strict=True))
    assert same > 0.9 * len(before)
