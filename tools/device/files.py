"""The appliance's side of `tools/bench cuts`, on littlefs: runs under MicroPython, never under CPython.

    files.py list
    files.py cut NAME SAMPLE SEED    < a littlefs image as provisioning makes it   > one JSON line of figures
    files.py replay NAME@OPERATION.WAY SEED   < the image

Files are written as the product writes them (`appliance.system.disk.Files`) to MicroPython's own littlefs on a block
device that behaves as NOR does: programming only clears bits (what littlefs programs without an erase is counted; it
reads back and moves away by itself). Each operation of a clean run is then cut before, during and after it; from every
image a mount must find each file old or new, and go on writing.
"""

import json
import os
import random
import sys

import vfs
from appliance.system.disk import Files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Image = dict[int, bytearray]

BLOCK = 4096
UNIT = 8  # bytes that a tear leaves whole or not
FILLER = "filler"  # never touched again
AFTER = "after"  # the file that is written after each cut
# name: files and the sizes that they take in turn; steps; share of the disk that is filled beforehand
HISTORIES = {
    "identity": ((("identity.cbor", (150, 152, 180)),), 14, 0),
    "identity with certificates": (
        (("identity.cbor", (180,)), ("key.der", (121,)), ("cert.der", (480, 495)), ("ca.der", (440,))),
        20,
        0,
    ),
    "configuration": ((("config.cbor", (60, 300, 900, 20)),), 24, 0),
    "many small files": (tuple([("f%d" % i, (10, 40)) for i in range(9)]), 27, 0),
    "texts over blocks": ((("texts.bin", (5000, 9000, 12000)), ("config.cbor", (80,))), 10, 0),
    "nothing to something": ((("empty", (0, 1, 0, 700)), ("config.cbor", (64, 0))), 20, 0),
    "nearly full disk": ((("texts.bin", (6000, 16000, 3000)), ("config.cbor", (100,))), 6, 84),
    "long directory": ((("a", (1,)), ("b", (2,))), 60, 0),
}


class Nor:
    """A block device over an image; what is written lies over it until it is kept. With a `log` each operation is
    noted as (block, offset, bytes), offset -1 for an erase."""

    def __init__(self, image: bytearray) -> None:
        self.image = image
        self.over: "Image" = {}
        self.log: "list[tuple[int, int, bytes]] | None" = None
        self.unerased = 0  # programs on what was not erased

    def readblocks(self, block: int, buf: bytearray, off: int = 0) -> None:
        if block in self.over:
            buf[:] = memoryview(self.over[block])[off : off + len(buf)]
        else:
            buf[:] = memoryview(self.image)[block * BLOCK + off : block * BLOCK + off + len(buf)]

    def writeblocks(self, block: int, buf: bytearray, off: int = 0) -> None:
        if self.log is not None:
            self.log.append((block, off, bytes(buf)))
        page = self.page(block)
        end = off + len(buf)
        if page[off:end] == b"\xff" * len(buf):
            page[off:end] = buf
        else:
            self.unerased += 1
            for at in range(len(buf)):
                page[off + at] &= buf[at]

    def page(self, block: int) -> bytearray:
        """The block's bytes, to be changed."""
        if block not in self.over:
            self.over[block] = bytearray(memoryview(self.image)[block * BLOCK : (block + 1) * BLOCK])
        return self.over[block]

    def keep(self) -> None:
        """What lies over the image becomes part of it."""
        for block, page in self.over.items():
            self.image[block * BLOCK : (block + 1) * BLOCK] = page
        self.over = {}

    def ioctl(self, op: int, arg: int) -> int:
        if op == 4:
            return len(self.image) // BLOCK
        if op == 5:
            return BLOCK
        if op == 6:
            if self.log is not None:
                self.log.append((arg, -1, b""))
            self.over[arg] = bytearray(b"\xff" * BLOCK)
        return 0


def started(device: Nor) -> Files:
    """Mounted, as at every start."""
    try:
        vfs.umount("/fs")
    except OSError:
        pass
    return Files("", device)  # type: ignore[arg-type]  # any block device will do


def found(files: Files) -> "dict[str, bytes]":
    """Every file that was ever written whole."""
    names = [name for name in os.listdir("/fs") if not name.endswith(".new") and name != FILLER]
    return {name: files.read(name) or b"" for name in sorted(names)}


class Run:
    """One clean run: its operations, and what stood before and after each step."""

    def __init__(self, name: str, image: bytes, seed: int) -> None:
        self.name = name
        self.seed = seed
        self.device = Nor(bytearray(image))
        files = started(self.device)
        choices, steps, fill = HISTORIES[name]
        files.write(FILLER, b"\x55" * (fill * len(image) // 100))
        self.device.keep()
        self.first = bytes(self.device.image)
        self.steps: "list[tuple[dict[str, bytes], dict[str, bytes], int]]" = []
        self.device.log = []
        random.seed(seed)
        before = found(files)
        for step in range(steps):
            name, sizes = choices[step % len(choices)]
            size = sizes[step // len(choices) % len(sizes)]
            try:
                files.write(name, bytes([random.getrandbits(8) for _ in range(min(size, 64))]) * ((size + 63) // 64))
            except OSError:
                pass  # no room: the old one stands
            after = found(files)
            self.steps.append((before, after, len(self.device.log)))
            before = after
        self.operations = self.device.log
        self.device.log = None

    def at(self, number: int) -> None:
        """Let the device stand as before operation `number`."""
        self.device.image[:] = self.first
        self.device.over = {}
        for operation in self.operations[:number]:
            self.apply(operation)
        self.device.keep()

    def apply(self, operation: "tuple[int, int, bytes]") -> None:
        block, off, data = operation
        if off < 0:
            self.device.over[block] = bytearray(b"\xff" * BLOCK)
        else:
            self.device.page(block)[off : off + len(data)] = data

    def cut(self, number: int, way: int) -> str:
        """Cut operation `number`, at whose state the device stands, in `way`; gives the verdict, or "" when there is no
        such way."""
        operation = self.operations[number]
        random.seed(self.seed * 1000003 + number * 101 + way)
        self.device.over = {}
        if way == 1:
            self.apply(operation)
        elif way > 1 and not self.tear(operation, way - 2):
            return ""
        old, new, _ = [step for step in self.steps if number < step[2]][0]
        return self.judge(old, new)

    def tear(self, operation: "tuple[int, int, bytes]", way: int) -> bool:
        block, off, data = operation
        page = self.device.page(block)
        if off < 0:
            ends = ((0, BLOCK // 2), (BLOCK // 2, BLOCK), (32, BLOCK), (0, 4), (0, 32), (0, 0))
            if way >= len(ends):
                return False
            first, end = ends[way]
            for i in range(first, end):
                page[i] = 0xFF
            if first == end:  # some bits of it all
                for i in range(BLOCK):
                    page[i] |= random.getrandbits(8)
            return True
        units = (len(data) + UNIT - 1) // UNIT
        if way > 3:
            return False
        arrived = (0, random.getrandbits(16) % units, units - 1, units)[way]
        for unit in range(units):
            if unit < arrived and (way < 3 or random.getrandbits(1)):
                page[off + unit * UNIT : off + (unit + 1) * UNIT] = data[unit * UNIT : (unit + 1) * UNIT]
            elif unit == arrived:
                for i in range(unit * UNIT, min(len(data), (unit + 1) * UNIT)):
                    page[off + i] = data[i] | random.getrandbits(8)
        return True

    def judge(self, old: "dict[str, bytes]", new: "dict[str, bytes]") -> str:
        try:
            files = started(self.device)
            now = found(files)
            if now not in (old, new):
                return self.missing(old, new, now)
            files.write(AFTER, b"the cut")
            files = started(self.device)
            whole = found(files)
            if whole.pop(AFTER, b"") != b"the cut":
                return "lost"
            return "recovered" if whole == now else "third_state"
        except Exception as error:
            self.error = repr(error)
            return "no_start"

    error = ""

    def missing(self, old: "dict[str, bytes]", new: "dict[str, bytes]", now: "dict[str, bytes]") -> str:
        for name in old:
            if name in new and name not in now:
                return "lost"
            if name in new and now[name] not in (old[name], new[name]):
                for before, _, _ in self.steps:
                    if before.get(name) == now[name]:
                        return "lost"
        return "third_state"


def cut_everywhere(name: str, image: bytes, sample: int, seed: int) -> "dict[str, Any]":
    run = Run(name, image, seed)
    figures: "dict[str, Any]" = {"operations": len(run.operations), "cuts": 0, "torn": 0, "failures": []}
    for verdict in ("recovered", "lost", "third_state", "no_start"):
        figures[verdict] = 0
    run.at(0)
    for number in range(len(run.operations)):
        way = 0
        while number % sample == seed % sample:
            verdict = run.cut(number, way)
            if not verdict:
                break
            figures["cuts"] += 1
            figures["torn"] += way > 1
            figures[verdict] += 1
            if verdict != "recovered":
                figures["failures"].append("%s@%d.%d: %s" % (name, number, way, verdict))
            way += 1
        run.device.over = {}
        run.apply(run.operations[number])
        run.device.keep()
    figures["unerased"] = run.device.unerased
    return figures


def replay(spec: str, image: bytes, seed: int) -> str:
    name, _, where = spec.partition(":")[0].rpartition("@")
    number, _, way = where.partition(".")
    run = Run(name, image, seed)
    run.at(int(number))
    block, off, data = run.operations[int(number)]
    what = "program %d bytes at block %d + %d" % (len(data), block, off) if off >= 0 else "erase block %d" % block
    verdict = run.cut(int(number), int(way))
    where = "%s, seed %d: operation %s of %d" % (name, seed, number, len(run.operations))
    return "%s, %s, cut in way %s: %s %s" % (where, what, way, verdict or "no such way", run.error)


def main() -> None:
    words = sys.argv[1:]
    if words[0] == "list":
        print(json.dumps(sorted(HISTORIES)))
        return
    source: "Any" = sys.stdin.buffer
    image = source.read()
    if words[0] == "cut":
        print(json.dumps(cut_everywhere(words[1], image, int(words[2]), int(words[3]))))
    else:
        print(replay(words[1], image, int(words[2])))


if __name__ == "__main__":
    main()
