"""Plays a history once, then starts from every image that a cut at any of its operations could leave.

Takes a `History`, gives `Figures`: cuts made, how many of them torn, and how many starts found the old or the new
state, lost something that was committed, found a third state, or did not start. A start that itself writes is cut
again. Each failure is named so that `replay` can repeat it: history, operation, way.
"""

import random
import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import asdict, dataclass, field

from .flash import Operation, PowerCut, StrictFlash, cuts

# What a start finds: facts by key (an event's status, a record, a message). Equal tuples are equal states.
State = tuple[tuple[Hashable, Hashable], ...]
Life = Callable[[StrictFlash], Iterator[State | None]]

RECOVERED = "recovered"
LOST = "lost"  # something committed before the step that was cut is missing, or older than it was
THIRD = "third_state"  # neither the old nor the new state, though nothing is missing
NO_START = "no_start"
_SPEC = re.compile(r"^(?P<name>.+)@(?P<operation>\d+)\.(?P<way>\d+)(?P<again>\+)?$")


@dataclass(frozen=True)
class History:
    """`play` yields after each step, which must happen whole or not at all (with the state that must be readable, or
    None to take what a start reads); `read` is a start: it gives what it finds."""

    name: str
    play: Life
    read: Callable[[StrictFlash], State]
    sectors: int = 8
    write_size: int = 8

    def flash(self, image: bytes | None = None) -> StrictFlash:
        return StrictFlash(self.sectors, write_size=self.write_size, image=image)


@dataclass
class Figures:
    operations: int = 0
    cuts: int = 0
    torn: int = 0
    recovered: int = 0
    lost: int = 0
    third_state: int = 0
    no_start: int = 0
    failures: list[str] = field(default_factory=list)  # "spool 3@117.2: lost": replays it

    def count(self, spec: str, how: str, verdict: str) -> None:
        self.cuts += 1
        self.torn += how == "torn"
        setattr(self, verdict, getattr(self, verdict) + 1)
        if verdict != RECOVERED:
            self.failures.append(f"{spec}: {verdict}")

    def plain(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Step:
    """What stood before and after it, and how many operations there were when it was done."""

    old: State
    new: State
    until: int


@dataclass
class Found:
    """What a start from an image came to."""

    state: State | None
    error: str = ""
    wrote: list[Operation] = field(default_factory=list)


class Run:
    """One clean run of a history, kept so that it can be cut anywhere."""

    def __init__(self, history: History, seed: int = 1) -> None:
        self.history = history
        self.seed = seed
        self.steps: list[Step] = []
        self.past: dict[Hashable, set[Hashable]] = {}  # every value that was ever committed
        flash = history.flash()
        flash.log = []
        self._before = history.read(history.flash())
        for said in history.play(flash):
            for until, image in flash.marks:
                self._ends(until, image, None)
            flash.marks.clear()
            self._ends(len(flash.log), bytes(flash.image), said)
        self.operations = flash.log[: self.steps[-1].until]
        self._last: tuple[bytes, Found] = (b"", Found(None))

    def _ends(self, until: int, image: bytes, said: State | None) -> None:
        if said is None and self.steps and self.steps[-1].until == until:
            return  # nothing was written
        after = self.history.read(self.history.flash(image))
        if said is not None and said != after:
            raise AssertionError(f"{self.history.name}: step {len(self.steps)} is not what a start reads")
        self.steps.append(Step(self._before, after, until))
        self._before = after

    def step(self, number: int) -> Step:
        """The step that operation `number` belongs to."""
        return next(step for step in self.steps if number < step.until)

    def ways(self, number: int) -> Iterator[tuple[int, str, bytes]]:
        """(way, how, image): the same for the same seed, whatever was cut before."""
        chance = random.Random(f"{self.seed} {self.history.name} {number}")
        for way, (how, image) in enumerate(cuts(self.operations[number], chance)):
            yield way, how, image

    def cut(self, number: int, figures: Figures) -> None:
        """Cut operation `number` in every way."""
        step = self.step(number)
        for way, how, image in self.ways(number):
            spec = f"{self.history.name}@{number}.{way}"
            found = self.start(image)
            figures.count(spec, how, self.judge(found, step))
            if found.wrote:
                again = self.start(self.second(spec, found))
                figures.count(spec + "+", "torn", self.judge(again, step))

    def second(self, spec: str, found: Found) -> bytes:
        """An image that a second cut, in the middle of a start that was writing, can leave."""
        chance = random.Random(f"{self.seed} {spec}")
        return chance.choice([image for _, image in cuts(chance.choice(found.wrote), chance)])

    def start(self, image: bytes) -> Found:
        """Start twice from an image: the second start must find the same."""
        if image == self._last[0]:  # "before" is often the last operation's "after"
            return self._last[1]
        flash = self.history.flash(image)
        flash.log = []
        try:
            found = Found(self.history.read(flash), wrote=flash.log)
            flash.log = None
            if self.history.read(flash) != found.state:
                found = Found(None, "a second start found another state")
        except (Exception, PowerCut) as error:
            found = Found(None, repr(error))
        self._last = (image, found)
        return found

    def judge(self, found: Found, step: Step) -> str:
        """RECOVERED, LOST, THIRD or NO_START."""
        if found.state is None:
            return THIRD if found.error.startswith("a second start") else NO_START
        if found.state in (step.old, step.new):
            return RECOVERED
        now, old, new = dict(found.state), dict(step.old), dict(step.new)
        for key in old.keys() & new.keys():
            if key not in now:
                return LOST
            if now[key] not in (old[key], new[key]) and now[key] in self._earlier(key):
                return LOST
        return THIRD

    def _earlier(self, key: Hashable) -> set[Hashable]:
        if not self.past:
            for step in self.steps:
                for fact, value in step.old:
                    self.past.setdefault(fact, set()).add(value)
        return self.past.get(key, set())


def cut_everywhere(history: History, sample: int = 1, seed: int = 1) -> Figures:
    """Cut at every `sample`-th operation (1: at each) in every way, start, compare."""
    run = Run(history, seed)
    figures = Figures(operations=len(run.operations))
    for number in range(seed % sample, len(run.operations), sample):
        run.cut(number, figures)
    return figures


def parse(spec: str) -> tuple[str, int, int, bool]:
    """History, operation, way, and whether the start was cut too; ValueError for anything else."""
    found = _SPEC.match(spec.partition(":")[0].strip())
    if found is None:
        raise ValueError(f"{spec!r} is no cut: write it as it was printed, such as 'spool 3@117.2'")
    return found["name"], int(found["operation"]), int(found["way"]), bool(found["again"])


def replay(history: History, spec: str, seed: int = 1) -> str:
    """One cut again, told at length."""
    _, number, way, again = parse(spec)
    run = Run(history, seed)
    if number >= len(run.operations):
        raise ValueError(f"{history.name} has operations 0 to {len(run.operations) - 1}")
    step, operation = run.step(number), run.operations[number]
    images = {at: (how, image) for at, how, image in run.ways(number)}
    if way not in images:
        raise ValueError(f"this operation can be cut in ways 0 to {len(images) - 1}")
    how, image = images[way]
    found = run.start(image)
    if again and found.wrote:
        found = run.start(run.second(f"{history.name}@{number}.{way}", found))
    what = f"program {operation.size} bytes" if operation.data else "erase"
    sector, at = divmod(operation.addr, 4096)
    lines = [
        f"{history.name}, seed {seed}: operation {number} of {len(run.operations)}, {what} at sector {sector} + {at}",
        f"cut {how} (way {way}){', and the start after it' if again else ''}: {run.judge(found, step)} {found.error}",
    ]
    return "\n".join([*lines, *_differences(found.state, step)])


def _differences(found: State | None, step: Step) -> Iterator[str]:
    now, old, new = dict(found or ()), dict(step.old), dict(step.new)
    for key in sorted({*old, *new, *now}, key=repr):
        if not old.get(key) == new.get(key) == now.get(key):
            yield f"  {key}: old {_short(old, key)}, new {_short(new, key)}, found {_short(now, key)}"


def _short(facts: dict[Hashable, Hashable], key: Hashable) -> str:
    if key not in facts:
        return "none"
    value = facts[key]
    text = value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 60 else f"{text[:50]}… ({len(text)} characters)"
