"""The simulation's line: frames on stdin and stdout, little-endian, in lock-step with the host. Takes the number of
inputs and outputs, gives Sensors, Actuators and a Teller. Reading a frame and answering it allocate nothing.

host -> appliance: `T` u32 now_ms, u32 wall_s, inputs i32 | `I` | `C` u16 length, utf-8 line | `U` u16 length, bytes for
the service port | `H` u8, 1 while nobody takes what the service port writes | `Q`
appliance -> host: `E` u16 length, JSON | `P` u16 length, text | `U` u16 length, bytes from the service port | `F` the
watchdog is fed | `A` outputs i16 (ends the answer to all but Q)
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import json
import sys
from array import array

from ..system.teller import traced
from .words import obey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from .clock import VirtualClock
    from .uart import Uart

    class Appliance(Protocol):
        def run(self, now: int) -> None: ...

        def serve(self) -> None: ...


TICK = ord("T")
IDLE = ord("I")
COMMAND = ord("C")
PORT = ord("U")
HOLD = ord("H")
QUIT = ord("Q")
FED = b"F"
FEED_MS = 1000  # of virtual time, at most once in
_LONGEST = 200  # bytes of a command line
_LONGEST_BLOCK = 640  # of one that brings a part of an update: 448 bytes in base64
_BLOCK = b"block "


class Line:
    """One host at the other end. End of stdin counts as `Q`."""

    def __init__(self, clock: "VirtualClock", inputs: int, outputs: int) -> None:
        self._clock = clock
        self._stdin = sys.stdin.buffer
        self._stdout = sys.stdout.buffer
        self._head = bytearray(8)
        self._raw = array("i", [0] * inputs)
        self._raw_size = 4 * inputs
        self._answer = bytearray(1 + 2 * outputs)
        self._answer[0] = ord("A")
        self._fed = -FEED_MS
        self.answered = False
        self.uart: Uart | None = None  # until somebody plugs in
        self.listener: Callable[[dict[str, Any]], object] | None = None

    def next(self) -> int:
        """Wait for the host's next frame; gives its letter, QUIT at the end. A command's text is then in
        `command()`."""
        if not self._fill(self._head, 1):
            return QUIT
        letter = self._head[0]
        if letter == TICK:
            if not self._fill(self._head, 8) or not self._fill(self._raw, self._raw_size):
                return QUIT
            self._clock.now_ms = self._u32(0)
            self._clock.wall = self._u32(4)
        return letter

    def command(self) -> str:
        """The text of a `C` frame; longer lines are cut."""
        self._fill(self._head, 2)
        text = bytearray(self._head[0] | self._head[1] << 8)
        self._fill(text, len(text))
        longest = _LONGEST_BLOCK if text.startswith(_BLOCK) else _LONGEST
        return bytes(text[:longest]).decode()

    def port(self, hold: bool) -> None:
        """A `U` or `H` frame."""
        if self.uart is None:
            from .uart import Uart

            self.uart = Uart(self._stdin, self._stdout)
        if hold:
            self._fill(self._head, 1)
            self.uart.held = self._head[0] != 0
        else:
            self._fill(self._head, 2)
            self.uart.take(self._head[0] | self._head[1] << 8)

    def answer(self) -> None:
        self._stdout.write(self._answer)
        self.answered = True

    def read(self, raw: "array[int]") -> None:
        """ports.Sensors"""
        for i in range(len(raw)):
            raw[i] = self._raw[i]

    def write(self, levels: "array[int]") -> None:
        """ports.Actuators: what the next answer carries."""
        at = 1
        for i in range(len(levels)):
            level = levels[i]
            self._answer[at] = level & 0xFF
            self._answer[at + 1] = level >> 8 & 0xFF
            at += 2

    def feed(self) -> None:
        """ports.Watchdog: told to the host, which has the clock."""
        if self._clock.now_ms - self._fed >= FEED_MS or self._clock.now_ms < self._fed:
            self._fed = self._clock.now_ms
            self._stdout.write(FED)

    def tell(self, event: "dict[str, Any]") -> None:
        """ports.Teller: something happened, for whoever watches."""
        if self.listener is not None:
            self.listener(event)
        self._text(69, json.dumps(event).encode())

    def show(self, text: str) -> None:
        """ports.Teller: what the display now shows to the person in front of the appliance."""
        self._text(80, text.encode())

    def trace(self, error: BaseException) -> str:
        """ports.Teller"""
        return traced(error)

    def _text(self, letter: int, data: bytes) -> None:
        self._stdout.write(bytes((letter, len(data) & 0xFF, len(data) >> 8)) + data)

    def _u32(self, at: int) -> int:
        head = self._head
        return head[at] | head[at + 1] << 8 | head[at + 2] << 16 | head[at + 3] << 24

    def _fill(self, buf: "bytearray | array[int]", size: int) -> bool:
        """A pipe gives what it has: frames are small enough to come whole, or the host is gone."""
        return self._stdin.readinto(buf, size) == size


def serve(line: Line, clock: "VirtualClock", appliance: "Appliance") -> None:
    """Answer the host's frames until it quits."""
    while True:
        letter = line.next()
        if letter == TICK:
            appliance.run(clock.now_ms)
        elif letter == IDLE:
            appliance.serve()
        elif letter == PORT or letter == HOLD:
            line.port(letter == HOLD)
            appliance.serve()
        elif letter == COMMAND:
            obey(appliance, line.command(), line)
        else:
            return
        line.answer()
