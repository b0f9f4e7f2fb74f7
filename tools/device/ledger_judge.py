"""MicroPython's verdicts for `tools/bench ledger`: lives a history anew, reads altered images of it from stdin (JSON,
as `ledger.py sample` prints them), prints how many it named rightly."""

import json
import sys

sys.path.insert(0, sys.argv[0].rsplit("/", 1)[0])

from tamper.houses import House


def main(seed: int) -> None:
    house = House(seed)
    named = 0
    failures = []
    for one in json.loads(sys.stdin.read()):
        image = bytes.fromhex(one["image"])
        found = house.start_from(image)
        if found[0] == one["number"] and house.verdict(image)[0] == one["number"]:
            named += 1
        else:
            failures.append("record %d %s: found %d" % (one["number"], one["what"], found[0]))
    print(json.dumps({"named": named, "failures": failures}))


main(int(sys.argv[1]))
