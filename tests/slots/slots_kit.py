"""What the tests of this folder share: a bundle in a simulated appliance's flash, as an update leaves it."""

from trivet.boards import Board
from trivet.release.installed import files, record
from trivet.sim.device import Device, Provision

__all__ = ["DIGEST", "installed", "record"]
DIGEST = b"manifest"  # first bytes of one


def installed(board: Board, slot: int = 1, drivers: bytes = b"") -> Device:
    """A device on which a bundle of `board` was confirmed; `drivers`: another drivers.mpy than its own."""
    device = Device()
    device.provision(Provision.alone(board.name))
    device.put(files(board, slot, drivers))
    return device
