"""Lets the tests here import `tamper`, which `tools/device/ledger.py` runs: histories of a ledger, ways to alter it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "device"))
