"""Every single part of the chip's room, against a chip that is stricter than the real one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CASES = re.findall(r"^def (\w+)\(board, time\)", (HERE / "part_cases.py").read_text(), re.MULTILINE)


@pytest.mark.parametrize("case", CASES)
def test_a_part(chip: Callable[..., Any], case: str) -> None:
    assert chip().run("part_cases.py", case).stdout.endswith(b"passed\n")
