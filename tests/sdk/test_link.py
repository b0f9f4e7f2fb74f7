"""The modules of a room in one file: the same program in the same order, and tracebacks that name the real lines."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from appliance.system.trace import placed as placed_on_the_appliance
from trivet import boards, paths
from trivet.boards.kinds import kinds
from trivet.sim import rom
from trivet.sim.appliance import start_command
from trivet.sim.link import link
from trivet.sim.shorten import shorten

ROOM = "appliance/store/"
SOURCES = {
    "appliance/__init__.py": b"",
    "appliance/store/__init__.py": b'"""The room."""\n',
    "appliance/store/low.py": b"""from hashlib import sha256
SIZE = (1, 2)
_own = 3


def size(SIZE=4):
    return SIZE + _own


class Base:
    _own = 5

    def both(self):
        return self._own, _own, SIZE
""",
    "appliance/store/high.py": b"""from . import low
from .low import (
    Base as Parent,
    size,
)
_own = 7


class Child(Parent):
    def all(self):
        low_ = [_own for _own in (1,)]
        return self.both(), size(), low.size(9), low.SIZE, _own, low_, [low.sha256(b"").digest()[0]]


def late():
    from .rare import Rare

    return Rare().own()


def fails():
    raise ValueError
""",
    "appliance/store/rare.py": b"""from .low import _own


class Rare:
    def own(self):
        from .high import Child as Kind

        return _own, Kind().all()
""",
    "main.py": b"""from appliance.store.high import Child, fails, late
from appliance.store import high
__all__ = ("result", "fail")


def result():
    return Child().all(), late(), high.late() == late()


def fail():
    fails()
""",
}


def run(sources: dict[str, bytes], call: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    for name, source in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source)
    code = f"import main; print(repr(main.{call}()))"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_the_program_stays_the_same(tmp_path: Path) -> None:
    whole = run(SOURCES, "result", tmp_path / "whole").stdout
    linked, _ = link(SOURCES)
    assert run(linked, "result", tmp_path / "linked").stdout == whole
    assert run(shorten(linked), "result", tmp_path / "short").stdout == whole
    assert "(5, 3, (1, 2)), 7, 12" in whole


def test_what_is_imported_at_once_is_one_module_and_what_waits_for_its_moment_another() -> None:
    linked, places = link(SOURCES)
    assert set(linked) == {"appliance/__init__.py", "appliance/store/__init__.py", "appliance/store/rare.py", "main.py"}
    assert [path for path, _ in places["appliance/store/__init__.py"]] == [ROOM + "low.py", ROOM + "high.py"]


def test_a_name_of_a_function_s_own_hides_nothing_of_a_module(tmp_path: Path) -> None:
    sources = {
        "late.py": b"""from keys import curve


def made():
    public = curve.public(1)
    return public


print(made())
""",
        "keys/__init__.py": b"",
        "keys/curve.py": b"def public(x):\n    return x + 1\n",
    }
    made, _ = link(sources)
    for path, source in made.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(source)
    run = subprocess.run([sys.executable, "late.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.stdout == "2\n", run.stderr


def test_every_line_is_found_again() -> None:
    linked, places = link(SOURCES)
    room = linked["appliance/store/__init__.py"].split(b"\n")
    for path, before in places["appliance/store/__init__.py"]:
        for number, line in enumerate(SOURCES[path].split(b"\n")):
            if line.lstrip().startswith((b"def", b"class", b"raise")):
                assert room[before + number].split(b"(")[0].split()[0] == line.split(b"(")[0].split()[0]


def test_a_traceback_names_the_real_file_and_line(tmp_path: Path) -> None:
    linked, places = link(SOURCES)
    image = tmp_path / "x.romfs"
    rooms = rom.written(places)
    image.with_suffix(".places").write_bytes(rooms)
    real = run(SOURCES, "fail", tmp_path / "whole").stderr
    told = run(linked, "fail", tmp_path / "linked").stderr
    line = SOURCES[ROOM + "high.py"].decode().split("\n").index("    raise ValueError") + 1
    want = f'{ROOM}high.py", line {line}, in fails'
    assert want in real
    assert want not in told
    told = re.sub(r'File "[^"]*/(appliance/.*|main)\.py"', r'File "/rom/\1.mpy"', told)  # as the image names its files
    for found in (rom.placed(told, image), placed_on_the_appliance(told, rooms.decode().splitlines)):
        assert f'{ROOM}high.py", line {line}, in ' in found
        assert 'main.py", line 11' in found
        assert "__init__.py" not in found


def test_a_text_without_a_place_stays_as_it_is() -> None:
    rooms = "appliance/store/__init__.mpy appliance/store/low.py 1\n"
    for text in ("", "watchdog", 'Traceback:\n  File "x.py", line 3, in tick\nOSError: 5\n'):
        assert placed_on_the_appliance(text, rooms.splitlines) == text
        assert placed_on_the_appliance(text, list) == text


def test_monitor_kinds_are_found_by_the_names_in_their_registry(tmp_path: Path) -> None:
    package = "appliance/sense/monitors/"
    sources = {
        "appliance/__init__.py": b"",
        "appliance/sense/__init__.py": b"",
        package + "__init__.py": b"KINDS = 'stale.Stale ranges.Range'\n\n\ndef made(file, name):\n"
        b"    return globals().get(name) or getattr(__import__(__name__ + '.' + file, None, None, (name,)), name)\n",
        package + "stale.py": b"class Stale:\n    SIZE = 1\n\n\ndef size():\n    return 1\n",
        package + "ranges.py": b"class Range:\n    SIZE = 2\n\n\ndef size():\n    return 2\n",
        "main.py": b"from appliance.sense.monitors import KINDS, made\n__all__ = ('result',)\n\n\ndef result():\n"
        b"    return [made(*kind.split('.')).SIZE for kind in KINDS.split()]\n",
    }
    linked, _ = link(sources)
    assert package + "stale.py" not in linked
    assert run(shorten(linked), "result", tmp_path / "linked").stdout == "[1, 2]\n"
    assert run(sources, "result", tmp_path / "whole").stdout == "[1, 2]\n"


def test_an_image_has_the_monitor_kinds_that_its_board_uses() -> None:
    board = boards.load("oven")
    text = dict(rom.linked(board))["appliance/sense/monitors/__init__.py"].decode()
    used = {monitor.kind for monitor in board.monitors}
    for name, kind in kinds().items():
        assert (f"class {name.capitalize()}" in text) == (name in used), kind.file


def test_a_module_imported_by_its_name_within_a_function_is_refused() -> None:
    sources = {
        "appliance/__init__.py": b"",
        "appliance/a.py": b"",
        "main.py": b"def f():\n    from appliance import a\n",
    }
    with pytest.raises(ValueError, match=r"main\.py, line 2: import names"):
        link(sources)


def test_the_firmware_itself_crashes_with_real_lines(tmp_path: Path) -> None:
    """A program within the image breaks the journal's room on purpose."""
    program = tmp_path / "crash.py"
    program.write_text(
        "from appliance.store.journal import Journal\nfrom appliance.sim.line import Line\n\n\n"
        "def main(arguments):\n    try:\n        Journal(None)\n    except AttributeError as error:\n"
        "        print(Line(None, 0, 0).trace(error))\n"
    )
    image = rom.build(boards.load("oven"), program)
    done = subprocess.run(start_command(image, 160, "crash"), capture_output=True, text=True, check=True)
    source = (paths.firmware() / "appliance" / "store" / "ring.py").read_text().split("\n")
    line = next(n for n, text in enumerate(source, 1) if "HEAD % flash.write_size" in text)
    assert f'File "/rom/appliance/store/ring.py", line {line}, in ' in done.stdout


def test_a_module_that_others_joined_later_is_named_by_its_own_lines() -> None:
    sources = {
        "appliance/__init__.py": b"",
        "appliance/heart.py": b"def beat():\n    from .tick import tick\n\n    tick()\n",
        "appliance/tick.py": b"\n\ndef tick():\n    raise ValueError\n",
    }
    _, places = link(sources)
    rows = rom.written(places).decode().splitlines
    where = 'File "/rom/appliance/heart.mpy", line {}, in beat'
    told = [placed_on_the_appliance("  " + where.format(line), rows) for line in (4, 8)]
    assert [re.findall(r'appliance/(\w+\.py)", line (\d+)', one) for one in told] == [
        [("heart.py", "4")],
        [("tick.py", "4")],
    ]
    assert all(before >= 0 and rows_of[0][1] == 0 for rows_of in places.values() for _, before in rows_of)
