"""The heap of an appliance that has just started, for `trivet.sim.picture`: a module of a board's ROM image, for
MicroPython alone. Takes a file, the device's directory, numbers of inputs and outputs; starts the appliance as `main`
does.

Prints the addresses of the interpreter's types with their names, an example of a closure, the bytes in use, and the
interpreter's own table of what is allocated; then reads an address and a size and writes that memory into the file.
"""

import gc
import json
import sys
from array import array

import micropython
import uctypes


def closure() -> "object":
    """Its cell says what a cell's type is: no program ever sees one."""
    kept = 1

    def inner() -> int:
        return kept

    return inner


def generator() -> "object":
    yield 1


class Parts:
    """One of each kind that has a type of its own."""

    one = property()


def kinds(method: "object", example: "object") -> "dict[int, str]":
    things = (
        0,
        1.0,
        "",
        b"",
        (),
        [],
        {},
        set(),
        bytearray(),
        memoryview(b""),
        array("i"),
        range(3),
        sys,
        object(),
        Parts,
    )
    more = (kinds, example, generator, generator(), method, Parts.one, staticmethod(kinds))
    return {id(type(thing)): type(thing).__name__ for thing in things + more}


def main(arguments: "list[str]") -> None:
    from appliance.choosing import chosen, maker
    from appliance.sim.ports import Ports
    from appliance.start import start

    path, folder, inputs, outputs = arguments
    ports = Ports(folder, int(inputs), int(outputs), [])
    appliance = start(ports, maker, "en", chosen(ports))
    example = closure()
    named = json.dumps(kinds(ports.reset, example))
    with open(path, "wb") as file:
        gc.collect()
        gc.disable()  # from here on what stands in the table stands still
        print("\nKINDS", named, id(example), gc.mem_alloc())
        micropython.mem_info(1)
        print("\nEND")
        address, size = [int(word) for word in sys.stdin.readline().split()]
        file.write(uctypes.bytearray_at(address, size))
    del appliance
