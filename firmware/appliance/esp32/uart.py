"""The service port on the chip (ports.Uart): UART0 or the chip's own USB, whichever the interpreter's prompt would be
on. Takes what comes, gives the console all that is no Improv packet; neither reading nor writing waits.

A lone control-C interrupts nothing here: whether it means anything is the console's decision.
"""

# The stubs of the interpreter's streams leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import select
import sys

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .improv import Improv

_HEAD = b"IMPROV\x01"  # as in improv.py
_AT_ONCE = 64  # bytes of one write: what the chip's own buffer takes without waiting (5 ms of 115,200 baud)
_IDLE_MS = 60_000


class Uart:
    """`open_improv` makes what answers Improv's packets: loaded when the first one comes."""

    def __init__(self, ticks: "Callable[[], int]", open_improv: "Callable[[], Improv]") -> None:
        micropython.kbd_intr(-1)
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(self._in, select.POLLIN)
        self._one = bytearray(1)
        self._ticks = ticks
        self._open = open_improv
        self._improv: Improv | None = None
        self._at = 0  # bytes of a head that came
        self._inside = False
        self._heard = 0

    def readinto(self, buf: bytearray | memoryview) -> int | None:
        """ports.Uart"""
        got = 0
        room = len(buf) - len(_HEAD)
        while got <= room and self._waiting() and self._in.readinto(self._one, 1):
            got = self._sort(self._one[0], buf, got)
        return got or None

    def _waiting(self) -> bool:
        waiting = False
        for _ in self._poll.ipoll(0):  # the one call that allocates nothing
            waiting = True
        return waiting

    def _sort(self, byte: int, buf: bytearray | memoryview, got: int) -> int:
        """A byte to whom it belongs; gives how many the console has now."""
        improv = self._improv
        if self._inside and improv is not None:
            self._inside = improv.take(byte, self._ticks())
            return got
        at = self._at
        if byte == _HEAD[at]:
            self._at = at + 1
            if self._at == len(_HEAD):
                self._at = 0
                self._inside = True
                self._heard = self._ticks()
                if improv is None:
                    self._improv = self._open()
            return got
        for i in range(at):  # what was kept back is no head
            buf[got] = _HEAD[i]
            got += 1
        self._at = 1 if byte == _HEAD[0] else 0
        if not self._at:
            buf[got] = byte
            got += 1
        return got

    def write(self, buf: bytes | bytearray, off: int, n: int) -> int | None:
        """ports.Uart"""
        return self._out.write(memoryview(buf)[off : off + min(n, _AT_ONCE)])

    def turn(self, now: int) -> bool:
        """After each turn of the appliance. True: Improv was let go of."""
        improv = self._improv
        if improv is None:
            return False
        improv.poll(now)
        if improv.busy or self._inside or now - self._heard < _IDLE_MS:
            return False
        self._improv = None
        return True
