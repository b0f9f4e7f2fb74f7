"""The appliance's side of `tools/bench updates`: runs under MicroPython, never under CPython.

    updates.py cut FOLDER SAMPLE SEED TEARS           one JSON line of figures
    updates.py replay FOLDER SEED OPERATION.WAY[+]    one cut, told
    updates.py buffers FOLDER                         the largest piece of heap that an update asks for, in bytes

FOLDER holds `case.json` and the files that it names. Every SAMPLE-th operation of a clean run is cut, before it and
torn in every TEARS-th way, other ones at the next operation. One cut of four is followed by a second one at some
operation of what comes after it (`+`).
"""

import gc
import json
import os
import sys

from updating.flash import Flash
from updating.lives import NEW, OLD, Campaign, Case, Life, traces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SECOND = 4  # one cut of so many is followed by another
_LEAST, _MOST, _STEP = 1024, 16384, 64  # bytes of a hole
_BAD = ("bricked", "mixed", "stuck", "sequence_lowered", "lost")


def load(folder: str) -> Case:
    with open(folder + "/case.json") as file:
        told = json.loads(file.read())
    files = {}
    for name in os.listdir(folder):
        with open(folder + "/" + name, "rb") as file:
            files[name] = file.read()
    return Case(told, files)


def cut(folder: str, sample: int, seed: int, tears: int) -> "dict[str, Any]":
    campaign = Campaign(load(folder), seed)
    keys = ("cuts", "torn", "twice", NEW, OLD) + _BAD
    figures: "dict[str, Any]" = dict.fromkeys(keys, 0)
    figures["operations"] = len(campaign.operations)
    figures["clean"] = campaign.verdict
    figures["failures"] = []
    place = 0
    for number in range(len(campaign.operations)):
        for way in range(campaign.ways(number)):
            if number % sample != seed % sample or (way and (number + way) % tears):
                continue
            place += 1
            for twice in (False, True):
                if twice and place % _SECOND:
                    continue
                verdict, life = campaign.cut(number, way, twice)
                figures["cuts"] += 1
                figures["torn"] += way > 0
                figures["twice"] += twice
                figures[verdict] += 1
                if verdict in _BAD:
                    spec = "%d.%d%s" % (number, way, "+" if twice else "")
                    figures["failures"].append("%s: %s, %s" % (spec, verdict, life.why))
        campaign.onward(number)
    return figures


def replay(folder: str, seed: int, spec: str) -> None:
    campaign = Campaign(load(folder), seed)
    twice = spec.endswith("+")
    number, _, way = spec.rstrip("+").partition(".")
    print("%d operations, without a cut: %s %s" % (len(campaign.operations), campaign.verdict, campaign.why))
    for one in range(int(number)):
        campaign.onward(one)
    part, addr, data = campaign.operations[int(number)]
    what = "erase" if data is None else "program %d bytes" % len(data)
    print("operation %s: %s in %s at %d" % (number, what, part.name, addr))
    verdict, life = campaign.cut(int(number), int(way), twice)
    print("cut in way %s%s: %s %s" % (way, ", and once more" if twice else "", verdict, life.why))
    for error in traces:
        sys.print_exception(error)


def buffers(folder: str) -> int:
    """The smallest size of hole with which a heap that has no larger one carries the whole update."""
    case = load(folder)
    flash = Flash(case.images, ("fs",))
    clean = Life(case, flash).live()  # everything is imported now
    for hole in range(_LEAST, _MOST, _STEP):
        flash.forget()
        pieces = holes(hole)
        gc.collect()
        verdict = Life(case, flash).live()
        del pieces
        gc.collect()
        if verdict == clean:
            return hole
    return _MOST


def holes(size: int) -> "list[bytearray | None]":
    """A heap cut into pieces of `size` bytes, every other one of which is free."""
    pieces: "list[bytearray | None]" = [None] * 8192
    count = 0
    try:
        while count < len(pieces):
            pieces[count] = bytearray(size)
            count += 1
    except MemoryError:
        pass
    for at in range(0, count, 2):
        pieces[at] = None
    return pieces


def main() -> None:
    words = sys.argv[1:]
    if words[0] == "cut":
        print(json.dumps(cut(words[1], *[int(word) for word in words[2:5]])))
    elif words[0] == "buffers":
        print(buffers(words[1]))
    else:
        replay(words[1], int(words[2]), words[3])


main()
