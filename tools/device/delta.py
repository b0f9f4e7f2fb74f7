"""The appliance's side of the bench of deltas: runs inside a board's ROM image, with the patcher as it is there.

delta OLD NEW PATCH N    > one JSON line: the fastest of N runs in microseconds, the least free heap with which it works
                           in bytes, whether NEW came out each time
"""

import json

from appliance.update.patch import Patch
from measure import fastest, least
from trivet_wire.envelope import sha256

PIECE = bytearray(448)  # bytes: a block as it comes over the network


class Old:
    """The image as it lies in flash: a file."""

    def __init__(self, path) -> None:
        self._file = open(path, "rb")
        self.size = self._file.seek(0, 2)

    def read(self, off, buf) -> None:
        self._file.seek(off)
        self._file.readinto(buf)


class New:
    """Digests what comes, as an appliance does on its way to flash."""

    def __init__(self) -> None:
        self.hash = sha256(b"")

    def write(self, buf) -> None:
        self.hash.update(buf)


class Job:
    """One delta, to be applied again and again."""

    def __init__(self, old, new, patch) -> None:
        self._old = Old(old)
        self._patch = open(patch, "rb")
        image = Old(new)
        self._size = image.size
        self._wanted = self._digest(image)
        self.same = True

    def _digest(self, image):
        made = New()
        buf = bytearray(512)
        for off in range(0, image.size, 512):
            piece = memoryview(buf)[: min(512, image.size - off)]
            image.read(off, piece)
            made.write(piece)
        return made.hash.digest()

    def run(self) -> None:
        made = New()
        one = Patch(self._old, made, self._size)
        self._patch.seek(0)
        while True:
            count = self._patch.readinto(PIECE)
            if not count:
                break
            one.write(memoryview(PIECE)[:count])
        one.finish()
        if made.hash.digest() != self._wanted:
            self.same = False


def main(words) -> None:
    job = Job(words[0], words[1], words[2])
    took = fastest(job.run, int(words[3]))
    print(json.dumps({"us": took, "peak": least(job.run), "same": job.same}))
