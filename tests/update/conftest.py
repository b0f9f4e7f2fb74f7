"""One MicroPython answers all questions about updates of a test run, and CPython the same ones. Lets the tests here
import `updating`: the appliance around its update machine that `tools/device/updates.py` cuts the power of."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import judged_server
import pytest
import upy

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "device"))


class Appliance:
    """The appliance's judgement in both interpreters; they must agree. Bytes go in as they are."""

    def __init__(self) -> None:
        self._server = upy.MicroPythonServer(Path(__file__).parent / "judged_server.py", heapsize="1m")

    def __call__(self, name: str, *args: Any) -> Any:
        """What it gives; for a refusal its reason, as a negative number."""
        words = [arg.hex() if isinstance(arg, bytes) else arg for arg in args]
        here = judged_server.answer(name, *words)
        there = self._server.ask(name, *words)
        assert here == there, f"{name}{words}: {here} in CPython, {there} in MicroPython"
        assert here[0] != "crashed", here[1]
        return here[1] if here[0] == "ok" else -here[1]

    def close(self) -> None:
        self._server.close()


@pytest.fixture(scope="session")
def appliance() -> Iterator[Appliance]:
    made = Appliance()
    yield made
    made.close()
