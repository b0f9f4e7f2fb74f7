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
TOLD |= {f"visit_{what}": f"visit_{what}" for what in ("booked", "moved", "cancelled")}
TOLD |= {f"remote_{what}": f"remote_{what}" for what in ("begun", "ended")}
TOLD |= {"closed": "closed"}  # by a person; what is still looked for after a wrong part is not closed (Plan)
ASKED = "_asked"  # what ends so asks whether it is mended
STATES = (
    "opened",
    "regressed",
    "resolved",
    "resolved_asked",
    "closed",
    "closed_asked",
)  # of these a later one takes the place of an earlier that still waits


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


def paged(case: CaseView, language: str, page: str) -> Message:
    """For people on call, who hear nothing of whose it is."""
    code = case.text.get(language) or case.text.get(LANGUAGES[0]) or {}
    values = {"model": case.device.model, "title": code.get("title") or case.code, "code": case.code, "page": page}
    said = table()["paged"]
    return Message(_filled(said["subject"][language], values), _filled(said["body"][language], values))


def care(  # noqa: PLR0917
    title: Mapping[str, str], now: Mapping[str, str], appliance: str, language: str, page: str, stop: str
) -> Message:
    """A reminder. `title`, `now`: of the tip, by language; `stop`: the address that ends it."""
    lang = language.partition("-")[0].lower()
    lang = lang if lang in LANGUAGES else LANGUAGES[0]
    values = {"appliance": appliance, "page": page, "stop": stop}
    values |= {"title": title.get(lang, ""), "now": now.get(lang, "")}
    said, heads = table()["care"], table()["heads"]
    parts = [f"{heads[part][lang]}\n{_filled(said[part][lang], values)}" for part in ("happened", "you")]
    parts += [_filled(said[part][lang], values) for part in ("done", "stop")]
    return Message(_filled(said["subject"][lang], values), "\n\n".join(parts))


def _step(case: CaseView) -> dict[str, str]:
    steps: dict[str, dict[str, str]] = table()["step"]
    return steps["escalate" if case.row.hazard else case.next_step.name if case.next_step.name in steps else "watch"]


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Values are put in as they are: a name with braces in it stays a name."""
    return text.format_map(values).strip()
