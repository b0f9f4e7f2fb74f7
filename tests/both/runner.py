"""Runs the `test_*` functions of one file without pytest, so that MicroPython can: the last line of every file here is
`run(globals())`. Gives exit code 1 and the traceback when one fails; under pytest the same functions are collected.
"""

import sys

MICROPYTHON = sys.implementation.name == "micropython"


def refused(reason: int, call, *args) -> None:
    """Assert that `call(*args)` raises a WireError with `reason`."""
    from trivet_wire.refuse import WireError

    try:
        result = call(*args)
    except WireError as error:
        assert error.reason == reason, "expected reason %d, got %d" % (reason, error.reason)
        return
    raise AssertionError("expected reason %d, got the value %r" % (reason, result))


def allocates_nothing(call) -> bool:
    """Run `call()` with the heap locked; False when it allocates. CPython cannot tell and says True."""
    if not MICROPYTHON:
        call()
        return True
    import micropython

    micropython.heap_lock()
    try:
        call()
        return True
    except MemoryError:
        return False
    finally:
        micropython.heap_unlock()


def run(names) -> None:
    count = 0
    for name in sorted(names):
        if name.startswith("test_"):
            try:
                names[name]()
            except Exception as error:
                print("FAILED", name)
                if MICROPYTHON:
                    sys.print_exception(error)
                else:
                    import traceback

                    traceback.print_exc()
                sys.exit(1)
            count += 1
    print("passed", count)
