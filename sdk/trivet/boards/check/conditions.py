"""Conditions that can never hold, a cycle that never begins or never ends, entries that are never written, updates that
never start. Takes the report's board, adds findings.
"""

from __future__ import annotations

from typing import Any

from ..errors import Place
from ..holds import WHYS
from ..models import Condition, Hold, Monitor
from ..monitors import NO_LIMIT
from . import spans
from .report import Report


def check(report: Report) -> None:
    """The conditions of monitors, gates and storage, then the cycle's."""
    board = report.board
    for place, _, monitor in report.monitors():
        _possible(report, (*place, "when"), monitor.conditions, "its monitor never runs")
    for name, conditions in board.gates.items():
        _possible(report, ("gates", name), conditions, "the gate never opens")
    for at in range(len(board.storage)):
        _storage(report, at)
    for hold in board.holds:
        _hold(report, hold)
    path: Place = ("cycle", "while")
    if not _possible(report, path, board.cycle, "the operation cycle never begins"):
        return
    if all(spans.always(board, one) for one in board.cycle):
        write = 'a condition that is false while the appliance rests, as in while = ["program != 0"]'
        report.note(path, "the operation cycle never ends: this holds whatever the signals show", write)


def _hold(report: Report, hold: Hold) -> None:
    """Note a limit that lets no update start, or every one."""
    path: Place = ("update", WHYS[hold.why], "above")
    if report.guessed([hold.source]):
        return
    span = spans.believable(report.board, hold.source)
    if span.low <= hold.limit < span.high:
        return
    so = "no update ever starts" if hold.limit < span.low else "it holds no update back"
    shown = f"{report.show(hold.source, span.low)} to {report.show(hold.source, span.high)}"
    report.note(path, f"{so}: {report.name(hold.source)} runs from {shown}", "a value within")


def _storage(report: Report, at: int) -> None:
    """Note what withholds nothing, everything, or all that a monitor could ever have written."""
    board, storage = report.board, report.board.storage[at]
    path: Place = ("storage", at, "withhold_while")
    if report.toml.touched(("storage", at)) or not _possible(report, path, storage.conditions, "it withholds nothing"):
        return
    if all(spans.always(board, one) for one in storage.conditions):
        write = 'what makes faults not worth keeping, as in withhold_while = ["mains_voltage < 170"]'
        report.note(path, "no entry is ever written: this holds whatever the signals show", write)
        return
    for _, _, monitor in report.monitors():
        if monitor.event in storage.events and _never_written(report, storage.conditions, monitor):
            event = board.codes[monitor.event].event
            wrong = f"the entry of {event} is never written: it only fails while this holds"
            report.note(path, wrong, f'except = ["{event}"], or conditions that leave it room')


def _never_written(report: Report, withheld: tuple[Condition, ...], monitor: Monitor) -> bool:
    """Whether whatever makes the monitor fail withholds its entry too."""
    held = spans.held(report.board, monitor.conditions)
    signal, low, high = -1, -NO_LIMIT, NO_LIMIT
    if monitor.kind == "range":
        signal, low, high, back = monitor.params[:4]
        low, high = low + back - 1, high - back + 1  # as far as a failure lasts
    for one in withheld:
        span = held.get((one.source, one.minus), spans.source(report.board, one))
        failing = [span]
        if (one.source, one.minus) == (signal, -1):
            failing = [part for part in (span.within(high=low), span.within(low=high)) if not part.empty()]
        if not failing or any(spans.met(part, one) != part for part in failing):
            return False
    return True


def _possible(report: Report, path: Place, conditions: tuple[Condition, ...], so: str) -> bool:
    """Note what can never hold, alone or together."""
    board = report.board
    if report.unsure(conditions):
        return False
    listed = _texts(report, path)
    for one, text in zip(conditions, listed, strict=False):
        span = spans.source(board, one)
        if spans.met(span, one).empty():
            shown = f"{report.show(one.source, span.low)} to {report.show(one.source, span.high)}"
            what = (
                f"{report.name(one.source)} - {report.name(one.minus)}" if one.minus >= 0 else report.name(one.source)
            )
            report.note(path, f"{text!r} can never hold, so {so}: {what} runs from {shown}", "a value within", text)
            return False
    for (source, minus), span in spans.held(board, conditions).items():
        if span.empty():
            texts = [
                text
                for one, text in zip(conditions, listed, strict=False)
                if (one.source, one.minus) == (source, minus)
            ]
            both = " and ".join(repr(text) for text in texts)
            report.note(path, f"{both} can never hold together, so {so}", "conditions that meet", texts[-1])
            return False
    return True


def _texts(report: Report, path: Place) -> list[str]:
    inside: Any = report.toml.mended
    for step in path:
        inside = inside[step] if isinstance(step, int) else inside.get(step, [])
    return list(inside)
