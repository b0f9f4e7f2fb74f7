"""What a signature costs: the appliance's own P-256 in MicroPython and CPython, time, heap and machine instructions.

Times are the fastest of `--n` runs, in µs: with a heap in which nothing is collected meanwhile, and in a heap as small
as an appliance's, where the collector's turns count too. Peaks are the least free heap, in one piece, with which an
operation works; this interpreter's words have 64 bits, a chip's 32. Instructions are counted by valgrind (wall time on
a shared machine means little), as the difference of two runs. `_fixed`: with the key's comb, as for a key that verifies
often.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from trivet import paths

from . import device
from .tick import NO_VALGRIND

if TYPE_CHECKING:
    from . import Options

SCRIPT = "p256.py"
DEFAULT_N = 40
ROOMY, SMALL = "4m", "160k"
COUNTED = ("verify", "verify_fixed", "sign")
OPERATIONS = (*COUNTED, "public", "shared", "comb")
_COUNTED = re.compile(rb"Collected\s*:\s*(\d+)")


def run(options: Options) -> dict[str, Any]:
    """`…_us` in microseconds, `…_peak` in bytes, `…_instructions` None without valgrind."""
    count = str(options.n or DEFAULT_N)
    result: dict[str, Any] = {}
    options.say(f"MicroPython, {count} times each")
    _add(result, "{}_us", json.loads(device.micropython(SCRIPT, "time", count, heap=ROOMY)))
    options.say(f"the same with a heap of {SMALL}, as an appliance has")
    _add(result, "small_heap_{}_us", json.loads(device.micropython(SCRIPT, "time", count, heap=SMALL)))
    options.say("the least heap that each needs")
    peaks = {name: int(device.micropython(SCRIPT, "peak", name, heap="400k")) for name in OPERATIONS}
    _add(result, "{}_peak", peaks)
    options.say("CPython")
    _add(result, "cpython_{}_us", json.loads(device.python(SCRIPT, "time", count)))
    if shutil.which("valgrind") is None:
        options.say(NO_VALGRIND)
    for name in COUNTED:
        result[f"{name}_instructions"] = _instructions(name) if shutil.which("valgrind") else None
    return result


def _add(result: dict[str, Any], key: str, figures: dict[str, int]) -> None:
    result.update({key.format(name): value for name, value in figures.items()})


def _instructions(name: str) -> int:
    """Of one operation: a run with three of them less one with one, halved."""
    one, three = (_counted(name, times) for times in (1, 3))
    return (three - one) // 2


def _counted(name: str, times: int) -> int:
    tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    words = [device.interpreter(), "-X", f"heapsize={ROOMY}", str(device.TOOLS / SCRIPT), "run", name, str(times)]
    environment = {**os.environ, "MICROPYPATH": f"{paths.firmware()}:.frozen"}
    done = subprocess.run([*tool, *words], capture_output=True, check=False, env=environment)
    counted = _COUNTED.search(done.stderr)
    if done.returncode or counted is None:
        raise RuntimeError(f"valgrind counted nothing:\n{done.stderr.decode(errors='replace')[-2000:]}")
    return int(counted[1])


def sound(result: dict[str, Any]) -> bool:
    """Every figure is there, and each operation found its peak."""
    return all(value for key, value in result.items() if not key.endswith("_instructions"))


def show(result: dict[str, Any]) -> None:
    print(f"{'':14}{'MicroPython':>12}{'160 KiB heap':>14}{'CPython':>10}{'peak heap':>11}{'instructions':>15}")
    for name in OPERATIONS:
        times = (f"{result[key.format(name)]:,} µs" for key in ("{}_us", "small_heap_{}_us", "cpython_{}_us"))
        first, second, third = times
        counted = result.get(f"{name}_instructions")
        text = f"{counted:,}" if counted else ""
        print(f"{name:14}{first:>12}{second:>14}{third:>10}{result[f'{name}_peak']:>9,} B{text:>15}")
