"""The one supervisor: takes a table of tasks, polls each when it is due, and outlives what escapes them. An exception
that escapes is a fault of its own: kept as a crash for the reporter; the task goes on with its next period. What the
flash refuses is counted. A task that hangs is the watchdog's, and found after the restart. Reads no clock.
"""

from ..store.journal import JournalFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ports import Teller, Watchdog

_CRASHES = 4  # kept until told; more are counted
_TOLD = 8  # crashes of a task that are looked at; of those after them
_TELL_EVERY = 512  # one in so many
_FNV_PRIME = 16777619
_FNV_START = 2166136261


class Crash:
    """An exception that escaped a task: where, and a hash of its traceback for grouping."""

    def __init__(self, trace: str, task: str) -> None:
        """`trace`: as text; or one word, where nothing is known but how it ended."""
        self.task = task
        self.file, self.line = _place(trace)
        digest = _FNV_START
        for byte in trace.encode():
            digest = (digest ^ byte) * _FNV_PRIME & 0xFFFFFFFF
        self.hash = digest


class Task:
    """`poll(now)` is called at most once per `period_ms`, 0: at every turn."""

    def __init__(
        self, name: str, period_ms: int, poll: "Callable[[int], None]", rescue: "Callable[[], None] | None" = None
    ) -> None:
        """`rescue` makes safe what a crash left half done."""
        self.name = name
        self.letter = ord(name[0])
        self.period_ms = period_ms
        self.poll = poll
        self.rescue = rescue
        self.due = 0
        self.crashes = 0


class Supervisor:
    """Runs tasks in the table's order. The watchdog is fed when all of them have had their turn; `mark` (memory that
    outlives a reset) says at any moment whose turn it is,
    by the first letter of its name."""

    def __init__(self, tasks: "list[Task]", teller: "Teller", watchdog: "Watchdog", mark: bytearray) -> None:
        self.tasks = tasks
        self.crashed = False  # an exception escaped a task; whoever looks resets it
        self.flash_errors = 0
        self.crashes: list[Crash] = []
        self.dropped = 0  # crashes beyond what is kept
        self.overruns = 0  # periods that passed without the task having had its turn
        self._teller = teller
        self._feed = watchdog.feed
        self._mark = mark

    def run(self, now: int, idle: bool = False) -> None:
        """One turn at `now` (ms since start). Allocates nothing while no task does. `idle`: between two turns, of the
        tasks alone that have no period. Whatever escapes a task is recorded here, in the loop itself: a function with
        handlers takes its frame from the heap at each call."""
        mark = self._mark
        for task in self.tasks:
            if now < task.due or (idle and task.period_ms):
                continue
            mark[1] = task.letter
            period = task.period_ms
            if period:
                if task.due and now - task.due >= period:
                    self.overruns += 1
                task.due = now + period
            try:
                task.poll(now)
            except (Exception, SystemExit) as error:  # the one place where everything is caught: see the module's text
                self._escaped(error, task)
        mark[1] = 0
        if not idle:
            self._feed()

    def _escaped(self, error: BaseException, task: Task) -> None:
        if task.rescue is not None:
            task.rescue()
        elif isinstance(error, (OSError, JournalFull)):  # the network's are caught where they come: the flash's
            self.flash_errors += 1
            return
        self.crashed = True
        task.crashes += 1
        if task.crashes > _TOLD and task.crashes % _TELL_EVERY:
            self.dropped += 1
            return
        try:
            self._record(error, task)
        except MemoryError:  # no room to say what happened: it is counted
            self.dropped += 1

    def _record(self, error: BaseException, task: Task) -> None:
        trace = self._teller.trace(error)
        crash = Crash(trace, task.name)
        self.note(crash, trace)

    def note(self, crash: Crash, trace: str) -> None:
        """Tell of a crash and keep it for the reporter."""
        self._teller.tell({"e": "crash", "task": crash.task, "file": crash.file, "line": crash.line, "trace": trace})
        if len(self.crashes) < _CRASHES:
            self.crashes.append(crash)
        else:
            self.dropped += 1


def _place(trace: str) -> "tuple[str, int]":
    """File and line of the innermost frame of a traceback's text."""
    at = trace.rfind('  File "')
    if at < 0:
        return trace if trace and " " not in trace and len(trace) < 16 else "?", 0
    end = trace.find('"', at + 8)
    digits = 0
    line = 0
    while trace[end + 8 + digits : end + 9 + digits].isdigit():
        line = line * 10 + int(trace[end + 8 + digits])
        digits += 1
    name = trace[at + 8 : end]
    return name[name.rfind("/") + 1 :], line
