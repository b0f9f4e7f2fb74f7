"""The parsers behind `tools/bench fuzz`: runs under CPython over the firmware's own sources and the SDK's.

fuzz.py run TARGET SIDE SECONDS INPUTS SEED   SIDE's parsers (appliance, cloud) of TARGET (manifest, message); progress
                                              on stderr, figures as one JSON object; INPUTS 0: until the time is over
fuzz.py case NAME:HEX                         one input as a run printed it, with what becomes of it
"""

import json
import sys
import traceback

import fuzz_manifest
import fuzz_message
from trivet.bench.fuzzing.loop import Loop

TARGETS = {"manifest": fuzz_manifest.targets, "message": fuzz_message.targets}
# Where a line counts as reached. Not the curve's: it has no ways to explore, and tracing it takes all the time.
INSIDE = ("/trivet_wire/", "/appliance/update/", "/trust/lms.py", "/trivet/release/", "/trivet/decode")
INSIDE += ("/trivet/mac0", "/trivet/evidence")


def run(target: str, side: str, seconds: float, inputs: int, seed: int) -> None:
    loop = Loop(TARGETS[target](side), INSIDE, seed)
    result = loop.run(seconds, inputs or None, lambda text: print(f"{side}, {text}", file=sys.stderr, flush=True))
    print(json.dumps(result))


def case(text: str) -> None:
    name, _, data = text.partition(":")
    targets = [one for make in TARGETS.values() for side in ("appliance", "cloud") for one in make(side)]
    for target in targets:
        if target.name == name:
            try:
                print("taken for genuine" if target.run(bytes.fromhex(data)) else "nothing is wrong with it")
            except target.refusals as error:
                print(f"refused: {type(error).__name__}: {error}")
            except Exception:
                traceback.print_exc(file=sys.stdout)
            return
    sys.exit(f"There is no target {name!r}. These exist: {', '.join(one.name for one in targets)}")


def main(words: "list[str]") -> None:
    if words[0] == "run":
        run(words[1], words[2], float(words[3]), int(words[4]), int(words[5]))
    else:
        case(words[1])


if __name__ == "__main__":
    main(sys.argv[1:])
