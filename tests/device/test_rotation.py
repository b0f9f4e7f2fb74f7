"""A key rotation survives any power cut: the appliance starts with the old key or the new one, and the command sent
again ends in the new one. On MicroPython's own littlefs."""

import json
from pathlib import Path

import upy
from trivet import sign1
from trivet.control.rotation import wrap
from trivet.engine import pki
from trivet.keys import SecretMaster
from trivet.sim.device import Device, Provision

DEVICE = "00112233445566ff"
MASTER = SecretMaster(bytes(range(32)))


def test_a_power_cut_anywhere_in_a_rotation_never_locks_out(tmp_path: Path) -> None:
    key = pki.new_key()
    flash = Device(tmp_path)
    flash.provision(Provision(DEVICE, MASTER.message_key(DEVICE, 1), "oven", 1, key_der=pki.key_der(key)))
    ephemeral, wrapped = wrap(sign1.public_bytes(key.public_key()), DEVICE, 2, MASTER.message_key(DEVICE, 2))
    done = upy.run_micropython(
        Path(__file__).parent / "rotation_cuts.py",
        ephemeral.hex(),
        wrapped.hex(),
        heapsize="4m",
        paths=[upy.ROOT / "tools" / "device"],
        stdin=flash.image.read_bytes(),
        timeout=300,
    )
    figures = json.loads(done.stdout)
    assert figures["operations"] > 5
    assert figures["torn"] > 10
    assert set(figures["verdicts"]) == {"recovered"}
    assert figures["epochs"] == [1, 2]  # cuts before and after the one that counts
