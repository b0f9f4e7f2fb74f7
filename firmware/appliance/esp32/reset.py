"""Why the chip started, and four bytes that outlive that. Takes nothing, gives ids.RESET_* and a buffer that lies in
the chip's RTC memory, so that what a hanging task wrote there last is still there when the watchdog has bitten.

MicroPython keeps `RTC().memory()` in that memory, but copies: where it lies is found once a start by looking for what
was just written into it. Where it cannot be found the four bytes lie in the heap: then nothing outlives a hang.

    memory()   8 bytes: `TVT1`, then the four; of these 2 says that a restart was asked for

What the chip reports is coarse: a panic, and a restart that was asked for, are both a hard reset; a brown-out is power
on. The four bytes tell them apart.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportUnnecessaryComparison=false

import machine
import uctypes
from machine import RTC
from trivet_wire import ids

_MAGIC = b"TVT1"
_SIZE = 8
_ASKED = 2  # of the four
_ASK = 0x72
_RTC = 0x5000_0000  # RTC slow memory of ESP32 and S3, RTC fast memory of the C3
_BYTES = 8192


def start() -> "tuple[int, bytearray]":
    """(ids.RESET_*, the four bytes)."""
    rtc = RTC()
    kept = rtc.memory()
    whole = len(kept) == _SIZE and kept[:4] == _MAGIC
    four = kept[4:] if whole else bytes(4)
    why = cause(machine.reset_cause(), whole, four[_ASKED] == _ASK)
    rtc.memory(_MAGIC + four)
    found = _found(rtc)
    if found is None:
        found = bytearray(four)
    found[_ASKED] = 0
    return why, found


def cause(chip: int, kept: bool, asked: bool) -> int:
    """`chip`: machine.reset_cause(); `kept`: the RTC memory was not lost; `asked`: the restart was."""
    if chip == machine.WDT_RESET:
        return ids.RESET_WATCHDOG
    if chip == machine.PWRON_RESET:
        return ids.RESET_BROWN_OUT if kept else ids.RESET_POWER_ON
    if chip == machine.DEEPSLEEP_RESET:
        return ids.RESET_DEEP_SLEEP
    if chip == machine.SOFT_RESET or asked:
        return ids.RESET_SOFT
    return ids.RESET_CRASH if kept else ids.RESET_HARD


def restart(retained: bytearray) -> None:
    """Does not return."""
    retained[_ASKED] = _ASK
    rtc = RTC()
    rtc.memory(_MAGIC + bytes(retained))  # where the buffer is none of the RTC's
    machine.reset()


def _found(rtc: RTC) -> "bytearray | None":
    """The four bytes where they really lie."""
    memory = uctypes.bytearray_at(_RTC, _BYTES)
    for at in range(_BYTES - _SIZE):
        if memory[at] == _MAGIC[0] and memory[at : at + 4] == _MAGIC:
            four = uctypes.bytearray_at(_RTC + at + 4, 4)
            four[_ASKED] ^= 0xFF
            same = rtc.memory()[4:] == four
            four[_ASKED] ^= 0xFF
            if same:
                return four
    return None
