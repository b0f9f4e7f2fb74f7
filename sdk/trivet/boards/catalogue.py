"""Reads catalogue.toml: codes, texts, causes, parts. Takes the file and the board's index space, gives models."""

from __future__ import annotations

from trivet_wire import code as wire_code
from trivet_wire import ids

from .models import Cause, Code, Part, Ratio
from .monitors import Space
from .reader import LANGUAGES, Table, nearest

NE107 = {"F": "failure", "C": "function check", "S": "out of specification", "M": "maintenance required"}
CAUSE_KINDS = ("part", "sensor", "mains", "use", "wiring")
FIXES = ("relearn", "recover", "restart")  # words of the service port's `fix`


def read(table: Table, space: Space) -> tuple[tuple[Code, ...], tuple[Part, ...]]:
    """All codes in the order of their events, and all parts."""
    parts = tuple(_part(one) for one in table.tables("part", label="number"))
    rows = list(table.tables("code", needed=True, label="event"))
    events = [one.text("event") for one in rows]
    codes = tuple(_code(one, space, events, [part.number for part in parts]) for one in rows)
    table.done()
    for key, found in (("event", events), ("code", [one.code for one in codes])):
        for at, one in enumerate(found):
            if one in found[:at]:
                rows[at].fail(key, f'"{one}" stands twice', f"one [[code]] for each {key}", stand=f"{one}_{at}")
    return codes, parts


def _part(table: Table) -> Part:
    made = Part(
        table.text("number"),
        table.texts("text"),
        table.text("price") if table.has("price") else None,
        table.flag("van", False),
        table.integer("warranty_months", 0, 240) if table.has("warranty_months") else None,
    )
    table.done()
    return made


def _code(table: Table, space: Space, events: list[str], parts: list[str]) -> Code:
    number = _number(table)
    hazard = table.flag("hazard", False)
    severity = table.integer("severity", 1, 5)
    made = Code(
        code=wire_code.code_text(number),
        number=number,
        event=table.name("event"),
        ne107=table.choice("ne107", NE107),
        severity=severity,
        hazard=hazard,
        immediate=table.flag("immediate", False),
        warning=table.flag("warning", severity <= 3),
        purpose=ids.PURPOSE_NAMES.index(table.choice("purpose", ids.PURPOSE_NAMES, "safety" if hazard else "service")),
        confirm=table.integer("confirm", 1, 255, 1),
        heal=table.integer("heal", 0, 255, 3),
        age=table.integer("age", 0, 255, 40),
        priority=table.integer("priority", 0, 255, severity * 40),
        freeze=_freeze(table, space),
        text=_texts(table),
        technician=_technician(table),
        causes=tuple(_cause(one, events, parts) for one in table.tables("cause", needed=True)),
    )
    table.done()
    return made


def _number(table: Table) -> int:
    written = table.text("code")
    try:
        return wire_code.parse_stem(written)
    except wire_code.CodeError as error:
        write = 'the code without its check character, as in code = "H07-1"'
        table.fail("code", str(error), write)


def _freeze(table: Table, space: Space) -> tuple[int, ...]:
    names = [one.name for one in space.signals]
    chosen = table.strings("freeze")
    for name in chosen:
        if name not in names:
            table.fail("freeze", f"there is no signal {name!r}", nearest(name, names), name)
    return tuple(sorted(names.index(name) for name in chosen))


def _texts(table: Table) -> dict[str, dict[str, str]]:
    text = table.table("text")
    made = {}
    for language in LANGUAGES:
        one = text.table(language)
        made[language] = {key: one.text(key) for key in ("title", "owner", "now")}
        one.done()
    text.done()
    return made


def _technician(table: Table) -> dict[str, list[str]]:
    steps = table.table("technician")
    made = {language: steps.strings(language) for language in LANGUAGES}
    steps.done()
    return made


def _cause(table: Table, events: list[str], parts: list[str]) -> Cause:
    weight = table.number("weight")
    if weight <= 0:
        write = "a number above 0: how often it is this, among the causes"
        table.fail("weight", f"{weight} does not fit", write, stand=1.0)
    evidence = tuple(_ratio(one, events) for one in table.tables("evidence", label="event"))
    made = Cause(
        name=table.name(),
        text=table.texts("text"),
        kind=table.choice("kind", CAUSE_KINDS),
        weight=float(weight),
        part=table.choice("part", parts) if table.has("part") else None,
        evidence=evidence,
        fix=table.choice("fix", FIXES) if table.has("fix") else None,
    )
    table.done()
    return made


def _ratio(table: Table, events: list[str]) -> Ratio:
    made = Ratio(table.choice("event", events), float(table.number("failed", 1.0)), float(table.number("passed", 1.0)))
    for key, ratio in (("failed", made.failed), ("passed", made.passed)):
        if ratio <= 0:
            write = "a number above 0: how many times likelier this verdict is with this cause"
            table.fail(key, f"{ratio} does not fit", write, stand=1.0)
    table.done()
    return made
