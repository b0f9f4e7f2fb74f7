"""The result of `tools/bench confusion` for people: one table of fault × code per board, then what went wrong. Takes
the result, prints; computes nothing that the result does not say.
"""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

WIDEST = 170


def columns(result: dict[str, Any], board: str) -> list[str]:
    """Events in the order of the faults that should give them, then others that were confirmed."""
    rows = rows_of(result, board)
    order = [row["expected"] for row in rows.values()]
    healthy = result["healthy"][board]["confirmed"]
    found = [event for row in rows.values() for event in row["confirmed"]] + list(healthy)
    return list(dict.fromkeys([*order, *sorted(found)]))


def rows_of(result: dict[str, Any], board: str) -> dict[str, dict[str, Any]]:
    return {name.partition("/")[2]: row for name, row in result["faults"].items() if name.partition("/")[0] == board}


def print_tables(result: dict[str, Any]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDEST)
    for board in result["boards"]:
        console.print(_table(result, board))
    for line in _wrong(result):
        console.print(line, style="red", soft_wrap=True)
    runs, healthy = result["runs"], result["healthy_runs"]
    console.print(f"right code         {result['right_code']} of {runs}")
    console.print(f"right inhibition   {result['right_inhibition']} of {runs}")
    console.print(f"false confirmed    {result['false_confirmed']} in {healthy} healthy cycles")


def _table(result: dict[str, Any], board: str) -> Table:
    codes, events = result["codes"][board], columns(result, board)
    runs = result["healthy"][board]["runs"]
    table = Table(title=f"{board}: which codes were confirmed", padding=0, box=box.SIMPLE_HEAD)
    table.add_column("fault", no_wrap=True)
    table.add_column(" code", no_wrap=True)
    for event in events:
        code = codes[event]
        table.add_column(f"{code[0]}\n{code[1:3]}\n{code[4]}", justify="right", width=2)
    for name in ("none", "off\nright", "after\ns"):
        table.add_column(name, justify="right", min_width=6)
    for fault, row in rows_of(result, board).items():
        cells = [_cell(row["confirmed"].get(event, 0), event == row["expected"]) for event in events]
        off = f"{row['right_inhibition']}/{row['runs']}"
        if row["right_inhibition"] != row["runs"]:
            off = f"[red]{off}[/]"
        delay = "never" if row["delay_s"] is None else f"{row['delay_s']:g}"
        table.add_row(fault, f" {codes[row['expected']]}", *cells, str(row["silent"] or ""), off, delay)
    table.add_section()
    healthy = result["healthy"][board]
    cells = [_cell(healthy["confirmed"].get(event, 0), False) for event in events]
    table.add_row(f"healthy, {runs} cycles", "", *cells, str(runs - len(healthy["wrong"])), "", "")
    return table


def _cell(count: int, right: bool) -> str:
    if not count:
        return "[red]·[/]" if right else ""
    return f"[green]{count}[/]" if right else f"[red]{count}[/]"


def _wrong(result: dict[str, Any]) -> list[str]:
    lines = []
    for name, row in result["faults"].items():
        for one in row["wrong"]:
            board, _, fault = name.partition("/")
            again = f"trivet sim {board} --fault {fault} --seed {one['seed']}"
            said = ", ".join(one["confirmed"]) or "nothing"
            off = ", ".join(one["off"]) or "nothing"
            lines.append(
                f"{name} seed {one['seed']}: confirmed {said}; off {off}, not {row['functions_off']}   ({again})"
            )
    for board, row in result["healthy"].items():
        for one in row["wrong"]:
            said = ", ".join(one["confirmed"]) or "nothing"
            lines.append(f"{board} healthy, seed {one['task']['seed']}: confirmed {said}, off {one['off']}")
    lines += [f"{one['board']}/{one['fault']} seed {one['seed']}: {one['trouble']}" for one in result["trouble"]]
    return lines
