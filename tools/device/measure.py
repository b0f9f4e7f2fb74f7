"""What an operation costs, for the scripts beside this one: its time and the heap that it needs."""

import gc
import sys
import time

MICROPYTHON = sys.implementation.name == "micropython"


def now() -> int:
    """Microseconds."""
    return time.ticks_us() if MICROPYTHON else time.perf_counter_ns() // 1000  # type: ignore[attr-defined]


def fastest(call, count: int) -> int:
    """Of `count` runs, in microseconds."""
    best = 1 << 29
    for _ in range(count):
        gc.collect()
        began = now()
        call()
        best = min(best, now() - began)
    return best


def least(call) -> int:
    """The least free heap, in one piece, with which `call` works, in bytes; MicroPython only. Once in a process: the
    collector takes old words on the stack for references, so what one measurement filled may still stand in the next.

    By halving: the heap is filled up to one free piece of a size, then it is tried.
    """
    call()  # whatever is imported or interned once
    fill = [None] * 4096
    gc.collect()
    largest = 1 << 30
    while True:
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
    del piece
    low = 0
    high = largest
    while high - low > 32:
        middle = (low + high) // 2
        gc.collect()
        if works_beside(largest - middle, call):
            high = middle
        else:
            low = middle
    return high


def works_beside(taken: int, call) -> bool:
    """Whether `call` works while `taken` bytes are held."""
    piece = bytearray(taken)
    try:
        call()
    except MemoryError:
        return False
    return len(piece) == taken
