"""The appliance's side of `tools/bench cuts`, on the journal: runs under CPython over the firmware's own sources.

cuts.py list                              every history's name, one JSON array
cuts.py cut NAME SAMPLE SEED              figures of one history, one JSON object; SAMPLE 1 cuts every operation
cuts.py replay "NAME@OPERATION.WAY" SEED  one cut, told at length
"""

import json
import sys

from powercut.cutting import cut_everywhere, parse, replay
from powercut.histories import HISTORIES


def main(words: list[str]) -> None:
    if words[0] == "list":
        print(json.dumps(list(HISTORIES)))
    elif words[0] == "cut":
        print(json.dumps(cut_everywhere(HISTORIES[words[1]], int(words[2]), int(words[3])).plain()))
    else:
        print(replay(HISTORIES[parse(words[1])[0]], words[1], int(words[2])))


if __name__ == "__main__":
    main(sys.argv[1:])
