"""The service port under siege: 100,000 lines that make sense, make none, or mean no good, noise, cables pulled in
mid-command, lines of 10 kB, a host that reads nothing; against the firmware itself, its heap locked in every tick.

`tick_jitter_us`: by how much what goes on at the port can delay a tick (999 of 1000 turns take less, in processor time
of this machine); it may be a tenth of the board's tick. `heap_words`: bytes of heap that are gone for good once every
word was said, since the interpreter never forgets a name; `heap_kept`: what is gone besides after all that came then.
`--n` is the number of lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trivet import boards

from .fuzzing.siege import Siege

if TYPE_CHECKING:
    from . import Options

BOARD = "oven"
LINES = 100_000
ENDLESS_S = 1e6
SHARE = 10  # of a tick that a turn at the port may take: one in so many
MAX_WORDS = 4096  # bytes of heap
MAX_KEPT = 1024  # likewise: what the collector finds one time and not the other
MAX_LINE = 1024  # bytes of an answer's line: the oven's live values, all of them


def run(options: Options) -> dict[str, Any]:
    """`lines, noise_bytes, tick_jitter_us, grants_given`, then what came of them."""
    board = boards.load(BOARD)
    siege = Siege(board, options.seed)
    seen = siege.run(options.n or LINES, options.seconds or ENDLESS_S, options.say)
    figures = seen.figures()
    return {
        "lines": figures.pop("lines"),
        "noise_bytes": figures.pop("noise_bytes"),
        "tick_jitter_us": figures["turn_us"]["p999"],
        "grants_given": figures.pop("grants_given"),
        "bound_us": 1000 * board.tick_ms // SHARE,
        **figures,
    }


def sound(result: dict[str, Any]) -> bool:
    """Nothing escaped, hung or was let in, nothing was allocated in a tick, and every bound is kept."""
    return (
        not any(result[key] for key in ("grants_given", "accepted", "crashes", "hangs", "garbled", "tick_alloc"))
        and result["tick_jitter_us"] <= result["bound_us"]
        and result["heap_words"] <= MAX_WORDS
        and result["heap_kept"] <= MAX_KEPT
        and result["longest_answer_line"] <= MAX_LINE
        and result["answered"] > result["refused"] > 0
    )


def show(result: dict[str, Any]) -> None:
    print(f"{result['lines']:,} lines and {result['noise_bytes']:,} bytes of noise at the oven's service port")
    print("  " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(result["kinds"].items())))
    print(
        f"{result['answered']:,} lines came back, {result['refused']:,} of them refusals, {result['garbled']} garbled;"
    )
    print(f"  the longest had {result['longest_answer_line']} bytes (bound {MAX_LINE}).")
    print(f"Grants given: {result['grants_given']}; done without one: {result['accepted']}.")
    print(f"Crashes: {result['crashes']}; hangs: {result['hangs']}.")
    turn, tick, quiet = result["turn_us"], result["tick_us"], result["quiet_tick_us"]
    print(f"A turn at the port takes {turn['p50']:,} us, 999 of 1000 at most {turn['p999']:,}, longest {turn['max']:,}")
    print(f"  (bound for 999 of 1000, a tenth of the tick: {result['bound_us']:,}).")
    print(f"A tick takes {quiet['p50']:,} us when nobody is there, {tick['p50']:,} under siege.")
    print(f"Allocated in a tick: {result['tick_alloc']} bytes.")
    print(f"Heap gone for good once every word was said: {result['heap_words']} bytes (bound {MAX_WORDS});")
    print(f"  besides after all of this: {result['heap_kept']} (bound {MAX_KEPT}).")
    for found in result["found"]:
        print(f"\n{found['what']}: {found['case']}\n{found['words']}")
