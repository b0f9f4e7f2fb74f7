"""The simulation's service port (ports.Uart): bytes of the host's `U` frames in, `U` frames out. Loaded when somebody
plugs in. Like a board's, its receive buffer is small, and what it has no room for is lost.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

RECEIVE = 256  # bytes that wait to be read
_FRAME = 64


class Uart:
    """`take` is the host's end, the rest the appliance's."""

    def __init__(self, stdin: "BinaryIO", stdout: "BinaryIO") -> None:
        self.held = False  # nobody takes what is written
        self.lost = 0  # bytes that found no room
        self._stdin = stdin
        self._stdout = stdout
        self._frame = bytearray(_FRAME)
        self._ring = bytearray(RECEIVE)
        self._at = 0
        self._count = 0

    def take(self, size: int) -> None:
        """The next `size` bytes of the host. Allocates nothing."""
        ring, frame = self._ring, self._frame
        while size:
            came = self._stdin.readinto(frame, min(size, _FRAME))  # type: ignore[call-arg]  # MicroPython takes a size
            if not came:
                return
            size -= came
            for i in range(came):
                if self._count < RECEIVE:
                    ring[(self._at + self._count) % RECEIVE] = frame[i]
                    self._count += 1
                else:
                    self.lost += 1

    def readinto(self, buf: bytearray) -> int | None:
        """ports.Uart"""
        count = min(len(buf), self._count)
        for i in range(count):
            buf[i] = self._ring[(self._at + i) % RECEIVE]
        self._at = (self._at + count) % RECEIVE
        self._count -= count
        return count or None

    def write(self, buf: bytes | bytearray, off: int, n: int) -> int | None:
        """ports.Uart"""
        if self.held or not n:
            return None
        self._stdout.write(bytes((85, n & 0xFF, n >> 8)))
        self._stdout.write(memoryview(buf)[off : off + n])
        return n
