"""What a catalogue must say beyond what loads: hazards, doubted sensors, evidence; and functions without a reason.

Takes the report's board, adds findings.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from trivet_wire import ids

from ..load import complaints
from ..models import Code
from .report import Report


def check(report: Report) -> None:
    """Every code, every function, and what stands in two places or in none."""
    # a sensor that says nothing does not lie: that may well be the electronics alone
    doubted = {one.event: one.judges for one in report.board.monitors if one.judges >= 0 and one.validity != ids.STALE}
    for at, code in enumerate(report.board.codes):
        if code.hazard and code.purpose != ids.SAFETY:
            wrong = f'a hazard is sent for purpose "safety", not for "{ids.PURPOSE_NAMES[code.purpose]}"'
            report.note_code(("code", at, "purpose"), wrong, 'purpose = "safety", or leave the line out')
        if code.purpose == ids.SAFETY and not code.hazard:
            wrong = 'what is sent for purpose "safety" nobody is asked about: it is for hazards alone'
            report.note_code(("code", at, "purpose"), wrong, 'purpose = "service", or hazard = true')
        if at in doubted and not any(cause.kind == "sensor" for cause in code.causes):
            signal = report.board.signals[doubted[at]].name
            wrong = f'its monitor judges the sensor of {signal}, but no cause has kind = "sensor"'
            report.note_code(
                ("code", at, "cause"), wrong, 'a [[code.cause]] with kind = "sensor": the case then doubts the sensor'
            )
        _causes(report, at, code)
    _signals(report)
    _functions(report)
    _across(report)


def _signals(report: Report) -> None:
    """The owner is asked for each purpose: whoever adds a signal says which one its readings belong to."""
    for at, table in enumerate(report.toml.mended.get("signal", [])):
        if "purpose" not in table:
            write = 'purpose = "service" if support needs it, "personal" if it shows what somebody does'
            report.note(("signal", at), "says no purpose under which its readings may be sent", write)


def _causes(report: Report, at: int, code: Code) -> None:
    names = Counter(cause.name for cause in code.causes)
    for number, cause in enumerate(code.causes):
        path = ("code", at, "cause", number)
        if names[cause.name] > 1 and number:
            report.note_code((*path, "name"), f'"{cause.name}" stands twice', "another name for each cause of a code")
        for one, ratio in enumerate(cause.evidence):
            if ratio.event == code.event:
                wrong = "is the code's own event: it has always failed and tells causes not apart"
                report.note_code((*path, "evidence", one, "event"), wrong, "another event")


def _functions(report: Report) -> None:
    for at, function in enumerate(report.board.functions):
        if function.hazardous and not function.inhibited_by:
            wrong = "is hazardous, and no event switches it off"
            report.note(("function", at, "inhibited_by"), wrong, 'inhibited_by = { some_event = "confirmed" }')


def _across(report: Report) -> None:
    """Events judged by nobody or twice, names that stand twice."""
    for one in complaints(report.board):
        if one.file == report.catalogue.file:
            report.note_code(one.path, one.wrong, one.write)
        elif one.item is None:
            report.note(one.path, one.wrong, one.write)
        else:
            _judged_twice(report, one.item, one.wrong, one.write)


def _judged_twice(report: Report, event: str, wrong: str, write: str) -> None:
    tables: list[Any] = report.toml.mended.get("monitor", [])
    places = [at for at, table in enumerate(tables) if table.get("event") == event]
    if any(report.toml.wrong(("monitor", at, "event")) for at in places):
        return
    for at in places[1:]:
        report.note(("monitor", at, "event"), wrong, write)
    internal: dict[str, str] = report.toml.mended.get("internal", {})
    keys = [key for key, value in internal.items() if value == event]
    for key in keys if places else keys[1:]:
        report.note(("internal", key), wrong, write)
