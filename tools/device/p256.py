"""The appliance's side of `tools/bench p256`: runs under MicroPython or CPython, on the firmware's own P-256.

p256.py time N        > one JSON line: the fastest of N runs of each operation, in microseconds
p256.py peak          > one JSON line: the least free heap with which each operation works, in bytes
p256.py run WHAT N    > nothing: N runs of one operation, for a profiler to count
"""

import json
import sys
import time

from appliance.trust import comb, p256

MICROPYTHON = sys.implementation.name == "micropython"
PRIVATE = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")  # RFC 6979, A.2.5
DIGEST = bytes.fromhex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf")  # of "sample"
PUBLIC = p256.public(PRIVATE)
SIGNATURE = p256.sign(PRIVATE, DIGEST)
TABLE = comb.table(PUBLIC)


def verify() -> None:
    assert p256.verify(PUBLIC, DIGEST, SIGNATURE)


def verify_fixed() -> None:
    assert p256.verify(PUBLIC, DIGEST, SIGNATURE, TABLE)


def sign() -> None:
    assert p256.sign(PRIVATE, DIGEST) == SIGNATURE


def make() -> None:
    p256.public(PRIVATE)


def shared() -> None:
    p256.shared(PRIVATE, PUBLIC)


def table() -> None:
    comb.table(PUBLIC)


CALLS = {"verify": verify, "verify_fixed": verify_fixed, "sign": sign, "public": make, "shared": shared, "comb": table}


def now() -> int:
    return time.ticks_us() if MICROPYTHON else time.perf_counter_ns() // 1000  # type: ignore[attr-defined]


def fastest(call, count: int) -> int:
    import gc

    best = 1 << 29
    for _ in range(count):
        gc.collect()
        began = now()
        call()
        best = min(best, now() - began)
    return best


def least(call) -> int:
    """By halving: the heap is filled up to one free piece of a size, then it is tried."""
    import gc

    call()  # whatever is imported or interned once
    fill = [None] * 4096
    gc.collect()
    largest = 1 << 30
    while largest:
        try:
            piece = bytearray(largest)
            break
        except MemoryError:
            largest -= (largest >> 6) + 1
    used = 0
    size = largest
    while size >= 0:  # every other hole
        try:
            fill[used] = bytearray(size) if size else object()
            used += 1
        except MemoryError:
            size = size >> 1 if size else -1
    low = 0
    high = largest
    while high - low > 32:
        middle = (low + high) // 2
        piece = None
        gc.collect()
        piece = bytearray(largest - middle)
        if works(call):
            high = middle
        else:
            low = middle
    assert piece is not None
    return high


def works(call) -> bool:
    try:
        call()
        return True
    except MemoryError:
        return False


def main() -> None:
    what = sys.argv[1]
    if what == "time":
        print(json.dumps({name: fastest(CALLS[name], int(sys.argv[2])) for name in CALLS}))
    elif what == "peak":
        print(json.dumps({name: least(CALLS[name]) for name in CALLS}))
    else:
        for _ in range(int(sys.argv[3])):
            CALLS[sys.argv[2]]()


main()
