"""Bundles and base images in their slots, in MicroPython over real littlefs: written in any pieces, taken up again,
read back, refused. Run by `test_images.py`.
"""

import random
from hashlib import sha256

import vfs
from appliance.system.disk import Files
from appliance.system.folders import Folders
from appliance.update import otadata
from appliance.update.base import Base
from appliance.update.bundle import Bundle
from runner import refused, run
from trivet_wire.cbor import encode
from trivet_wire.ids import R_COMPONENT, R_DIGEST, R_FIELD, R_FULL, R_NOT_CANONICAL, R_SIZE, R_UNPROVEN
from updating.flash import Blocks, Flash
from updating.house import Slots

SECTOR = 4096
FILES = {"drivers.mpy": 9000, "board/board.cbor": 2500, "board/empty.bin": 0, "board/texts_en.bin": 6001}


def filled(size, seed=1):
    random.seed(seed)
    return bytes([random.getrandbits(8) for _ in range(size)])


def image(files=None, rows=None):
    files = files or {name: filled(size, size) for name, size in FILES.items()}
    index = encode(rows or [[name, len(data), sha256(data).digest()] for name, data in sorted(files.items())])
    return b"TVB\x01" + bytes([len(index) & 255, len(index) >> 8]) + index + b"".join([files[n] for n in sorted(files)])


class Disk:
    """A fresh littlefs of so many blocks."""

    def __init__(self, blocks=32):
        self.flash = Flash({"fs": b"\xff" * SECTOR * blocks}, ("fs",))
        self.blocks = Blocks(self.flash.parts["fs"])
        vfs.VfsLfs2.mkfs(self.blocks)
        self.mount()

    def mount(self):
        try:
            vfs.umount("/fs")
        except OSError:
            pass
        self.blocks.gone = True  # what a forgotten file still writes
        self.blocks = Blocks(self.flash.parts["fs"])
        self.folders = Folders(Files("", self.blocks))

    def write(self, data, slot=1):
        bundle = Bundle(self.folders, slot)
        bundle.begin(len(data))
        bundle.write(data)
        return finished(bundle)


class Chip:
    """Two base images, the first of which runs."""

    def __init__(self, state=otadata.VALID, sectors=6):
        images = {"ota_0": filled(sectors * SECTOR), "ota_1": filled(sectors * SECTOR, 2)}
        images["otadata"] = otadata.entry(1, state) + b"\xff" * (2 * SECTOR - otadata.ENTRY)
        self.flash = Flash(images, ())
        self.slots = Slots(self.flash, 0)


def finished(target):
    """Read back, however many calls that takes."""
    digest = None
    while digest is None:
        digest = target.finish()
    return digest


def in_pieces(target, data, lives, seed):
    """Write in pieces of any size; now and then a new life takes up where flash says, or a chunk is written again."""
    random.seed(seed)
    at = 0
    target.begin(len(data))
    while at < len(data):
        what = random.getrandbits(5)
        if what == 0:
            target = lives()
            at = target.resume(len(data))
            assert at % SECTOR == 0
        elif what == 1:
            at -= at % SECTOR
            target.back(at)
        size = random.getrandbits(random.getrandbits(3) + 3) + 1
        target.write(memoryview(data)[at : at + size])
        at = min(len(data), at + size)
    assert finished(target) == sha256(data).digest()
    return target


def test_a_bundle_arrives_whole_in_whatever_pieces_it_comes():
    data = image()
    for seed in range(25):
        disk = Disk()

        def life(disk=disk):
            disk.mount()
            return Bundle(disk.folders, 1)

        in_pieces(life(), data, life, seed)
        bundle = life()
        assert bundle.size == len(data)
        part = bytearray(700)
        for off in range(0, len(data) - len(part), 611):
            bundle.read(off, part)
            assert part == data[off : off + len(part)]
        bundle.close()


def test_a_base_image_arrives_whole_in_whatever_pieces_it_comes():
    for size in (1, 15, 16, SECTOR, SECTOR + 1, 5 * SECTOR + 77, 6 * SECTOR):
        data = filled(size, size)
        for seed in range(8):
            chip = Chip()
            before = bytes(chip.flash.parts["ota_0"].image)

            def life(chip=chip):
                return Base(chip.slots, 1)

            in_pieces(life(), data, life, seed)
            found = bytearray(size)
            chip.slots.read(1, 0, found)
            assert found == data
            chip.flash.keep()
            assert chip.flash.parts["ota_0"].image == before


def test_what_was_written_before_the_power_went_is_taken_up_again():
    chip = Chip()
    base = Base(chip.slots, 1)
    base.begin(5 * SECTOR)
    base.write(filled(3 * SECTOR + 100))
    assert Base(chip.slots, 1).resume(5 * SECTOR) == 3 * SECTOR
    disk = Disk()
    data = image()
    bundle = Bundle(disk.folders, 1)
    bundle.begin(len(data))
    bundle.write(memoryview(data)[: 2 * SECTOR + 100])
    disk.mount()
    assert Bundle(disk.folders, 1).resume(len(data)) == 2 * SECTOR


def test_a_finished_bundle_that_is_taken_up_again_is_still_whole():
    disk = Disk()
    data = image()
    disk.write(data)
    bundle = Bundle(disk.folders, 1)
    at = bundle.resume(len(data))
    bundle.write(memoryview(data)[at:])
    assert finished(bundle) == sha256(data).digest()


def test_another_size_begins_anew():
    disk = Disk()
    disk.write(image())
    assert Bundle(disk.folders, 1).resume(5000) == 0
    assert Bundle(disk.folders, 1).size == 0


def test_the_other_folder_is_never_touched():
    disk = Disk()
    data = image()
    disk.write(data, 2)
    refused(R_DIGEST, disk.write, data[:-1] + bytes([data[-1] ^ 1]), 1)
    refused(R_FIELD, disk.write, b"x" * 500, 1)
    part = bytearray(len(data))
    Bundle(disk.folders, 2).read(0, part)
    assert part == data
    assert Bundle(disk.folders, 1).size == 0


def test_a_full_flash_is_said_before_anything_is_written_and_the_running_bundle_stays():
    disk = Disk(20)
    data = image()
    disk.write(data, 2)
    big = image({"drivers.mpy": filled(60000)})
    refused(R_FULL, Bundle(disk.folders, 1).begin, len(big))
    bundle = Bundle(disk.folders, 1)
    bundle._folders = Spacious(disk.folders)  # it may fill up on the way, too
    bundle.begin(len(big))
    refused(R_FULL, bundle.write, big)
    part = bytearray(len(data))
    Bundle(disk.folders, 2).read(0, part)
    assert part == data


class Spacious:
    """Says that there is room."""

    def __init__(self, folders):
        self.folders = folders

    def __getattr__(self, name):
        return getattr(self.folders, name)

    def free(self):
        return 1 << 20


def rows(path="drivers.mpy", size=4, digest=b"d" * 32):
    return [[path, size, digest]]


def test_an_index_that_is_none_is_refused_before_a_file_is_written():
    disk = Disk()
    files = {"drivers.mpy": b"code"}
    good = sha256(b"code").digest()
    for path in (
        "../key.der",
        "/drivers.mpy",
        "drivers",
        "board/x/y.z",
        "a.b.c",
        "Board.mpy",
        "key.der/x",
        "x" * 25 + ".b",
    ):
        refused(R_COMPONENT, disk.write, image(files, rows(path, 4, good)))
    refused(R_COMPONENT, disk.write, image({"a.b": b"code"}, rows("a.b", 2) + rows("a.b", 2)))
    refused(R_SIZE, disk.write, image(files, rows(size=5)))
    refused(R_FIELD, disk.write, image(files, rows(size=-4)))
    refused(R_FIELD, disk.write, image(files, rows(digest=b"short")))
    refused(R_FIELD, disk.write, image(files, [["drivers.mpy", 4]]))
    refused(R_FIELD, disk.write, image(files, {1: 2}))
    refused(R_FIELD, disk.write, b"TVB\x02" + image(files)[4:])
    refused(R_FIELD, disk.write, image(files, rows("x.y", 0) * 17))
    refused(R_NOT_CANONICAL, disk.write, b"TVB\x01\x03\x00\x98\x01\x80")
    refused(R_SIZE, disk.write, b"TVB\x01\xff\xff" + bytes(2000))
    assert disk.folders.read("key.der") is None
    assert disk.folders.list("a") == []
    refused(R_DIGEST, disk.write, image(files, rows()))
    assert Bundle(disk.folders, 1).size == 0, "nobody takes it for a whole one"
    assert disk.write(image(files)) == sha256(image(files)).digest()


def test_more_or_less_than_was_said_is_refused():
    disk = Disk()
    data = image()
    bundle = Bundle(disk.folders, 1)
    bundle.begin(len(data))
    bundle.write(memoryview(data)[:-1])
    refused(R_SIZE, bundle.finish)
    refused(R_SIZE, bundle.write, b"xx")
    assert Bundle(disk.folders, 1).size == 0, "nobody takes it for a whole one"
    assert disk.write(data) == sha256(data).digest()
    chip = Chip()
    base = Base(chip.slots, 1)
    chip.flash.log = []
    refused(R_SIZE, base.begin, 6 * SECTOR + 1)
    refused(R_SIZE, base.begin, 0)
    assert chip.flash.log == [], "refused before anything was erased"
    base.begin(20)
    base.write(b"x" * 19)
    refused(R_SIZE, base.finish)
    refused(R_SIZE, base.write, b"xx")
    assert all(part.name == "ota_1" for part, _, _ in chip.flash.log)
    base.write(b"x")
    assert finished(base) == sha256(b"x" * 20).digest(), "what was too much is not in it"


def test_the_image_that_runs_is_never_written():
    chip = Chip()
    slots = chip.slots
    chip.flash.log = []
    stopped = 0
    for call in (lambda: Base(slots, 0).begin(16), lambda: slots.erase(0, 0), lambda: slots.program(0, 0, bytes(16))):
        try:
            call()
        except ValueError:
            stopped += 1
    assert (stopped, chip.flash.log) == (3, [])


def test_nothing_is_written_while_the_running_base_is_on_trial():
    for state in (otadata.NEW, otadata.PENDING):
        chip = Chip(state)
        chip.flash.log = []
        base = Base(chip.slots, 1)
        refused(R_UNPROVEN, base.begin, 16)
        refused(R_UNPROVEN, base.resume, 16)
        assert chip.flash.log == []


run(globals())
