"""Runs `images.py` in MicroPython."""

from pathlib import Path

import upy


def test_bundles_and_base_images_in_their_slots() -> None:
    here = Path(__file__).parent
    tools = upy.ROOT / "tools" / "device"
    done = upy.run_micropython(here / "images.py", heapsize="8m", paths=[tools], timeout=120)
    assert done.stdout.splitlines()[-1].startswith(b"passed"), done.stdout.decode()
