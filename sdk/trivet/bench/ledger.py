"""Ledgers altered by somebody who knows their format but not their key: does the appliance alone find each alteration,
and name the record?

200 histories (`--n`), each altered in every way of `tools/device/tamper`. Found: the appliance's next start says that
something is wrong; named: it says the number of the very record. A sample is judged in MicroPython too.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from . import device

if TYPE_CHECKING:
    from . import Options

_HISTORIES = 200
_AT_ONCE = 5  # histories a process
_SAMPLED = 40  # alterations that MicroPython judges
_HEAP = "64m"  # of the interpreter that keeps whole images; the appliance's own is not measured here


def run(options: Options) -> dict[str, Any]:
    """Sums over all histories under the fixed keys; `by`: alterations of each kind."""
    count = options.n or _HISTORIES
    first = (options.seed - 1) * count
    spans = [(at, min(at + _AT_ONCE, first + count)) for at in range(first, first + count, _AT_ONCE)]
    sums: Counter[str] = Counter()
    by: Counter[str] = Counter()
    failures: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for said in pool.map(lambda span: device.python("ledger.py", "alter", *map(str, span)), spans):
            figures = json.loads(said)
            by.update(figures.pop("by"))
            failures += figures.pop("failures")
            sums.update(figures)
            options.say(f"{sums['histories']}/{count} histories, {sums['alterations']:,} alterations")
    sample = device.python("ledger.py", "sample", str(first), str(_SAMPLED))
    judged = json.loads(device.micropython("ledger_judge.py", str(first), heap=_HEAP, stdin=sample.encode()))
    failures += [f"MicroPython: {one}" for one in judged["failures"]]
    return {
        **{key: sums[key] for key in ("histories", "alterations", "found", "named")},
        "in_micropython": judged["named"],
        "by": dict(by),
        "failures": failures,
    }


def sound(result: dict[str, Any]) -> bool:
    """Every alteration was found and named, in both interpreters."""
    counts = {result["alterations"], result["found"], result["named"]}
    return len(counts) == 1 and result["alterations"] > 0 and not result["failures"]


def show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{result['histories']} ledgers altered without their key")
    table.add_column("what was done")
    table.add_column("times", justify="right")
    for what, times in sorted(result["by"].items(), key=lambda row: -row[1]):
        table.add_row(what, f"{times:,}")
    table.add_section()
    for key in ("alterations", "found", "named"):
        table.add_row(key, f"{result[key]:,}")
    table.add_row("of a sample, named in MicroPython", str(result["in_micropython"]))
    console = Console()
    console.print(table)
    for failure in result["failures"][:20]:
        console.print(failure, soft_wrap=True)
