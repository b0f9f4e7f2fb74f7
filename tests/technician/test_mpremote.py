"""mpremote itself at a simulated board: an unlocked one lets it in, a locked one does not, and an appliance goes on."""

import subprocess
import sys
from pathlib import Path

import pytest
import serial
from trivet.sim.port import Port
from trivet.sim.spec import parse
from trivet.technician.client import Client
from trivet_wire import ids


def mpremote(port: Port, *words: str, timeout: float = 60) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mpremote", "connect", str(port.path), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)


def test_mpremote_runs_a_script_on_an_unlocked_board_and_sees_its_flash(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text("import sys\nprint(sys.implementation.name, sum(range(101)))\n")
    with Port(parse("sim:oven,unlocked")) as port:
        done = mpremote(port, "run", str(script))
        assert (done.returncode, done.stdout.strip()) == (0, "micropython 5050"), done.stdout + done.stderr
        assert "identity.cbor" in mpremote(port, "fs", "ls").stdout
        assert mpremote(port, "fs", "cp", str(script), ":hello.py").returncode == 0
        assert mpremote(port, "exec", "import hello").stdout.strip() == "micropython 5050"


def test_every_output_is_at_its_safe_level_before_the_prompt_answers() -> None:
    """In the middle of a bake, with the elements on."""
    with Port(parse("sim:oven,unlocked,from=400")) as port:
        assert any(port.world.outputs)
        assert mpremote(port, "exec", "print(1)").stdout.strip() == "1"
        assert list(port.world.outputs) == [one.safe for one in port.world.board.outputs]


def test_after_the_prompt_the_appliance_starts_again() -> None:
    with Port(parse("sim:oven,unlocked")) as port:
        assert mpremote(port, "exec", "print(1)").returncode == 0
        with serial.Serial(str(port.path), 115200, timeout=10) as line:
            line.write(b"\x04")  # of the friendly prompt: a soft reset
            assert line.read_until(b"soft reboot").endswith(b"soft reboot")
        with Client(str(port.path)) as client:
            who = client.ask("who")[-1]
        assert (who["cause"], who["boot"]) == (ids.RESET_NAMES[ids.RESET_SOFT], 2)


def test_a_locked_board_lets_nobody_in_and_still_answers() -> None:
    with Port(parse("sim:oven")) as port:
        with pytest.raises(subprocess.TimeoutExpired):
            mpremote(port, "exec", "print(1)", timeout=4)
        with Client(str(port.path)) as client:
            who = client.ask("who")[-1]
        assert (who["locked"], who["cause"], who["boot"]) == (True, "power on", 1)
        assert not port.world.repl
