"""The appliance's side of `tools/bench ledger`: runs under CPython over the firmware's own sources.

ledger.py alter FIRST END    alters histories FIRST to END - 1 in every way; figures and failures, one JSON object
ledger.py sample SEED N      N altered images of one history, as JSON, for another interpreter to judge
"""

import json
import random
import re
import sys
from itertools import islice

from tamper.alterations import alterations
from tamper.houses import House

_WHOLE = 16  # one alteration in so many is judged by a whole start


def alter(first: int, end: int) -> dict:
    figures = {"histories": 0, "alterations": 0, "found": 0, "named": 0, "by": {}, "failures": []}
    for seed in range(first, end):
        house = House(seed)
        if house.verdict(house.image) != (0, 0):
            raise AssertionError(f"history {seed} is not sound by itself")
        figures["histories"] += 1
        for what, number, image in alterations(house, seed):
            found, why = (house.start_from if figures["alterations"] % _WHOLE == 0 else house.verdict)(image)
            figures["alterations"] += 1
            figures["found"] += found != 0
            figures["named"] += found == number
            way = re.sub(r"bit [0-9]+", "a bit", what)
            figures["by"][way] = figures["by"].get(way, 0) + 1
            if found != number:
                figures["failures"].append(f"history {seed}, record {number} {what}: found {found}, why {why}")
    return figures


def sample(seed: int, n: int) -> list:
    house = House(seed)
    chosen = random.Random(seed).sample(list(islice(alterations(house, seed), 20000)), n)
    return [{"what": what, "number": number, "image": image.hex()} for what, number, image in chosen]


def main(words: "list[str]") -> None:
    if words[0] == "alter":
        print(json.dumps(alter(int(words[1]), int(words[2]))))
    else:
        print(json.dumps(sample(int(words[1]), int(words[2]))))


if __name__ == "__main__":
    main(sys.argv[1:])
