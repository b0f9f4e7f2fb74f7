"""The appliance's side of the bench of deltas: applies a patch under MicroPython, with the firmware's own patcher.

patch.py OLD NEW PATCH N    > one JSON line: the fastest of N runs in microseconds, whether NEW came out each time
"""

import hashlib
import json
import sys
import time

from appliance.update.patch import Patch

PIECE = 448  # bytes: a block as it comes over the network


class Old:
    """The image as it lies in flash: a file."""

    def __init__(self, path) -> None:
        self._file = open(path, "rb")
        self.size = self._file.seek(0, 2)

    def read(self, off, buf) -> None:
        self._file.seek(off)
        self._file.readinto(buf)


class New:
    """Counts and digests what comes, as an appliance does on its way to flash."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def write(self, buf) -> None:
        self.hash.update(buf)


def digest(path):
    made = New()
    buf = bytearray(512)
    size = 0
    with open(path, "rb") as file:
        while True:
            n = file.readinto(buf)
            if not n:
                return size, made.hash.digest()
            made.write(memoryview(buf)[:n])
            size += n


def main() -> None:
    old, new, patch, count = sys.argv[1:]
    size, wanted = digest(new)
    best = 1 << 29
    same = True
    piece = bytearray(PIECE)
    for _ in range(int(count)):
        made = New()
        began = time.ticks_us()
        one = Patch(Old(old), made, size)
        with open(patch, "rb") as file:
            while True:
                n = file.readinto(piece)
                if not n:
                    break
                one.write(memoryview(piece)[:n])
        one.finish()
        best = min(best, time.ticks_diff(time.ticks_us(), began))
        same = same and made.hash.digest() == wanted
    print(json.dumps({"us": best, "same": same}))


main()
