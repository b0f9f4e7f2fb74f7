"""Lets files here that run in both interpreters import the runner of `tests/both`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "both"))
