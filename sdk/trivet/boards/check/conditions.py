"""Conditions that can never hold, a cycle that never begins or never ends. Takes the report's board, adds findings."""

from __future__ import annotations

from typing import Any

from ..errors import Place
from ..models import Condition
from . import spans
from .report import Report


def check(report: Report) -> None:
    """The conditions of monitors and gates, then the cycle's."""
    board = report.board
    for place, _, monitor in report.monitors():
        _possible(report, (*place, "when"), monitor.conditions, "its monitor never runs")
    for name, conditions in board.gates.items():
        _possible(report, ("gates", name), conditions, "the gate never opens")
    path: Place = ("cycle", "while")
    if not _possible(report, path, board.cycle, "the operation cycle never begins"):
        return
    if all(spans.always(board, one) for one in board.cycle):
        write = 'a condition that is false while the appliance rests, as in while = ["program != 0"]'
        report.note(path, "the operation cycle never ends: this holds whatever the signals show", write)


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
