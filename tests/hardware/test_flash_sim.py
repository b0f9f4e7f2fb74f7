"""`trivet flash` really runs: mpremote at the raw REPL of a simulated, unlocked board, over a pseudo-terminal."""

import subprocess
import sys
import threading
from pathlib import Path

from trivet.sim.device import Device, read_files
from trivet.sim.port import Port
from trivet.sim.spec import parse
from trivet.sim.world import Event
from trivet.technician.client import Client
from trivet_wire import ids


def trivet(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from trivet.cli import main; main()", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def test_what_was_built_stands_in_the_board_s_flash_and_the_appliance_starts(oven: Path, tmp_path: Path) -> None:
    device = Device(tmp_path / "oven")
    starts, again = [], threading.Event()

    def told(event: Event) -> None:
        if event.kind == "started":
            starts.append(event)
            if len(starts) > 1:
                again.set()

    with Port(parse(f"sim:oven,unlocked,device={device.folder}"), told) as port:
        before = read_files(device.folder / "fs.img")
        done = trivet("flash", str(oven), "--port", str(port.path))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ROMFS image deployed" in done.stderr
        assert again.wait(60)
        with Client(str(port.path)) as client:
            who = client.ask("who")[-1]
    assert (who["cause"], who["boot"]) == (ids.RESET_NAMES[ids.RESET_SOFT], 2)
    image = (oven / "romfs.img").read_bytes()
    assert (device.folder / "romfs.img").read_bytes()[: len(image)] == image
    found = read_files(device.folder / "fs.img")
    assert found["main.py"] == (oven / "main.py").read_bytes()
    assert before.items() <= found.items()  # it is the appliance that it was


def test_a_simulated_board_can_be_named_and_what_cannot_be_is_said(oven: Path, tmp_path: Path) -> None:
    done = trivet("flash", str(oven), "--port", f"sim:oven,unlocked,device={tmp_path / 'oven'}")
    assert done.returncode == 0, done.stdout + done.stderr
    image = (oven / "romfs.img").read_bytes()
    assert (tmp_path / "oven" / "romfs.img").read_bytes()[: len(image)] == image
    done = trivet("flash", str(oven), "--port", "sim:oven")
    assert done.returncode == 1
    assert "a locked board lets nobody in: --port sim:oven,unlocked" in done.stderr


def test_a_command_that_fails_ends_the_flashing(oven: Path, tmp_path: Path) -> None:
    done = trivet("flash", str(oven), "--port", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert "the appliance into its partition failed" in done.stderr
    assert "what starts it" not in done.stdout
