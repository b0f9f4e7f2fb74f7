"""What happens, until the next line: `watch`. Takes what the appliance tells of itself, gives a row an event
(console.py). Events come at any moment, from any task: they are kept as text, a few hundred bytes of them, and what
finds no room is counted.
"""

from json import dumps

from . import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .console import Answer, Talk

_ROOM = 1024  # characters that wait
_LONGEST = 400  # of one event
_LEFT_OUT = ("trace",)  # what no line holds


class _Kept:
    """Listens. Never raises: whoever tells has other things to do."""

    def __init__(self) -> None:
        self.waiting: "list[str]" = []
        self.missed = 0
        self._size = 0

    def take(self, event: "dict[str, Any]") -> None:
        """ports.Teller.listener"""
        try:
            text = dumps({key: event[key] for key in event if key not in _LEFT_OUT}, separators=(",", ":"))
            if len(text) <= _LONGEST and self._size + len(text) <= _ROOM:
                self._size += len(text)
                self.waiting.append(text)
                return
        except MemoryError:
            pass
        self.missed += 1

    def next(self) -> str:
        text = self.waiting.pop(0)
        self._size -= len(text)
        return text


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """Goes on until it is ended."""
    kept = _Kept()
    teller = talk.app.ports.teller
    teller.listener = kept.take
    try:
        while True:
            if kept.waiting:
                text = kept.next()
                yield text[1:-1][:80] if talk.people else talk.head + text[1:] + "\n"
            elif kept.missed:
                missed, kept.missed = kept.missed, 0
                yield console.row("e count text", "missed", missed, "... %d" % missed)
            else:
                yield None
    finally:
        teller.listener = None
