"""Every file of `tests/both` once more, in the real MicroPython."""

from pathlib import Path

import pytest
import upy

FILES = sorted((Path(__file__).parent / "both").glob("test_*.py"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_in_micropython(path: Path) -> None:
    done = upy.run_micropython(path, heapsize="2m")
    assert done.stdout.splitlines()[-1].startswith(b"passed"), done.stdout.decode()
