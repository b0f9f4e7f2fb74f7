"""Hears that somebody is at the service port: takes the appliance and its ports, gives a turn to whoever answers, which
is loaded with the first byte and let go of when the line has been quiet. What stays is this and a buffer of 64 bytes;
while nothing comes a poll allocates nothing.
"""

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Ports
    from .terminal import Terminal

PIECE = 64  # bytes that are read in a turn
_QUIET_MS = 60_000
_ROOMS = ("appliance.service.terminal", "appliance.service.console", "appliance.service.grants")
_NO_ROOM = b"\r\nno memory now, try again\r\n"


class Ear:
    """One a start. `poll` at every turn."""

    def __init__(self, appliance: "Any", ports: "Ports") -> None:
        """`appliance`: whole, or one that can only answer (`start.Mute`)."""
        self._appliance = appliance
        self._ports = ports
        self._buf = bytearray(PIECE)
        self.terminal: Terminal | None = None
        self.repl = False  # whoever leads the appliance out of its program leads it to the interpreter's prompt

    def poll(self, now: int) -> None:
        """One turn at `now` (ms since start)."""
        terminal, uart = self.terminal, self._ports.uart
        count: int | None = 0
        if terminal is None:
            count = uart.readinto(self._buf) if uart is not None else None
            if not count:
                return
        try:
            if terminal is None:
                from .terminal import Terminal

                terminal = self.terminal = Terminal(self._appliance, self._ports, self._buf, count, now)
            terminal.poll(now)
        except MemoryError:  # also to say so in words
            self.close()
            if uart is not None:
                uart.write(_NO_ROOM, 0, len(_NO_ROOM))
            return
        if terminal.quiet(_QUIET_MS):
            self.close()

    def close(self) -> None:
        """Let go of what answers, and of who was let in where nobody is: what failed is counted in the journal, but a
        delay runs only here."""
        if self.terminal is not None:
            self.terminal.close()
        self.terminal = self._ports.teller.listener = None
        grants = self._appliance.grants
        if grants is not None and not grants.serial and self._ports.clock.ticks_ms() >= grants.free_at:
            self._appliance.grants = None
        rooms = _ROOMS if self._appliance.grants is None else _ROOMS[:-1]
        for module in rooms:
            self._ports.unload(module)
        gc.collect()
