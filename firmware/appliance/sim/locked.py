"""Runs the appliance as `main` does, with the heap locked during every tick: what a tick would allocate raises
MemoryError, which the supervisor records as a crash of the tick. Says how many ticks that were and what they allocated.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import gc

import main as product
import micropython

from appliance.tick import Tick

_run = Tick.run


class _Figures:
    ticks = 0
    most = 0  # bytes, of one tick


def _locked(self: Tick, now: int) -> None:
    before = gc.mem_alloc()
    micropython.heap_lock()
    try:
        _run(self, now)
    finally:
        micropython.heap_unlock()
    _Figures.most = max(_Figures.most, gc.mem_alloc() - before)
    _Figures.ticks += 1


def main(arguments: "list[str]") -> None:
    """As `main.main`; the line ends with one more event."""
    from appliance.sim.line import Line

    Tick.run = _locked
    leave = Line.answer

    def answer(self: Line) -> None:
        if _Figures.ticks % 256 == 1:
            self.tell({"e": "locked", "ticks": _Figures.ticks, "most": _Figures.most})
        leave(self)

    Line.answer = answer
    product.main(arguments)
