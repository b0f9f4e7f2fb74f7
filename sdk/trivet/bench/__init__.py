"""Commands that prove things: `tools/bench NAME [--n N] [--seed N] [--data DIR] [--replay CUT] [--plot FILE]
[--target WHAT] [--seconds S] [--json]`.

Each bench is one module here with `run(options) -> dict` (the figures, under fixed keys), `sound(result) -> bool`
(whether the run itself can be trusted) and `show(result)` (a table for people).
Nothing here asserts how fast a machine is.
"""

import asyncio
import importlib
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

BENCHES = {
    "confusion": "every fault of every board, and healthy cycles: right codes, right functions off, delays",
    "console": "100,000 lines, noise and pulled cables at the service port: no grant, no crash, bounded turns and heap",
    "cuts": "the power cut at every flash operation of many histories: old or new state, always starts",
    "delta": "a typical release of each board as a delta: its share of the whole, the time to apply it",
    "detect": "drift monitor against labelled pump data: F1, false alarms, misses",
    "export": "a year of one appliance's data exported as JSON and CSV, and checked against its published schema",
    "fuzz": "what reads untrusted CBOR or lines: nothing escapes, hangs, stays in memory or is believed unsigned",
    "hostile": "garbage, forged, replayed, future and foreign messages against the running ingest",
    "ingest": "three ingest workers killed at random: every message and case once, timelines in order",
    "kill": "the appliance killed at random moments: what survives, and what the desk sees",
    "ledger": "ledgers altered without their key: each alteration found, and the record named",
    "p256": "signing and verifying on the appliance: time, heap, instructions",
    "pages": "how long an agent waits: a queue of 20,000 cases, a search, a case with a year of history, in a browser",
    "ranking": "simulated faults of every board to cases: right cause first, in the first two, and how sure to be",
    "tap": "random lives of the real firmware, every byte on its line held against the owner's decisions",
    "tick": "a board of 24 signals and 60 monitors: instructions per monitor, nothing allocated",
    "updates": "the power cut at every flash operation of whole updates: old or new version, whole, never stuck",
}


def _say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Options:
    """What the command line said. `n` scales a run (None: the bench's own default); `data` is a folder to read,
    `replay` one case as a bench printed it, `plot` a picture to write; `target`: what to fuzz, or which
    database; `seconds` is the fuzzer's."""

    n: int | None = None
    seed: int = 1
    data: Path | None = None
    replay: str | None = None
    plot: Path | None = None
    target: str | None = None
    seconds: float | None = None
    say: Callable[[str], None] = field(default=_say)


def bench(  # noqa: PLR0917  one word of the command line each
    name: str = typer.Argument(help="one of: " + ", ".join(BENCHES)),
    n: int | None = typer.Option(None, help="size of the run; each bench has its own default, within ten minutes"),
    seed: int = typer.Option(1, help="the same seed repeats the same run"),
    data: Path | None = typer.Option(None, help="folder of input files, for benches that read some"),
    replay: str | None = typer.Option(None, help="one case, as the bench printed it (cuts, tap, updates)"),
    plot: Path | None = typer.Option(None, help="write a picture there (confusion, ranking)"),
    target: str | None = typer.Option(None, help="manifest, message or console (fuzz); postgresql or sqlite (ingest)"),
    seconds: float | None = typer.Option(None, help="how long to fuzz (fuzz)"),
    as_json: bool = typer.Option(False, "--json", help="the last line is one JSON object"),
) -> None:
    """Run one bench; exit code 0 only when the run itself was sound."""
    if name not in BENCHES:
        listing = "\n".join(f"  {known:9} {what}" for known, what in BENCHES.items())
        raise SystemExit(f"There is no bench called {name!r}. These exist:\n{listing}")
    module = importlib.import_module(f"trivet.bench.{name}")
    result: Any = module.run(Options(n, seed, data, replay, plot, target, seconds))
    if inspect.isawaitable(result):
        result = asyncio.run(_await(result))
    if as_json:
        print(json.dumps(result))
    else:
        module.show(result)
    raise SystemExit(0 if module.sound(result) else 1)


async def _await(result: Any) -> Any:
    return await result


def main() -> None:
    """The entry of tools/bench."""
    typer.run(bench)
