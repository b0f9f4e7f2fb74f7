"""A picture of the heap of an appliance that has just started, and what of it would be in use on a chip (narrow.py).
Takes a board, starts its firmware in simulation, gives addresses, sizes and the memory itself. Changes nothing.
"""

import json
import re
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from trivet import paths
from trivet.boards import Board

from . import rom
from .appliance import start_command
from .device import Device, Provision
from .narrow import BLOCK, CHIP, HERE, Picture
from .world import HEAP_KIB


def measure(board: Board) -> dict[str, int]:
    """`boot_32`: in use after start, at words of four bytes; `boot_32_full`: of these counted in full, for want of
    knowledge; `boot_64`: the same calculation at eight; `boot_64_measured`: what it must be."""
    picture = take(board)
    chip = picture.calculated(CHIP)
    here = picture.calculated(HERE)
    return {"boot_32": chip.used, "boot_32_full": chip.full, "boot_64": here.used, "boot_64_measured": picture.used}


def take(board: Board) -> Picture:
    """Of the firmware of `board`, just started in simulation."""
    program = paths.firmware().parent / "tools" / "device" / "layout.py"
    device = Device()
    device.provision(Provision.alone(board.name))
    with tempfile.TemporaryDirectory(prefix="trivet-narrow-") as scratch:
        memory = Path(scratch) / "memory"
        words = (str(memory), str(device.folder), str(len(board.inputs)), str(len(board.outputs)))
        command = start_command(rom.build(board, program), HEAP_KIB, "layout", *words)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            text = b"".join(iter(child.stdout.readline, b"END\n")).decode(errors="replace")
            if "KINDS" not in text:
                raise RuntimeError(f"{board.name}: the firmware did not start:\n{text}")
            base = int(_found("layout; from ([0-9a-f]+):", text), 16)
            child.stdin.write(f"{base} {_found('GC: total: ([0-9]+)', text)}\n".encode())
            child.stdin.close()
            child.wait()
        return read(text, memory.read_bytes())


def read(text: str, memory: bytes) -> Picture:
    """From what the program on the device printed, and the memory of its heap."""
    base = int(_found("layout; from ([0-9a-f]+):", text), 16)
    types = {int(address): name for address, name in json.loads(_found(r"KINDS (\{.*\}) \d+ \d+", text)).items()}
    example, used = map(int, _found(r"KINDS \{.*\} (\d+ \d+)", text).split())
    (cell,) = struct.unpack_from("<Q", memory, example - base + 3 * HERE)
    (types_cell,) = struct.unpack_from("<Q", memory, cell - base)
    return Picture(base, memory, dict(_allocated(text, base)), types | {types_cell: "cell"}, used)


def _allocated(text: str, base: int) -> Iterator[tuple[int, int]]:
    """Address and blocks of each allocation in the interpreter's table: a letter begins one, `=` is more of it, `.` is
    free."""
    head = count = 0
    for row, cells in re.findall(r"^([0-9a-f]{8}): (\S+)$", text, re.MULTILINE):
        for at, cell in enumerate(cells):
            if cell == "=":
                count += 1
                continue
            if count:
                yield head, count
            head, count = base + int(row, 16) + at * BLOCK * HERE, int(cell != ".")
    if count:
        yield head, count


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"the interpreter's table of its heap reads otherwise: no {pattern}")
    return found[1]
