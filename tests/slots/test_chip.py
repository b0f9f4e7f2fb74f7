"""`esp32/slots.py` against partitions that behave as MicroPython's `esp32.Partition` does: block reads and writes at an
offset, no erase that was not asked for, otadata written as ESP-IDF writes it."""

import importlib
import struct
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, ClassVar

import pytest
from appliance.update import otadata

SECTOR = 4096
SIZE = 8 * SECTOR


class Partition:
    """A partition table with ota_0, ota_1 and otadata; `running` is what the chip runs."""

    RUNNING, TYPE_DATA = 1, 1
    flash: ClassVar[dict[str, bytearray]] = {}
    running = "ota_0"
    rollback = True

    def __init__(self, which: "int | str") -> None:
        self.label = Partition.running if which == Partition.RUNNING else str(which)
        self.data = Partition.flash[self.label]

    @staticmethod
    def find(kind: int, subtype: int) -> "list[Partition]":
        return [Partition("otadata")] if (kind, subtype) == (1, 0) else []

    def info(self) -> tuple:
        return 0, 0x10 + int(self.label[-1]), 0x10000, len(self.data), self.label, False

    def get_next_update(self) -> "Partition":
        return Partition("ota_0" if self.label == "ota_1" else "ota_1")

    def readblocks(self, block: int, buf: Any, off: int = 0) -> None:
        at = block * SECTOR + off
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, block: int, buf: Any, off: int) -> None:
        for at, byte in enumerate(bytes(buf), block * SECTOR + off):
            self.data[at] &= byte

    def ioctl(self, op: int, block: int) -> None:
        assert op == 6
        self.data[block * SECTOR : (block + 1) * SECTOR] = b"\xff" * SECTOR

    def set_boot(self) -> None:
        if self.data[0] != 0xE9:
            raise OSError(-5379)  # ESP_ERR_OTA_VALIDATE_FAILED
        data = Partition.flash["otadata"]
        at, entry = otadata.chosen(data[:32], data[SECTOR : SECTOR + 32], int(self.label[-1]))
        data[at * SECTOR : at * SECTOR + 32] = entry

    @classmethod
    def mark_app_valid_cancel_rollback(cls) -> None:
        if not cls.rollback:
            raise OSError(-261, "ESP_ERR_NOT_SUPPORTED")
        data = cls.flash["otadata"]
        at = otadata.active(data[:32], data[SECTOR : SECTOR + 32]) * SECTOR
        data[at : at + 32] = otadata.with_state(data[at : at + 32], otadata.VALID)


def image(segments: list[int], hashed: bool = True) -> bytes:
    """An app image as esptool makes it: header, segments, checksum to 16, SHA-256."""
    made = bytes([0xE9, len(segments)]) + bytes(21) + bytes([hashed])
    for number, size in enumerate(segments):
        made += struct.pack("<II", 0x3C000020 + number, size) + bytes(size)
    made += bytes(15 - len(made) % 16) + b"\xef"
    return made + bytes(32 * hashed)


@pytest.fixture
def slots(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module = ModuleType("esp32")
    vars(module)["Partition"] = Partition
    monkeypatch.setitem(sys.modules, "esp32", module)
    first = otadata.entry(1, otadata.VALID)
    Partition.flash = {
        "ota_0": bytearray(image([1000, 37]).ljust(SIZE, b"\xff")),
        "ota_1": bytearray(b"\x00" * SIZE),
        "otadata": bytearray(first.ljust(2 * SECTOR, b"\xff")),
    }
    Partition.running, Partition.rollback = "ota_0", True
    yield importlib.import_module("appliance.esp32.slots").PartitionSlots
    sys.modules.pop("appliance.esp32.slots", None)


@pytest.mark.parametrize("segments", [[4], [1000, 37], [16, 16, 16], [9000, 1, 2, 3]])
@pytest.mark.parametrize("hashed", [True, False])
def test_an_image_is_as_long_as_its_header_says(slots: Any, segments: list[int], hashed: bool) -> None:
    made = image(segments, hashed)
    Partition.flash["ota_0"][: len(made)] = made
    assert slots().length(0) == len(made)
    assert slots().length(1) == 0


def test_an_image_that_would_leave_its_partition_is_none(slots: Any) -> None:
    Partition.flash["ota_0"][28:32] = b"\xff\xff\xff\x00"
    assert slots().length(0) == 0


def test_the_other_image_is_erased_and_programmed_and_the_running_one_never(slots: Any) -> None:
    chip = slots()
    before = bytes(Partition.flash["ota_0"])
    chip.erase(1, SECTOR)
    chip.program(1, SECTOR + 32, b"sixteen bytes ok")
    found = bytearray(18)
    chip.read(1, SECTOR + 31, found)
    assert bytes(found) == b"\xffsixteen bytes ok\xff"
    for call in (lambda: chip.erase(0, 0), lambda: chip.program(0, 0, bytes(16))):
        with pytest.raises(ValueError, match="runs"):
            call()
    for call in (
        lambda: chip.erase(1, 100),
        lambda: chip.program(1, 8, bytes(16)),
        lambda: chip.program(1, 4080, bytes(32)),
    ):
        with pytest.raises(ValueError, match="misaligned"):
            call()
    assert bytes(Partition.flash["ota_0"]) == before


def test_a_new_image_is_chosen_tried_and_marked_good(slots: Any) -> None:
    with pytest.raises(OSError, match="5379"):
        slots().set_boot(1)
    Partition.flash["ota_1"][:2000] = image([1000]).ljust(2000, b"\xff")
    slots().set_boot(1)
    data = Partition.flash["otadata"]
    slot, writes = otadata.started(data[:32], data[SECTOR : SECTOR + 32])
    for at, entry in writes:
        data[at * SECTOR : at * SECTOR + 32] = entry
    Partition.running = f"ota_{slot}"
    chip = slots()
    assert (chip.running, chip.state()) == (1, otadata.PENDING)
    chip.mark_valid()
    assert chip.state() == otadata.VALID


def test_a_build_without_rollback_has_nothing_to_mark(slots: Any) -> None:
    Partition.rollback = False
    chip = slots()
    before = chip.state()
    chip.mark_valid()
    assert chip.state() == before
