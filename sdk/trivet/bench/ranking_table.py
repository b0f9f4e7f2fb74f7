"""The result of `tools/bench ranking` for people: one line a cause, the reliability of the stated confidence, and what
went wrong. Takes the result, prints; computes nothing that the result does not say.
"""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

WIDEST = 140


def print_tables(result: dict[str, Any]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDEST)
    console.print(_causes(result))
    console.print(_reliability(result))
    for one in result["wrong"]:
        rank = "not ranked" if one["rank"] is None else f"in place {one['rank'] + 1}"
        life = one["life"]
        console.print(
            f"{life['board']}/{life['fault']} seed {life['seed']}: {one['truth']} {rank}, first {one['first']} "
            f"({one['confidence']:.0%}) {one['trouble']}",
            soft_wrap=True,
        )
    whole = result["faults"]
    console.print(
        f"faults                        {whole}, {result['lying']} lying sensors, {result['reported']} reported"
    )
    console.print(f"right cause first             {result['top1']:.1%}")
    console.print(f"right cause in the first two  {result['top2']:.1%}")
    console.print(f"visits to lying sensors without the sensor's part: {result['useless_visits']}")
    console.print(f"expected calibration error    {result['ece']:.3f}")


def _causes(result: dict[str, Any]) -> Table:
    table = Table(title="the true cause's place, by fault", box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("fault", no_wrap=True)
    table.add_column("true cause", no_wrap=True)
    table.add_column("lies", no_wrap=True)
    for name in ("runs", "first", "second", "stated"):
        table.add_column(name, justify="right")
    table.add_column("next steps")
    for name, row in result["causes"].items():
        right = row["first"] == row["runs"]
        first = str(row["first"]) if right else f"[red]{row['first']}[/]"
        steps = ", ".join(f"{step} {count}" for step, count in sorted(row["steps"].items(), key=lambda one: -one[1]))
        cells = [str(row["runs"]), first, str(row["second"] or ""), f"{row['stated']:.0%}"]
        table.add_row(name, row["cause"], row["lies"], *cells, steps)
    return table


def _reliability(result: dict[str, Any]) -> Table:
    table = Table(title="does the stated confidence hold?", box=box.SIMPLE_HEAD, padding=(0, 1))
    for name in ("from", "to", "cases", "stated", "right"):
        table.add_column(name, justify="right")
    for row in result["reliability"]:
        low, high = f"{row['bin'] * 10} %", f"{row['bin'] * 10 + 10} %"
        table.add_row(low, high, str(row["n"]), f"{row['stated']:.0%}", f"{row['true']:.0%}")
    return table
