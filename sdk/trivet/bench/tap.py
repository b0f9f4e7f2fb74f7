"""The wire tap: whether anything leaves the house that its owner has not agreed to at that moment.

The firmware's own rooms live random lives: grants, withdrawals, faults with frames, cycles, crashes, restarts, outages
in the middle of a message, lost and late receipts, clocks that jump, flash that is full, fails, rots or loses power at
any operation. Every byte given to the link is held against the owner's decisions by a judge that shares no code with
them. `--n` steps; `--replay STEPS`, as a failure is printed, lives one life again and tells what was heard.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trivet_wire import ids

from . import device

if TYPE_CHECKING:
    from . import Options

DEFAULT_N = 30_000
FINDINGS = ("uncovered", "sent_after_withdraw", "recorded_under_no")


def run(options: Options) -> dict[str, Any]:
    """Sums over all lives; `failing` are the steps of the shortest one that broke."""
    if options.replay is not None:
        return {"replay": device.python("tap.py", "replay", options.replay)}
    steps = DEFAULT_N if options.n is None else max(1, options.n)
    said = device.python("tap.py", "run", str(steps), str(options.seed), say=options.say)
    figures: dict[str, Any] = json.loads(said)
    figures["messages"] = {ids.KIND_NAMES[int(kind)]: count for kind, count in figures["messages"].items()}
    return {**figures, "seed": options.seed}


def sound(result: dict[str, Any]) -> bool:
    """Something was said, the power did go, and nothing was found."""
    if "replay" in result:
        return True
    quiet = not any(result[key] for key in FINDINGS) and not result["broken"]
    return bool(quiet and result["captured_bytes"] and result["cuts"] and "evidence" in result["messages"])


def show(result: dict[str, Any]) -> None:
    if "replay" in result:
        print(result["replay"].rstrip())
        return
    for key in ("steps", "houses", "starts", "cuts", "captured_bytes", *FINDINGS):
        print(f"{key.replace('_', ' '):20} {result[key]:9,}")
    for kind, count in result["messages"].items():
        print(f"  {kind:18} {count:9,}")
    if result["broken"]:
        print(f"{result['broken']}\n  tools/bench tap --replay '{json.dumps(result['failing'])}'")
