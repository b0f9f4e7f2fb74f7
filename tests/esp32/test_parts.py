"""Every single part of the chip's room, against a chip that is stricter than the real one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILES = ("cases_pins", "cases_time", "cases_wifi", "cases_kept")


def cases(file: str) -> list[str]:
    text = Path(__file__).with_name(f"{file}.py").read_text()
    return re.findall(r"^def (\w+)\(board, time\)", text, re.MULTILINE)


@pytest.mark.parametrize(("file", "case"), [(file, case) for file in FILES for case in cases(file)])
def test_a_part(chip: Callable[..., Any], file: str, case: str) -> None:
    assert chip().run("parts.py", file, case).stdout.endswith(b"passed\n")
