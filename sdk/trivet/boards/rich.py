"""The rich side of a catalogue, for the cloud: texts, causes, parts, technician steps, limits to draw.

Takes a `Board`, gives a dict that JSON can hold; `trivet.cases.rich` reads it back.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .models import Board, Code


def rich(board: Board) -> dict[str, Any]:
    """Everything of board and catalogue that a person at the desk may need."""
    return {
        "model": board.model,
        "name": board.text,
        "events": _events(board),
        "signals": _signals(board),
        "functions": [
            {
                "name": one.name,
                "text": one.text,
                "hazardous": one.hazardous,
                "inhibited_by": [board.codes[event].event for event, _ in one.inhibited_by],
            }
            for one in board.functions
        ],
        "routines": [{"name": one.name, "text": one.text, "finds": list(one.finds)} for one in board.routines],
        "codes": [_code(board, one) for one in board.codes],
        "parts": [asdict(one) for one in board.parts],
        "care": [asdict(one) for one in board.care],
    }


def _events(board: Board) -> list[dict[str, Any]]:
    judges = {one.event: board.signals[one.judges].name for one in board.monitors if one.judges >= 0}
    return [{"name": code.event, "judges": judges.get(event)} for event, code in enumerate(board.codes)]


def _signals(board: Board) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"name": one.name, "unit": one.unit, "scale": one.scale, "text": one.text, "limits": []}
        for one in board.signals
    ]
    made += [{"name": one.name, "unit": "", "scale": 1, "text": one.text, "limits": []} for one in board.outputs]
    for monitor in board.monitors:
        code = board.codes[monitor.event]
        for limit in monitor.limits:
            title = {language: texts["title"] for language, texts in code.text.items()}
            made[limit.signal]["limits"].append({"event": code.event, "value": limit.value, "text": title})
    return made


def _code(board: Board, code: Code) -> dict[str, Any]:
    made = asdict(code)
    made["freeze"] = [board.signals[index].name for index in code.freeze]
    for cause in made["causes"]:
        cause["evidence"] = list(cause["evidence"])
    made["causes"] = list(made["causes"])
    del made["number"]
    return made
