"""What an owner reads: takes a case as `cases.queries` shows it (so, as far as their consent covers it) and the kind of
message, gives subject and text in their language: what happened, what we do, what you can do.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, NamedTuple

from trivet.cases.views import CaseView

LANGUAGES = ("en", "de")
# Kinds of timeline entries that an owner is told of, and the message that each makes.
TOLD = {"opened": "opened", "regressed": "regressed", "resolved": "resolved"}
TOLD |= {f"visit {what}": f"visit_{what}" for what in ("booked", "moved", "cancelled")}
STATES = ("opened", "regressed", "resolved")  # of these a later one takes the place of an earlier that still waits


class Message(NamedTuple):
    subject: str
    body: str


@functools.cache
def table() -> dict[str, Any]:
    """texts.toml: message or step → part → language."""
    return tomllib.loads(resources.files("trivet.notify").joinpath("texts.toml").read_text("utf-8"))


def message(kind: str, case: CaseView, language: str, page: str) -> Message:
    """`kind`: one of TOLD's values; `page`: address of the owner's page."""
    lang = language.partition("-")[0].lower()
    lang = lang if lang in LANGUAGES else LANGUAGES[0]
    code = case.text.get(lang) or case.text.get(LANGUAGES[0]) or {}
    values = {
        "appliance": case.device.name or case.device.model,
        "title": code.get("title") or case.code,
        "code": case.code,
        "means": code.get("owner", ""),
        "now": code.get("now", ""),
        "step": _step(case)[lang],
        "page": page,
    }
    said = table()[kind]
    heads = table()["heads"]
    parts = [
        f"{heads[part][lang]}\n{_filled(said[part][lang], values)}"
        for part in ("happened", "we", "you")
        if _filled(said[part][lang], values)
    ]
    parts.append(_filled(heads["more"][lang], values))
    return Message(_filled(said["subject"][lang], values), "\n\n".join(parts))


def _step(case: CaseView) -> dict[str, str]:
    steps: dict[str, dict[str, str]] = table()["step"]
    return steps["escalate" if case.row.hazard else case.next_step.name if case.next_step.name in steps else "watch"]


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Values are put in as they are: a name with braces in it stays a name."""
    return text.format_map(values).strip()
