"""What the tests of this folder share: a bundle in a simulated appliance's flash, as an update leaves it."""

from appliance.update import chooser
from trivet.boards import Board
from trivet.release import bundle, drivers
from trivet.sim.device import Device, Provision
from trivet_wire import cbor

DIGEST = b"manifest"  # first bytes of one
FOLDER = ("", "a", "b")


def record(confirmed: list, trial: "list | None" = None, previous: "list | None" = None, back: bool = False) -> bytes:
    """The slot record of such a state."""
    kept: dict[str, bytes] = {}

    class Files:
        def read(self, name: str) -> "bytes | None":
            return kept.get(name)

        def write(self, name: str, data: "bytes | bytearray | memoryview") -> None:
            kept[name] = bytes(data)

    chooser.write(Files(), [1, back, confirmed, trial, previous])
    return kept[chooser.FILE]


def files_of(slot: int, files: dict[str, bytes]) -> dict[str, bytes]:
    """A complete folder."""
    image = bundle.pack(files)
    head = image[: 6 + int.from_bytes(image[4:6], "little")]
    cbor.decode(head[6:], 1024)
    return {f"{FOLDER[slot]}/{name}": data for name, data in {**files, "index": head}.items()}


def installed(board: Board, slot: int = 1, **instead: bytes) -> Device:
    """A device on which a bundle of `board` was confirmed; `instead`: other files of it, `drivers` for drivers.mpy."""
    device = Device()
    device.provision(Provision.alone(board.name))
    files = drivers.files(board)
    if "drivers" in instead:
        files["drivers.mpy"] = instead["drivers"]
    device.put(files_of(slot, files) | {chooser.FILE: record([slot, 0, 5, "1.1"])})
    return device
