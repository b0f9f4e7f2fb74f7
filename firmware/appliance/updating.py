"""When the update machine has its turns, and what becomes of them where the heap is short. Takes the appliance, polls
whatever is at its update; knows nothing of updates themselves.

What needs most of the heap (a delta, the last judgement, the commit) has a start of its own: the appliance, at rest,
resets itself into one that has neither heart nor link, does that, and resets itself again. A power cut in between ends
such a start: the mark for it lies in memory that only a reset outlives, since what the sensors said before it holds no
longer.
"""

import gc
from array import array

from .service.watch import GC_THRESHOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .app import Appliance
    from .ports import Ports

# Places of `Appliance.update`.
DUE = 0  # when its machine is due (ms, -1: never)
SHOWN = 1  # what was shown that it waits for
LOOKED = 2  # second of the last look at a trial
ENDED = 3  # cycles that had ended until then; -1: none was counted
OUTCOME = 4  # of a download
SHORT = 5  # how often it found no heap since its state moved
PEAK = 6  # bytes of heap that were in use in a start for it alone, as told last
PLACES = 7

ALONE_AT = 3  # place of its mark in what a reset retains
ALONE = 0x41
# Of its room, what may be loaded: let go of together.
_MODULES = (
    "appliance.update.told appliance.update.why appliance.update.memory appliance.update.gates "
    "appliance.update.placing appliance.update.joint appliance.update.chooser appliance.update.otadata "
    "appliance.update.judged appliance.update.judging appliance.update.fetching appliance.update.imaging "
    "appliance.update.http appliance.update.delta appliance.update.patching appliance.update.patch "
    "appliance.update.bundle appliance.update.base appliance.update.whole appliance.update.installing "
    "appliance.update.spoken appliance.update.orders appliance.update.release appliance.update.machine "
    "appliance.update.kept appliance.update.alone appliance.update"
)
_WORDS = (  # of these, what words about an update load
    "appliance.update.spoken appliance.update.brought appliance.update.gates appliance.update.kept "
    "appliance.update.memory appliance.update.orders appliance.update.machine appliance.update.told "
    "appliance.update.why"
)
_AGAIN_MS = 5_000  # where an update finds no heap, it tries again
_CLOCK_MS = 2_000  # from a start on, until which a clock may have been set
_LONGEST_MS = 900_000  # of a start for an update alone
STEP_MS = 1  # a wait no longer than this is none
_HEAP_STEP = 512  # bytes by which the peak must rise to be told again


def marks() -> "array[int]":
    """What is remembered of an update between its turns."""
    found = array("i", [0] * PLACES)
    found[DUE] = found[ENDED] = -1
    return found


def turn(appliance: "Appliance", ports: "Ports", now: int) -> None:
    """One step of an update, when there is one."""
    marks = appliance.update
    if marks[DUE] < 0 or now < marks[DUE] or appliance.leaving:
        return
    if appliance.alone and now < _CLOCK_MS and not ports.clock.wall_s():
        return
    wait = _AGAIN_MS
    try:
        if appliance.machine is None:
            from .update.machine import Machine

            appliance.machine = Machine(appliance, ports)
        wait = appliance.machine.poll(now)
    except MemoryError:
        marks[SHORT] += 1
        updated(appliance, ports)  # before words, which need heap too
        ports.teller.tell({"e": "no_heap", "task": "install"})
        if appliance.uplink is not None:  # once more, without what the connection takes
            appliance.uplink.rest(ports.clock.link_ms(), 2 * _AGAIN_MS)
    except Exception:
        appliance.leaving = appliance.alone
        raise
    if appliance.alone:
        _measure(marks, ports)
    if wait:
        updated(appliance, ports, now + wait if wait > 0 else -1)
    if appliance.alone and (not 0 <= wait <= STEP_MS or now > _LONGEST_MS):
        appliance.leaving = True


def _measure(marks: "array[int]", ports: "Ports") -> None:
    """Without a heart nobody else says what was in use."""
    used = gc.mem_alloc()
    if used >= marks[PEAK] + _HEAP_STEP:
        marks[PEAK] = used
        ports.teller.tell({"e": "heap", "peak": used, "free": gc.mem_free()})


def updated(appliance: "Appliance", ports: "Ports", at: int = 0) -> None:
    """Something about an update was asked, or the next step is due at `at` (ms; -1: none is): whoever is at it lets go,
    and what is kept says how it goes on."""
    machine = appliance.machine
    appliance.machine = None
    if machine is not None:
        machine.close()
    machine = None  # what it held is free from here on
    for name in _MODULES.split():
        ports.unload(name)
    ports.spare()
    gc.threshold(GC_THRESHOLD)
    appliance.update[DUE] = at


def settled(appliance: "Appliance", ports: "Ports") -> None:
    """Words about an update were said, or found no heap: what they loaded is let go of. Whoever is at one keeps what it
    holds itself."""
    if appliance.machine is None:
        updated(appliance, ports, appliance.update[DUE])
        return
    for name in _WORDS.split():
        ports.unload(name)
    ports.spare()
