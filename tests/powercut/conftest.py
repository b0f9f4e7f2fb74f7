"""Lets the tests here import `powercut`, which `tools/device/cuts.py` runs: its flash, its histories and its judge."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "device"))
