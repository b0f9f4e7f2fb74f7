"""The appliance's side of `tools/bench tap`: runs under CPython over the firmware's own sources.

tap.py run STEPS SEED     one life after the other until STEPS are done, half in long ones, half as hypothesis makes
                          them; progress on stderr, figures as one JSON object
tap.py replay STEPS       a JSON array of steps as a failing run printed it, told at length
"""

import json
import sys
from typing import Any

import powercut  # noqa: F401 - what MicroPython alone has gets its stand-in
from wiretap import machine

_EXAMPLE = machine.LIFE  # steps of one of hypothesis's houses, about
_EVERY = 500  # steps between two lines of progress


def run(steps: int, seed: int) -> dict[str, Any]:
    figures = machine.Figures()
    told = 0

    def tell() -> None:
        nonlocal told
        if figures.steps >= told + _EVERY:
            told = figures.steps
            print(f"{told}/{steps} steps, {figures.captured_bytes} bytes heard", file=sys.stderr, flush=True)

    machine.drive(steps // 2, seed, figures, tell)
    while figures.steps < steps and not figures.failing:
        machine.explore(max(1, (steps - figures.steps) // _EXAMPLE), seed + figures.houses, figures, tell)
    return figures.plain()


def replay(text: str) -> str:
    house, broken = machine.replay(json.loads(text))
    judge = house.judge
    lines = [
        f"{house.steps} steps, {house.starts} starts, {house.cuts} power cuts, {judge.captured} bytes heard",
        f"decisions: {judge.masks}",
        *(f"{head}: {one}" for head, several in judge.findings.items() for one in several),
        broken or "nothing is wrong with it",
    ]
    return "\n".join(lines)


def main(words: list[str]) -> None:
    if words[0] == "run":
        print(json.dumps(run(int(words[1]), int(words[2]))))
    else:
        print(replay(words[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
