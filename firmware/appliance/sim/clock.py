"""Virtual time from the host's frames (ports.Clock); only `link_ms` is the machine's own."""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import time


class VirtualClock:
    """Stands still until the line sets it."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.wall = 0

    def ticks_ms(self) -> int:
        return self.now_ms

    def link_ms(self) -> int:
        return time.ticks_ms()

    def wall_s(self) -> int:
        return self.wall
