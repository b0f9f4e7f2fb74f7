"""The same cases for the ports of the simulation and for those of the chip, whose modules take nothing but what the
published stubs say."""

import re
from pathlib import Path

import pytest
from trivet import boards

HERE = Path(__file__).parent
CASES = re.findall(r"^def (\w+)\(ports\)", (HERE / "port_cases.py").read_text(), re.MULTILINE)


@pytest.mark.parametrize("kind", ["sim", "chip"])
@pytest.mark.parametrize("case", CASES)
def test_a_port(chip, kind: str, case: str) -> None:  # type: ignore[no-untyped-def]
    board = chip()
    board.files()
    (board.folder / "rom" / "board").mkdir(parents=True)
    (board.folder / "fs.img").write_bytes((board.folder / "vfs.img").read_bytes())
    for name, data in boards.pack(boards.load("oven")).items():
        (board.folder / "rom" / "board" / name).write_bytes(data)
    assert board.run("port_cases.py", kind, case).stdout.endswith(b"passed\n")
