"""Modules of an image under names that cost nothing: the same program, and nothing of its packages' names left."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from trivet import boards
from trivet.sim import rom
from trivet.sim.appliance import start_command
from trivet.sim.constants import fold
from trivet.sim.flat import flatten, names
from trivet.sim.known import NAMES
from trivet.sim.link import link
from trivet.sim.live import live
from trivet.sim.unused import leave_out

SOURCES = {
    "house/__init__.py": b'FLOORS = ("ground", "first")\n',
    "house/room/__init__.py": b"",
    "house/room/door.py": b"""from house import (
    FLOORS,
)


class Door:
    def at(self):
        return FLOORS
""",
    "house/room/key.py": b'"""house.room.door"""\n\n\ndef turns():\n    return 2\n',
    "main.py": b"""import sys
import house.room.key as key
LOADED = "house.room.door house.room.key"
ALONE = (
    "house.room."
    "door"
)
SAID = ("the house", f"{1} house.room.door", "house")


def result():
    from house.room.door import Door as Kind
    found = [key.turns(), Kind().at(), __import__(ALONE, None, None, ("Door",)).Door().at()]
    for module in LOADED.split():
        del sys.modules[module]
    return found, SAID
""",
}


def run(sources: dict[str, bytes], folder: Path) -> str:
    for name, source in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source)
    command = [sys.executable, "-c", "import main; print(main.result())"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_the_program_stays_the_same_and_every_module_is_at_the_top(tmp_path: Path) -> None:
    flat, paths = flatten(SOURCES)
    assert run(flat, tmp_path / "flat") == run(SOURCES, tmp_path / "whole")
    assert set(paths) == {path for path in SOURCES if "/" in path}
    assert set(flat) == {"main.py", *paths.values()}
    assert {path.removesuffix(".py") for path in paths.values()} <= NAMES
    assert all(path.removesuffix(".py").isupper() for path in paths.values())


def test_every_line_stays_where_it_is() -> None:
    flat, paths = flatten(SOURCES)
    for path, source in SOURCES.items():
        assert flat[paths.get(path, path)].count(b"\n") == source.count(b"\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"import house.room.key\n", "import house.room.key as"),
        (b"\nX = 'house.room.key and more'\n", "line 2: 'house.room.key and more' names modules"),
    ],
)
def test_what_could_not_say_the_new_name_is_refused_with_its_line(text: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        flatten(SOURCES | {"more.py": text})


@pytest.mark.parametrize("chip", [False, True])
def test_every_module_of_the_firmware_has_such_a_name_and_no_source_says_the_old_one(chip: bool) -> None:
    files = dict(rom.inputs(boards.load("dishwasher"), chip))
    made = rom.shrunk(files, flat=True)
    left = {path for path in made if path.endswith(".py") and "/" in path}
    asked = {f"appliance/sim/{name}.py" for name in ("locked", "prompt", "provision")} | {
        "appliance/esp32/provision.py"
    }
    assert left <= asked
    linked, _ = link(leave_out(fold({path: data for path, data in files.items() if path.endswith(".py")})))
    old = names(linked)
    for path, source in made.items():
        for node in live(ast.parse(source)) if path.endswith(".py") else ():
            if isinstance(node, ast.ImportFrom):
                assert node.module not in old, path
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in old or "." not in node.value, path


def test_a_module_can_be_let_go_of_and_comes_again(tmp_path: Path) -> None:
    """Within an image, by the port that the firmware uses."""
    program = tmp_path / "again.py"
    program.write_text(
        "import sys\nfrom appliance.sim.ports import Ports\n\n\n"
        "def main(arguments):\n    from appliance.update.why import why\n    first = why(0, 'en')\n"
        "    before = len(sys.modules)\n    Ports.unload(None, 'appliance.update.why')\n"
        "    print(before - len(sys.modules))\n    from appliance.update.why import why\n"
        "    print(why(0, 'en') == first, before - len(sys.modules))\n"
    )
    image = rom.build(boards.load("oven"), program)
    done = subprocess.run(start_command(image, 160, "again"), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "True", "0"]
