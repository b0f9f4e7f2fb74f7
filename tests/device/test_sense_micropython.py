"""The oven's tick in the real MicroPython: allocates nothing, drives and judges as under CPython, level by level."""

import struct
import sys
from pathlib import Path

import pytest
import upy
from trivet import boards

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "boards"))

from bake import Kitchen, loaded  # noqa: E402  the path is made here


@pytest.mark.parametrize("name", ["test_sense_monitors"])
def test_in_micropython(name: str) -> None:
    done = upy.run_micropython(HERE / f"{name}.py", heapsize="1m", paths=[HERE])
    assert done.stdout.splitlines()[-1].startswith(b"passed"), done.stdout.decode()


@pytest.mark.parametrize("fault", ["element_top_open", "ntc_drift", "ntc_loose", "door_switch"])
def test_the_tick_allocates_nothing_and_is_the_same_as_here(fault: str, tmp_path: Path) -> None:
    model, packed, _ = loaded("oven")
    kitchen = Kitchen("oven", 3, {"load_s": 200, "bake_s": 300, "off_s": 1500})
    readings, levels = bytearray(), bytearray()
    while kitchen.now_ms < 1_560_000:
        if kitchen.now_ms == 600_000:
            kitchen.plant.inject(fault)
        kitchen.step()
        readings += struct.pack(f"<{len(kitchen.raw)}i", *kitchen.raw)
        levels += kitchen.levels.tobytes()
    files = {"readings": bytes(readings), "levels": bytes(levels), **packed}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    given = [str(tmp_path / name) for name in ("board.cbor", "catalogue.bin", "readings", "levels")]
    done = upy.run_micropython(
        HERE / "sense_drive.py", *given, heapsize="1m", paths=[HERE, boards.load("oven").folder], timeout=200
    )
    lines = done.stdout.decode().splitlines()
    assert lines[-1] == "same", lines
    there, here = bytes.fromhex(lines[-2].split()[1]), bytes(kitchen.manager.status)
    judged = [monitor.event for monitor in model.monitors]
    assert [there[event] for event in judged] == [here[event] for event in judged]
    assert boards.plant(model).FAULTS[fault].expected_events[0] in kitchen.seen.confirmed
