"""What the owner said yes and no to, for whoever stands at the appliance: one line a purpose, in plain words, with
when, where and on which text. Takes the consent gate and the ledger, which knows the decisions, and a language, gives
lines; changes nothing. Not imported while nobody asks.
"""

from trivet_wire.ids import PURPOSE_NAMES, SAFETY

from ..store.binary import unpack_from
from ..trust import chain
from ..trust.look import Walk, stroll
from .dates import when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Protocol

    from ..trust.ledger import Ledger

    class Consent(Protocol):
        def allows(self, purpose: int) -> bool: ...

    Decision = tuple[int, int, int, int]  # Unix time or 0, granted, channel, hash of the text or 0

# One text a language, divided by |: five purposes, four channels, then the words of `_line`.
_EN = (
    "Safety|Service|Better products|For you|Offers"
    "|at the appliance|at the service port|in the account|by a factory reset"
    "|always, the law asks for it|yes|no|since|at an unknown time|text|no text|never decided"
    "|decided before the log begins|THE LOG SAYS OTHERWISE"
)
_DE = (
    "Sicherheit|Kundendienst|Bessere Produkte|Für Sie|Angebote"
    "|am Gerät|am Serviceanschluss|im Konto|durch Zurücksetzen"
    "|immer, das Gesetz verlangt es|ja|nein|seit|zu unbekannter Zeit|Text|kein Text|nie entschieden"
    "|entschieden, bevor das Protokoll beginnt|DAS PROTOKOLL SAGT ETWAS ANDERES"
)
_CHANNEL, _ALWAYS, _YES, _SINCE, _TIME, _TEXT, _NEVER, _BEFORE, _OTHERWISE = 5, 9, 10, 12, 13, 14, 16, 17, 18


def show(consent: "Consent", ledger: "Ledger | None", language: str) -> "Generator[tuple[int, str] | None, None, None]":
    """(purpose, line) for each purpose; None where others may have their turn before."""
    words: list[str] = list((_DE if language == "de" else _EN).split("|"))
    decisions: dict[int, Decision] = {}
    whole = False
    try:
        if ledger is not None:
            walk = Walk(ledger)
            for sound in stroll(ledger, walk):
                if not sound:
                    yield None
                elif walk.kind == chain.DECIDED:
                    wall, _, _, purpose, granted, channel, text = unpack_from("<IIIBBBI", walk.body)
                    decisions[purpose] = (wall, granted, channel, text)
            whole = not walk.first and not walk.cut_off
    except OSError:  # the partition is dead: what holds is known all the same
        pass
    for purpose in range(len(PURPOSE_NAMES)):
        line = words[_ALWAYS]
        if purpose != SAFETY:
            line = _line(consent.allows(purpose), decisions.get(purpose), whole, words)
        yield purpose, words[purpose] + ": " + line


def _line(allowed: bool, decision: "Decision | None", whole: bool, words: "list[str]") -> str:
    answer = words[_YES if allowed else _YES + 1]
    if decision is None:
        return answer + ", " + words[_NEVER if whole and not allowed else _BEFORE]
    wall, granted, channel, text = decision
    since = words[_SINCE] + " " + when(wall) if wall else words[_TIME]
    where = words[_CHANNEL + channel] if channel < _ALWAYS - _CHANNEL else str(channel)
    shown = words[_TEXT] + " %08x" % text if text else words[_TEXT + 1]
    line = ", ".join((answer, since, where, shown))
    return line if bool(granted) == allowed else line + ". " + words[_OTHERWISE]
