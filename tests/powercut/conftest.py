"""Lets the tests here import `powercut`, which `tools/device/cuts.py` runs: its flash, its histories and its judge. It
is imported at once: it stands in for what MicroPython alone has, before a room of the firmware asks for that."""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "device"))
importlib.import_module("powercut")
