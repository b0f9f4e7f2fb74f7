"""The appliance's faults of its own as events of the board: why it started, escaped exceptions, flash, heap.

Takes what the board maps under [internal] (a name of `NAMES` -> event), figures of supervisor and heap, gives verdicts.
Debounced here, in polls: the board's own debounce would not know what is normal for a flash chip. Allocates nothing
while nothing is wrong.
"""

import gc

from trivet_wire.ids import FAILED, PASSED, RESET_BROWN_OUT, RESET_CRASH, RESET_WATCHDOG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What a board may map. `reset` stands for each of the four before it that the board does not tell apart.
NAMES = ("brownout", "watchdog", "crash", "boot_loop", "reset", "exception", "flash", "heap")
_RESETS = (RESET_BROWN_OUT, RESET_WATCHDOG, RESET_CRASH)  # as the first of NAMES

LOW_HEAP = 4096  # bytes free, from where little is left
ENOUGH_HEAP = 6144
_HEAP_POLLS = 8  # in a row
_FLASH_ERRORS = 3
_QUIET_POLLS = 120  # without an error of the flash, until it passes


class Internal:
    """`poll` after each tick; the first one judges the start, so that its freeze frame has values."""

    def __init__(
        self,
        events: "dict[str, int]",
        report: "Callable[[int, int, int], object]",
        cause: int,
        reduced: bool,
        rotten: int,
    ) -> None:
        """`cause`: ids.RESET_*; `rotten`: damaged records at start."""
        self._events = events
        self._report = report
        self._exception = events.get("exception", -1)
        self._flash = events.get("flash", -1)
        self._heap = events.get("heap", -1)
        self._cause = cause
        self._reduced = reduced
        self._errors = _FLASH_ERRORS if rotten else 0
        self._seen = 0
        self._quiet = 0 if rotten else _QUIET_POLLS  # a start without an error passes at once
        self._low = 0
        self._judged = False

    def poll(self, now: int, crashed: bool, flash_errors: int, free: int) -> None:
        """`crashed`: an exception escaped since the last poll; `flash_errors` so far; `free` bytes of heap."""
        if not self._judged:
            self._judged = True
            self._judge_start(now)
        if self._exception >= 0 and (crashed or not self._reduced):
            self._report(self._exception, FAILED if crashed else PASSED, now)
        if self._flash >= 0:
            self._watch_flash(now, flash_errors)
        if self._heap >= 0:
            self._watch_heap(now, free)

    def _judge_start(self, now: int) -> None:
        events = self._events
        other = False
        for i in range(4):
            failed = self._reduced if i == 3 else self._cause == _RESETS[i]
            if NAMES[i] in events:
                self._report(events[NAMES[i]], FAILED if failed else PASSED, now)
            elif failed:
                other = True
        if "reset" in events:
            self._report(events["reset"], FAILED if other else PASSED, now)

    def _watch_flash(self, now: int, errors: int) -> None:
        if errors > self._seen:
            self._errors += errors - self._seen
            self._seen = errors
            self._quiet = 0
        elif self._quiet < _QUIET_POLLS:
            self._quiet += 1
        if self._quiet == _QUIET_POLLS:
            self._errors = 0
            self._report(self._flash, PASSED, now)
        elif self._errors >= _FLASH_ERRORS:
            self._report(self._flash, FAILED, now)

    def _watch_heap(self, now: int, free: int) -> None:
        if free >= ENOUGH_HEAP:
            self._low = 0
            self._report(self._heap, PASSED, now)
        elif free < LOW_HEAP:
            self._low += 1
            if self._low == _HEAP_POLLS // 2:
                gc.collect()
            elif self._low >= _HEAP_POLLS:
                self._low = _HEAP_POLLS
                self._report(self._heap, FAILED, now)
