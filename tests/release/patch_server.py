"""Applies patches in whichever interpreter it runs: each line of input is `[old, patch, size, piece]` in JSON, bytes as
hex; each of output `["ok", new image]`, `["refused", reason]` or `["crashed", text]`.
"""

import json
import sys

from appliance.update.patch import Patch
from trivet_wire.refuse import WireError


class Old:
    """An image that tells of a read outside it."""

    def __init__(self, data) -> None:
        self._data = data
        self.size = len(data)

    def read(self, off, buf) -> None:
        if off < 0 or off + len(buf) > self.size:
            raise IndexError("read outside the old image")
        buf[:] = self._data[off : off + len(buf)]


class New:
    """An image that tells of a write beyond its size."""

    def __init__(self, size) -> None:
        self.data = bytearray()
        self._size = size

    def write(self, buf) -> None:
        if len(self.data) + len(buf) > self._size:
            raise IndexError("write beyond the new image")
        self.data.extend(buf)


def applied(old, patch, size, piece):
    """The answer to one request."""
    new = New(size)
    try:
        one = Patch(Old(old), new, size)
        for at in range(0, len(patch), piece):
            one.write(patch[at : at + piece])
        one.finish()
    except WireError as error:
        return ["refused", error.reason]
    except Exception as error:
        return ["crashed", repr(error)]
    return ["ok", bytes(new.data).hex()]


def main() -> None:
    for line in sys.stdin:
        old, patch, size, piece = json.loads(line)
        print(json.dumps(applied(bytes.fromhex(old), bytes.fromhex(patch), size, piece)))


if __name__ == "__main__":
    main()
