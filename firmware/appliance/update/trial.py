"""Is the new version as good as the old one? Takes what the old one was like (the baseline) and how the new one does,
gives a verdict: passed, failed and why, or not yet. Pure; whatever it must remember over a restart is in the kept row.

The judges are the appliance's own monitors, matched by code: a bundle may number its events anew.
"""

from trivet_wire.ids import (
    CONFIRMED,
    PENDING,
    R_CRASHED,
    R_FAULT,
    R_NO_LINK,
    R_NO_SERVICE,
    RESET_CRASH,
    RESET_WATCHDOG,
    TEST_FAILED,
)

from .kept import CAME_UP, CYCLES, EXPECTED, LINK, LINK_AT, NO_EVENT, SECONDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trivet_wire.catalogue import Catalogue

    Row = list[Any]

ACTIVE = TEST_FAILED | PENDING | CONFIRMED
UP_S = 600  # of a start, until it may be confirmed
LONG_S = 7 * 86_400  # powered, which stand for an operation cycle
NO_LINK_S = 86_400  # powered
PATIENCE_S = 6 * 3600  # at most so long a cycle holds up the way back
PASSED, WAITS = -1, 0  # verdicts beside ids.R_*


class Now:
    """How it is at this moment."""

    def __init__(self) -> None:
        self.up_s = 0  # since this start
        self.cause = 0  # of this start, ids.RESET_*
        self.crashed = False  # an exception escaped since this start, or it could not be built
        self.in_cycle = False
        self.linked = False
        self.answered = False  # the line has, since this start
        self.event = NO_EVENT  # of a fault that was not there before


def new_fault(status: bytearray, catalogue: "Catalogue", codes: bytes) -> int:
    """The first event that is active and whose code was not; NO_EVENT."""
    for event in range(len(status)):
        if status[event] & ACTIVE:
            code = catalogue.code(event)
            for at in range(0, len(codes), 2):
                if codes[at] | codes[at + 1] << 8 == code:
                    break
            else:
                return event
    return NO_EVENT


def judge(row: "Row", now: Now) -> int:
    """PASSED, WAITS, or why it failed (ids.R_*). The row's seconds, cycles and link are up to date."""
    if now.crashed or now.cause == RESET_WATCHDOG or now.cause == RESET_CRASH:
        return R_CRASHED
    if now.event != NO_EVENT:
        return R_FAULT
    if now.up_s < UP_S:
        return WAITS
    if not now.answered:
        return R_NO_SERVICE
    if row[LINK] and row[SECONDS] - row[LINK_AT] >= NO_LINK_S:
        return R_NO_LINK
    if row[LINK] == EXPECTED or now.in_cycle or not (row[CYCLES] or row[SECONDS] >= LONG_S):
        return WAITS
    return PASSED


def seen(row: "Row", now: Now, seconds: int, cycles: int) -> bool:
    """Bring the row up to date: `seconds` and `cycles` since the last time. True where that is worth a write."""
    hour = row[SECONDS] // 3600
    row[SECONDS] += seconds
    row[CYCLES] += cycles
    came = now.linked and row[LINK] == EXPECTED
    if now.linked:
        row[LINK_AT] = row[SECONDS]
        if came:
            row[LINK] = CAME_UP
    return came or cycles != 0 or row[SECONDS] // 3600 != hour
