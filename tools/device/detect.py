"""The appliance's side of `tools/bench detect`: runs under MicroPython, never under CPython.

    detect.py CALIBRATE CHANNELS ROWS  < rows of little-endian int32  > one JSON line

Feeds the very `drift` monitor, with its own defaults, row by row. Once it has learned, the heap is locked around each
sample, so that an allocation would end the run with a MemoryError.
"""

import gc
import json
import sys
from array import array

import micropython
from appliance.sense.monitors.drift import PARAMS, Drift
from trivet_wire.ids import FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def taken() -> int:
    """Bytes of heap in use."""
    gc.collect()
    allocated: int = gc.mem_alloc()
    return allocated


def default(key: str) -> int:
    """Of a key of the monitor's, when the board says nothing."""
    return int(PARAMS.split(key + ":int=")[1].split()[0])


def main(calibrate: int, channels: int, rows: int) -> None:
    before = taken()
    parameters = array("i", [1, calibrate, default("limit")])
    parameters.extend(array("i", range(channels)))
    drift = Drift(parameters)
    state = taken() - before
    values = array("i", [0] * channels)
    validity = bytearray(channels)
    verdicts = bytearray(rows)
    data: Any = sys.stdin.buffer
    alarms = []
    grown = 0
    locked = 0
    for row in range(rows):
        data.readinto(values)
        if row < calibrate:
            drift.check(values, validity)
            continue
        heap = gc.mem_alloc()
        micropython.heap_lock()
        verdict = drift.check(values, validity)
        micropython.heap_unlock()
        grown += gc.mem_alloc() - heap
        locked += 1
        verdicts[row] = verdict == FAILED
        if verdicts[row] and not verdicts[row - 1]:
            alarms.append([row, drift.worst(0), drift.worst(1)])
    failed = [row for row in range(rows) if verdicts[row]]
    print(json.dumps({"state": state, "locked": locked, "grown": grown, "failed": failed, "alarms": alarms}))


main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
