"""Random lives of a house: `hypothesis` chooses steps, longer lives are drawn without it. What fails is shortened until
each of its steps is needed, and replays by itself.

`drive` and `explore` add to the figures of a run; `replay` lives one list of steps again.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from .house import STEPS, House
from .judge import HEADS

LIFE = 60  # steps of one house that hypothesis makes; a drawn one has four times as many
OFTEN = ("run", "run", "run", "decide", "decide", "fault", "fault", "turn", "line")  # beside one chance of each step

Step = tuple[Any, ...]  # name, numbers


class Figures:
    """Sums over all houses of a run, and the shortest failing list of steps."""

    def __init__(self) -> None:
        self.steps = self.captured_bytes = self.houses = self.cuts = self.starts = 0
        self.found: Counter[str] = Counter()
        self.kinds: Counter[int] = Counter()
        self.failing: list[Step] = []
        self.broken = ""

    def add(self, house: House) -> None:
        self.houses += 1
        self.steps += house.steps
        self.captured_bytes += house.judge.captured
        self.cuts += house.cuts
        self.starts += house.starts
        self.kinds.update(house.judge.kinds)

    def fail(self, steps: list[Step]) -> None:
        """Only the first counts."""
        if not self.failing:
            self.failing = shortened(steps)
            house, self.broken = replay(self.failing)
            self.found = Counter({head: len(found) for head, found in house.judge.findings.items()})

    def plain(self) -> dict[str, Any]:
        """As `tools/bench tap` prints it."""
        sums = {key: vars(self)[key] for key in ("steps", "captured_bytes", "houses", "starts", "cuts")}
        messages = {str(kind): count for kind, count in sorted(self.kinds.items())}
        found = {head: self.found[head] for head in HEADS}
        return {**sums, **found, "messages": messages, "broken": self.broken, "failing": self.failing}


def machine(figures: Figures, tell: Callable[[], None]) -> type[RuleBasedStateMachine]:
    """A machine with one rule a step, and its chance as in `OFTEN`."""

    class Life(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.house = House()
            self.steps: list[Step] = []

        def live(self, step: Step) -> None:
            self.steps.append(step)
            try:
                self.house.do(*step)
            except Exception:
                figures.fail(self.steps)
                raise

        def teardown(self) -> None:
            figures.add(self.house)
            tell()

    for at, name in enumerate([*STEPS, *OFTEN]):
        ranges = {f"n{i}": st.integers(low, high) for i, (low, high) in enumerate(STEPS[name])}

        def act(self: Any, _name: str = name, **numbers: int) -> None:
            self.live((_name, *numbers.values()))

        act.__name__ = f"{name}_{at}"
        setattr(Life, act.__name__, rule(**ranges)(act))
    return Life


def explore(examples: int, number: int, figures: Figures, tell: Callable[[], None] = lambda: None) -> None:
    """`examples` houses, or fewer until one fails."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=LIFE,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(number)(machine(figures, tell)), settings=chosen)
    except Exception:
        if not figures.failing:
            raise


def drive(count: int, number: int, figures: Figures, tell: Callable[[], None] = lambda: None) -> None:
    """As many steps in long lives, until one fails."""
    chance = random.Random(number)
    names = [*STEPS, *OFTEN]
    while count > 0 and not figures.failing:
        house = House()
        steps: list[Step] = []
        for _ in range(min(count, 4 * LIFE)):
            name = chance.choice(names)
            steps.append((name, *(chance.randint(low, high) for low, high in STEPS[name])))
            try:
                house.do(*steps[-1])
            except Exception:
                figures.fail(steps)
                break
        count -= house.steps
        figures.add(house)
        tell()


def replay(steps: Iterable[Step]) -> tuple[House, str]:
    """The house after these steps, and what broke, or ""."""
    house = House()
    for step in steps:
        try:
            house.do(*step)
        except Exception as error:
            return house, f"at {json.dumps(step)}: {type(error).__name__}: {error}"
    return house, ""


def shortened(steps: list[Step]) -> list[Step]:
    """Fewer steps that still break: parts are left out, halves first, then single steps."""
    size = max(1, len(steps) // 2)
    while True:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if fewer and replay(fewer)[1]:
                steps = fewer
            else:
                at += size
        if size == 1:
            return steps
        size //= 2
