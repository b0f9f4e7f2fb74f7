"""What drift learned on this very appliance outlives restarts and kills, and is forgotten when it must be."""

import re
import shutil
import threading
from pathlib import Path

import pytest
import spoilt
from appliance.sim.flash import FileFlash
from appliance.store.journal import Journal
from trivet.boards import load
from trivet.sim.device import Device
from trivet.sim.errors import SimulationError
from trivet.sim.world import World

LEARNED = 11  # record type
KEY = 2 * len(load("oven").codes)  # of the event that the test adds
LEARN_S = 34  # 64 samples of 500 ms and some
MONITOR = """
[[monitor]]
kind = "drift"
event = "wandering"
every_ms = 500
calibrate = 64
limit = {limit}
signals = ["cavity_temp", "board_temp", "mains_voltage"]
"""


def drifting(tmp_path: Path, limit: int = 6) -> Path:
    """The oven with a drift monitor and its code."""
    catalogue = (load("oven").folder / "catalogue.toml").read_text(encoding="utf-8")
    block = next(block for block in re.split(r"(?=^\[\[code\]\]$)", catalogue, flags=re.M) if '"flash_error"' in block)
    block = block.replace('"E04-1"', '"E99-1"').replace('"flash_error"', '"wandering"')
    folder = spoilt.oven(tmp_path)
    with open(folder / "catalogue.toml", "a", encoding="utf-8") as file:
        file.write("\n" + block)
    with open(folder / "board.toml", "a", encoding="utf-8") as file:
        file.write(MONITOR.format(limit=limit))
    return folder


def record(device: Device) -> bytes:
    """What was learned, as another reader of the journal finds it; empty: nothing."""
    copy = device.folder / "copy.img"
    shutil.copy(device.journal, copy)
    journal = Journal(FileFlash(str(copy), 16))
    journal.mount()
    buf = bytearray(max(0, journal.length(LEARNED, KEY)))
    journal.get(LEARNED, KEY, buf)
    return bytes(buf)


def test_what_was_learned_is_kept_once_and_adopted_after_a_restart(tmp_path: Path) -> None:
    device = Device(tmp_path / "device")
    with World(drifting(tmp_path), device) as world:
        world.run_until(LEARN_S - 4)
        assert record(device) == b""
        world.run_until(LEARN_S)
        kept = record(device)
        assert len(kept) == 8 + 4 * (4 * 3 + 9)
        for _ in range(3):
            world.restart()
            world.run_until(world.now_s + LEARN_S)
            assert record(device) == kept  # it learned nothing anew


def test_relearn_forgets_and_learns_anew(tmp_path: Path) -> None:
    device = Device(tmp_path / "device")
    with World(drifting(tmp_path), device) as world:
        world.run_until(LEARN_S)
        kept = record(device)
        world.run_until(400)  # the oven is hot now: another normal
        world.say("relearn")
        assert [event.data["monitors"] for event in world.events if event.kind == "relearn"] == [1]
        assert record(device) == b""
        world.restart()
        world.run_until(world.now_s + LEARN_S)
        assert len(record(device)) == len(kept)
        assert record(device) != kept


def test_other_parameters_make_it_learn_anew(tmp_path: Path) -> None:
    device = Device(tmp_path / "device")
    with World(drifting(tmp_path / "a"), device) as world:
        world.run_until(LEARN_S)
        kept = record(device)
    with World(drifting(tmp_path / "b", limit=7), device) as world:
        world.run_until(LEARN_S - 4)
        assert record(device) == kept  # not ours, not yet replaced
        world.run_until(LEARN_S)
        assert record(device)[:4] != kept[:4]


def test_a_kill_at_any_moment_leaves_all_of_it_or_nothing(tmp_path: Path) -> None:
    device = Device(tmp_path / "device")
    seen = set()
    with World(drifting(tmp_path), device) as world:
        for delay in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6):
            assert world.appliance is not None
            threading.Timer(delay, world.appliance.process.kill).start()
            with pytest.raises(SimulationError):
                world.run_until(100_000)
            seen.add(len(record(device)))
            world.restart()
            world.step()
            assert not [event for event in world.events if event.kind in ("crash", "reduced")]
    assert seen <= {0, 8 + 4 * (4 * 3 + 9)}


def test_a_board_without_drift_has_nothing_to_relearn() -> None:
    with World("oven") as world:
        world.say("relearn")
        assert [event.data["monitors"] for event in world.events if event.kind == "relearn"] == [0]
