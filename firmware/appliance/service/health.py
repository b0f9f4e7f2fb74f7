"""The one supervisor: takes a table of tasks, polls each when it is due, and outlives what escapes them. An exception
that escapes is a fault of its own: kept as a crash for the reporter; the task goes on with its next period. Reads no
clock.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ports import Teller

_CRASHES = 4  # kept until told; more are counted
_FNV_PRIME = 16777619
_FNV_START = 2166136261


class Crash:
    """An exception that escaped a task: where, and a hash of its traceback for grouping."""

    def __init__(self, trace: str, task: str) -> None:
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
        self.period_ms = period_ms
        self.poll = poll
        self.rescue = rescue
        self.due = 0
        self.crashes = 0


class Supervisor:
    """Runs tasks in the table's order."""

    def __init__(self, tasks: "list[Task]", teller: "Teller") -> None:
        self.tasks = tasks
        self.crashes: list[Crash] = []
        self.dropped = 0  # crashes beyond what is kept
        self.overruns = 0  # periods that passed without the task having had its turn
        self._teller = teller

    def run(self, now: int) -> None:
        """One turn at `now` (ms since start). Allocates nothing while no task does."""
        for task in self.tasks:
            if now < task.due:
                continue
            period = task.period_ms
            if period:
                if task.due and now - task.due >= period:
                    self.overruns += 1
                task.due = now + period
            self.guard(task, now)

    def guard(self, task: Task, now: int) -> None:
        """Poll one task; whatever escapes it is recorded here."""
        try:
            task.poll(now)
        except Exception as error:  # the one place where everything is caught: see the module's text
            task.crashes += 1
            if task.rescue is not None:
                task.rescue()
            try:
                self._record(error, task)
            except MemoryError:  # no room to say what happened: it is counted
                self.dropped += 1

    def _record(self, error: Exception, task: Task) -> None:
        trace = self._teller.trace(error)
        crash = Crash(trace, task.name)
        self._teller.tell({"e": "crash", "task": task.name, "file": crash.file, "line": crash.line, "trace": trace})
        if len(self.crashes) < _CRASHES:
            self.crashes.append(crash)
        else:
            self.dropped += 1


def _place(trace: str) -> "tuple[str, int]":
    """File and line of the innermost frame of a traceback's text."""
    at = trace.rfind('  File "')
    if at < 0:
        return "?", 0
    end = trace.find('"', at + 8)
    digits = 0
    line = 0
    while trace[end + 8 + digits : end + 9 + digits].isdigit():
        line = line * 10 + int(trace[end + 8 + digits])
        digits += 1
    name = trace[at + 8 : end]
    return name[name.rfind("/") + 1 :], line
