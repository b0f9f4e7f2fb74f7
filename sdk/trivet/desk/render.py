"""Turns views into HTML. Takes frozen values and a language, gives escaped markup; never queries and never writes.

Templates escape everything by default; no page builds markup from strings.
"""

from __future__ import annotations

import datetime as dt
import functools
from importlib import resources

import jinja2
from markupsafe import Markup

from trivet.desk.texts import Words

STEP_ICONS = {
    "self_help": "hand",
    "remote_test": "flask",
    "remote_fix": "remote",
    "visit": "van",
    "watch": "eye",
    "escalate": "person",
}
KIND_ICONS = {"part": "box", "sensor": "thermometer", "mains": "plug", "use": "hand", "wiring": "cable"}
ACTOR_ICONS = {
    "appliance": "oven",
    "owner": "home",
    "agent": "headset",
    "technician": "wrench",
    "system": "trivet",
}

SENT_ICONS = {
    "fault": "alert",
    "fault_gone": "check",
    "evidence": "flask",
    "heartbeat": "eye",
    "inventory": "oven",
    "consent_yes": "hand",
    "consent_no": "hand",
    "ledger": "shield",
    "result": "remote",
    **dict.fromkeys(("update_offered", "update_downloading", "update_verified", "update_staged"), "down"),
    "update_on_trial": "eye",
    "update_confirmed": "check",
    "update_rolled_back": "back",
    "update_refused": "off",
    "crash": "alert",
}


# A text may not turn round the words beside it (Unicode Technical Report 36, section 2.5); languages that are
# written from the right do so without these signs.
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}")


def shown(value: object) -> object:
    """What a template writes: a text without signs that change the direction of others."""
    return value.translate(_TURNING) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.cache
def _environment() -> jinja2.Environment:
    def load(name: str) -> str | None:
        file = resources.files("trivet.desk").joinpath("templates", name)
        return file.read_text("utf-8") if file.is_file() else None

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    environment.globals |= {
        "STEP_ICONS": STEP_ICONS,
        "KIND_ICONS": KIND_ICONS,
        "ACTOR_ICONS": ACTOR_ICONS,
        "SENT_ICONS": SENT_ICONS,
        "icon": icon,
    }
    return environment


@functools.cache
def icon(name: str) -> Markup:
    """An icon of the sprite, drawn in the text's colour, hidden from screen readers."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>').format(name)


def fragment(template: str, macro: str, words: Words, now: dt.datetime, **values: object) -> str:
    """The HTML of one macro of a template, with the words and the present time in its globals."""
    loaded = _environment().get_template(template, globals={"t": words, "now": now})
    return str(getattr(loaded.make_module(), macro)(**values)).strip()


def whole(template: str, words: Words, **values: object) -> str:
    """The HTML of a whole template."""
    return _environment().get_template(template).render(t=words, **values)
