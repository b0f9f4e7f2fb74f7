"""What the bench shows to people: takes answers, gives things that `rich` prints, also in the full-screen page. Few and
short lines, what matters first: to be read at arm's length. Prints nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .answers import VALID, Found, Sample, Shown, Stamp, Tested, Who
from .guide import Guide
from .plot import curve, number
from .words import word

STYLES = {
    "active": "bold white on red",
    "confirmed": "bold black on yellow",
    "pending": "bold black on cyan",
    "healed": "bold black on green",
    "aged": "dim",
    "none": "dim",
}
PLOT = (72, 8)  # characters of a curve


def head(who: Who, guide: Guide, language: str) -> Text:
    """Which appliance, in one line."""
    name = guide.name(language) or who.model or "?"
    line = Text.assemble((name, "bold"), f"  {who.device or '?'}  {word('firmware', language)} {who.firmware}")
    if not who.locked:
        line.append(f"  {word('unlocked', language)}", style="bold yellow")
    return line


def ordered(found: Iterable[Found]) -> list[Found]:
    """The worst first."""
    return sorted(found, key=lambda one: (not one.hazard, list(STYLES).index(one.state), one.severity))


def codes(found: Iterable[Found], guide: Guide, language: str) -> RenderableType:
    """A row for each code."""
    rows = ordered(found)
    if not rows:
        return Text(f"\n{word('no_codes', language)}", style="bold green")
    table = Table(box=None, pad_edge=False, show_header=False, padding=(1, 2, 0, 0))
    for _ in range(3):
        table.add_column(vertical="top")
    for one in rows:
        title = Text(guide.title(one, language), style="bold")
        if one.hazard:
            title.append(f"  {word('hazard', language)}", style="bold white on red")
        title.append(f"\n{word('seen', language)} {one.seen}×, NE 107 {one.ne107}", style="dim")
        if one.off:
            title.append(f"\n{word('off', language)}: {', '.join(guide.functions(one.off, language))}", style="red")
        table.add_row(Text(one.code, style="bold reverse"), state(one, language), title)
    return table


def state(one: Found, language: str) -> Text:
    return Text(f" {word(one.state, language)} ", style=STYLES[one.state])


def page(shown: Shown, guide: Guide, language: str) -> Group:
    """Everything about a code, for one long page."""
    more = (("before", evidence(shown, guide, language)), ("facts", facts(shown, language)))
    return Group(advice(shown, guide, language), *_titled(more, language))


def advice(shown: Shown, guide: Guide, language: str) -> Group:
    """What it is, what to do, which part, and what its signals say now."""
    parts: list[tuple[str, RenderableType | None]] = [
        ("owner", Text(shown.owner)),
        ("steps", steps(shown)),
        ("causes", causes(shown, language)),
        ("at_present", signals(shown, guide, language)),
    ]
    return Group(codes([shown.found], guide, language), *_titled(parts, language))


def _titled(parts: Iterable[tuple[str, RenderableType | None]], language: str) -> list[RenderableType]:
    made: list[RenderableType] = []
    for key, one in parts:
        if one is not None:
            made += [Text(f"\n{word(key, language)}", style="bold cyan"), Padding(one, (0, 2))]
    return made


def steps(shown: Shown) -> RenderableType | None:
    """What to do, in order."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    for one in shown.steps:
        table.add_row(Text(f"{one.step}.", style="bold"), Text(one.text))
    return table if shown.steps else None


def causes(shown: Shown, language: str) -> RenderableType | None:
    """Likeliest first, each with its part."""
    text = Text()
    for at, one in enumerate(shown.causes, 1):
        text.append(f"{at}. {one.cause}\n")
        if one.part:
            text.append(f"   {word('part', language)} ")
            text.append(one.part, style="bold")
            text.append(f"  {one.part_text}{', ' + word('on_van', language) if one.van else ''}\n")
    text.rstrip()
    return text if shown.causes else None


def signals(shown: Shown, guide: Guide, language: str) -> RenderableType | None:
    """What its signals say now, and whether that may be believed."""
    rows = [(one.signal, one.value, one.unit, one.validity) for one in shown.signals]
    return _values(rows, guide, language) if rows else None


def live(units: dict[str, str], sample: Sample, guide: Guide, language: str) -> RenderableType:
    """One look at everything."""
    rows = [(name, value, units.get(name, ""), valid) for name, (value, valid) in sample.values.items()]
    return _values(rows, guide, language)


def _values(rows: list[tuple[str, float, str, str]], guide: Guide, language: str) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right", style="bold")
    for name, value, unit, valid in rows:
        said = Text("") if valid == VALID else Text(word(f"v_{valid}", language), style="bold white on red")
        table.add_row(guide.signal(name, language), number(value), unit, said)
    return table


def evidence(shown: Shown, guide: Guide, language: str, size: tuple[int, int] = PLOT) -> RenderableType | None:
    """The freeze frame, a curve for each signal that moved; those that did not in one line each."""
    parts: list[RenderableType] = []
    still = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for name, unit in shown.units.items():
        points = [(one.s, one.values[name]) for one in shown.frames if name in one.values]
        title = Text(f"{guide.signal(name, language)} {f'[{unit}]' if unit else ''}", style="bold")
        doubt = shown.validity.get(name, VALID)
        if doubt != VALID:
            title.append(f"  {word(f'v_{doubt}', language)}", style="bold white on red")
        if len({value for _, value in points}) < 2:
            if points:
                still.add_row(title, number(points[0][1]))
            continue
        limits = guide.limits(shown.found.code, name, points)
        parts += [title, Text("\n".join(curve(points, *size, limits)), style="green")]
        parts += [Text(f"{word('limit', language)} {', '.join(map(number, limits))}", style="yellow")] if limits else []
    if still.row_count:
        parts.append(still)
    return Group(*parts) if parts else None


def facts(shown: Shown, language: str) -> RenderableType | None:
    """Status byte and counters, for whoever wants to know how it came to its verdict."""
    if shown.facts is None:
        return None
    text = Text(f"0x{shown.found.status:02x}: {', '.join(shown.facts.bits)}\n")
    text.append(f"FDC {shown.facts.fdc} (max {shown.facts.fdc_max})")
    for key, stamp in (("first", shown.times and shown.times.first), ("last", shown.times and shown.times.last)):
        if stamp:
            text.append(f"\n{word(key, language)}: {moment(stamp, language)}")
    if shown.cleared is not None:
        text.append(f"\n{word('cleared', language)}: {moment(shown.cleared, language)}")
    return text


def moment(stamp: Stamp, language: str) -> str:
    if stamp.wall:
        return dt.datetime.fromtimestamp(stamp.wall).strftime("%Y-%m-%d %H:%M")
    return f"{word('start', language)} {stamp.boot}, {stamp.s // 60} min"


def tested(name: str, result: Tested, language: str) -> RenderableType:
    """How a self-test ended, with what it measured and what it should have."""
    passed = result.result == 0
    verdict = Text(
        f" {word('passed' if passed else 'failed', language)} ", style=STYLES["healed" if passed else "active"]
    )
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for what, value, unit, should in result.measured:
        table.add_row(what, Text(f"{value} {unit}", style="bold"), f"{word('should', language)} {should}")
    return Group(Text.assemble((f"{name}  ", "bold"), verdict), table)


def event(row: dict[str, Any]) -> Text:
    """One line of `monitor`."""
    kind = str(row.get("e"))
    rest = {key: value for key, value in row.items() if key != "e"}
    said = "  ".join(f"{key} {value}" for key, value in rest.items())
    return Text.assemble((f"{kind:<12} ", "bold"), said)
