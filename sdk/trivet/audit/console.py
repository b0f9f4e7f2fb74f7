"""The report on a terminal: what an auditor looks at first, in 80 columns. Takes a `Report`, prints; the whole is in
the JSON and the HTML.
"""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trivet.audit import etsi
from trivet.audit.report import FAILED, Report

_COLOURS = {FAILED: "red", etsi.MET: "green", etsi.PARTLY: "yellow", etsi.NOT_YET: "bright_black"}


def show(report: Report) -> None:
    """Checks, keys, counts, and the provisions by clause."""
    console = Console(highlight=False)
    console.print(f"[bold]Audit[/] of {escape(report.data)}, {report.made_at:%Y-%m-%d %H:%M} UTC\n", soft_wrap=True)
    _checks(console, report)
    _keys(console, report)
    _holdings(console, report)
    _provisions(console, report)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", header_style="dim")
    return table


def _checks(console: Console, report: Report) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for check in report.checks:
        mark = "[green]holds[/]" if check.ok else "[red]does not hold[/]"
        table.add_row(mark, f"{escape(check.asks)}\n[dim]{escape(check.saw)}[/]")
    console.print(table)


def _keys(console: Console, report: Report) -> None:
    table = _table("Keys", "key", "made", "readable by", "passphrase")
    for key in report.keys:
        made = f"{key.made_at:%Y-%m-%d}" if key.made_at else "–"
        who = "its owner" if key.private else "[red]others too[/]"
        table.add_row(escape(key.name), made, who, "sealed" if key.sealed else "no" if key.mode else "elsewhere")
    console.print(table)


def _holdings(console: Console, report: Report) -> None:
    allowed: dict[str, int] = {}
    for one in report.appliances:
        for purpose in one.consents:
            allowed[purpose] = allowed.get(purpose, 0) + 1
    console.print("\n[bold]Appliances[/]")
    console.print(f"{len(report.appliances)}, {sum(one.owned for one in report.appliances)} with an owner; allowed:")
    console.print("  " + (", ".join(f"{purpose} on {count}" for purpose, count in allowed.items()) or "nothing"))
    console.print("[bold]Refused[/]")
    for refusal in report.refusals:
        console.print(f"  {refusal.messages} × {refusal.name}")
    for event in report.security:
        console.print(f"  security event {event.kind}: {event.count} ×")
    if not report.refusals and not report.security:
        console.print("  nothing")
    table = _table("Read", "purpose", "who", "what", "lines")
    for use in report.uses:
        table.add_row(use.purpose, escape(use.who), escape(use.subject), str(use.lines))
    console.print(table)
    table = _table("Kept", "purpose", "days", "messages", "oldest", "overdue")
    for kept in report.retention:
        oldest = "–" if kept.oldest_days is None else f"{kept.oldest_days:g}"
        table.add_row(kept.purpose, str(kept.days), str(kept.messages), oldest, str(kept.overdue))
    console.print(table)
    proven = sum(1 for one in report.erasures if one.proof)
    console.print(f"\n[bold]Erasures[/]\n  {len(report.erasures)}, {proven} with a proof")


def _provisions(console: Console, report: Report) -> None:
    table = _table(report.standard, "clause", *report.count())
    for clause, title in etsi.CLAUSES.items():
        mine = [one for one in report.provisions if one.clause == clause]
        counts = [sum(one.now == state for one in mine) for state in report.count()]
        table.add_row(f"{clause} {title}", *(str(count or "–") for count in counts))
    total = [f"[{_COLOURS.get(state, 'default')}]{count}[/]" for state, count in report.count().items()]
    table.add_row("[bold]all[/]", *total)
    console.print(table)
