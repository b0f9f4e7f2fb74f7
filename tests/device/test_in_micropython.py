"""The tests of this folder that need no pytest once more, in the real MicroPython."""

from pathlib import Path

import pytest
import upy

HERE = Path(__file__).parent
FILES = (
    "test_consents_shown",
    "test_dem",
    "test_fault_memory",
    "test_identity",
    "test_inhibit",
    "test_journal",
    "test_ledger",
    "test_no_allocation",
    "test_storage",
)


@pytest.mark.parametrize("name", FILES)
def test_in_micropython(name: str) -> None:
    done = upy.run_micropython(HERE / f"{name}.py", heapsize="2m", paths=[HERE])
    assert done.stdout.splitlines()[-1].startswith(b"passed"), done.stdout.decode()
