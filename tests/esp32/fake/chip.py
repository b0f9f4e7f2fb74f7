"""A chip in MicroPython: pins, converters, counters, buses, flash, NVS and a radio that behave as an ESP32's do, where
the firmware can see it; stricter than those (only erased flash is programmed, see sim/flash.py).

`install(table, folder, partitions)` puts the modules where imports find them and gives the board (world.py), which the
test drives. What each module does is in `of_*.py`; what its calls may be, the stubs say (strict.py).
"""

import sys

import micropython as real_micropython
import of_esp32
import of_machine
import of_network
import of_onewire
import of_sockets
import uctypes as real_uctypes
import world
from strict import build
from world import Restart

__all__ = ("Restart", "install")
EVENTS = ("POLLIN", "POLLOUT", "POLLERR", "POLLHUP")  # their numbers are the interpreter's: the stubs leave them open
OURS = ("heap_lock", "heap_unlock", "opt_level", "mem_info", "alloc_emergency_exception_buf")  # of the real interpreter


class Uctypes:
    """Memory: only what MicroPython leaves of the chip's RTC."""

    @staticmethod
    def bytearray_at(address, size):
        if not world.RTC_AT <= address <= world.RTC_AT + world.RTC_SIZE - size:
            raise ValueError("the firmware looks at memory that is none of its own: " + hex(address))
        return real_uctypes.bytearray_at(real_uctypes.addressof(world.board.rtc) + address - world.RTC_AT, size)


def install(table, folder, partitions):
    """`partitions`: {label: [type, subtype, offset, size]}. Gives the board."""
    world.board = world.Board(folder, partitions)
    world.modules = build(table, behaviours())
    micropython = world.modules["micropython"]
    micropython.const = lambda value: value
    for key in OURS:
        if hasattr(real_micropython, key):
            setattr(micropython, key, getattr(real_micropython, key))
    sys.modules.update(world.modules)
    sys.modules["uctypes"] = Uctypes
    sys.modules["ssl"] = of_sockets.Ssl
    return world.board


def behaviours():
    """By module, what each of its names does."""
    files = {"machine": of_machine, "esp32": of_esp32, "network": of_network, "onewire": of_onewire}
    made = {module: {name: getattr(file, name) for name in file.NAMES} for module, file in files.items()}
    made["socket"] = {name: getattr(of_sockets, name) for name in of_sockets.SOCKET}
    made["select"] = {name: getattr(of_sockets, name) for name in of_sockets.SELECT}
    made["select"].update({name: getattr(of_sockets.real_select, name) for name in EVENTS})
    made["micropython"] = {"kbd_intr": lambda char: setattr(world.board, "kbd", char)}
    return made
