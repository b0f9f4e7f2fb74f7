"""The desk's keys, as one table. Takes a frame's words, lays the help into the page; what a key does is in `keys.js`,
which finds its target by `data-hot`, `data-go` or the list. A key that is typed into a field is never one of these.
"""

from __future__ import annotations

import datetime as dt

from nicegui import ui

from trivet.desk import render
from trivet.desk.texts import Words

KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "everywhere": (
        ("?", "help"),
        ("1 … 5", "pages"),
        ("/", "search"),
        ("Esc", "leave"),
    ),
    "in_the_queue": (("j k ↓ ↑", "move"), ("Enter", "open"), ("] [", "turn")),
    "on_a_case": (
        ("u", "back"),
        ("t", "take"),
        ("g", "give"),
        ("q", "place"),
        ("e", "escalate"),
        ("n", "note"),
        ("p", "propose"),
        ("a", "decide"),
        ("v", "visit"),
        ("s", "test"),
        ("o", "outcome"),
        ("b", "take_back"),
    ),
}


def lay(words: Words) -> None:
    """Into the page, closed."""
    html = render.fragment("desk.html", "help", words, dt.datetime.now(dt.UTC), groups=KEYS)
    ui.add_body_html(f'<dialog id="help" class="help" aria-labelledby="help-title">{html}</dialog>')
