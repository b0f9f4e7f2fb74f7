"""Lets the tests here import `wiretap`, which `tools/device/tap.py` runs: the house, its line and the judge."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "device"))

import powercut  # noqa: F401 - what MicroPython alone has gets its stand-in
