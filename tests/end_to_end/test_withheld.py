"""The oven at a mains too low for its relays, in real MicroPython: what fails is known, and no entry says so until the
mains is back.
"""

import shutil
from pathlib import Path

from appliance.sim.flash import FileFlash
from appliance.store.journal import Journal
from appliance.store.records import ENTRY
from trivet.boards import load
from trivet.sim.device import Device
from trivet.sim.world import World
from trivet_wire import ids

OVEN = load("oven")
SAG = {"mains_v": 155.0, "start_s": 10.0}


def entries(device: Device) -> set[str]:
    """Events with an entry, as another reader of the journal finds them."""
    copy = device.folder / "copy.img"
    shutil.copy(device.journal, copy)
    journal = Journal(FileFlash(str(copy), 16))
    journal.mount()
    return {code.event for event, code in enumerate(OVEN.codes) if journal.length(ENTRY, event) > 0}


def test_the_entry_waits_for_the_mains_while_status_and_inhibition_do_not(tmp_path: Path) -> None:
    device = Device(tmp_path / "device")
    with World(OVEN, device, settings=SAG, faults=[("cutout_open", 30.0)]) as world:
        world.run_until(120)
        assert world.state.status[OVEN.event("no_heater_current")] & ids.CONFIRMED
        assert entries(device) == {"mains_low"}
        world.plant.set["mains_v"] = 230.0
        world.run_until(130)
        assert world.state.status[OVEN.event("no_heater_current")] & ids.TEST_FAILED
        assert entries(device) == {"mains_low", "no_heater_current"}
