"""What the appliance found wrong: `codes`, `codes all`. Takes the heart, gives a row for each code (console.py); those
that were never seen only with `all`.
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from ..faults.inhibit import TABLE
from . import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .console import Answer, Talk

_STATES = {
    "en": "active|confirmed|pending|healed|aged|-|switched off: ",
    "de": "aktiv|bestätigt|anstehend|geheilt|gealtert|-|abgeschaltet: ",
}
_NAMES = "active confirmed pending healed aged none"
ACTIVE, CONFIRMED, PENDING, HEALED, AGED, NEVER = range(6)
_NE107 = "FCSM"
_NONE = {"en": "no code", "de": "kein Code"}


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer."""
    heart = talk.app.heart
    if heart is None:
        raise WireError(ids.R_BUSY)
    if len(said) > 1 and said[1] != "all":
        raise WireError(ids.R_FIELD)
    some = False
    status = heart.manager.status
    for event in range(len(status)):
        if len(said) > 1 or state(heart, event) != NEVER:
            some = True
            yield line(talk, event) if talk.people else facts(talk, event)
        elif not event % 8:
            yield None
    if not some and talk.people:
        yield _NONE[talk.language]
    return None


def state(heart: "Any", event: int) -> int:
    """What a status byte comes to for a person."""
    status = heart.manager.status[event]
    if status & ids.CONFIRMED:
        if status & ids.TEST_FAILED:
            return ACTIVE
        healed = heart.catalogue.warning(event) and not status & ids.WARNING_INDICATOR
        return HEALED if healed else CONFIRMED
    if status & (ids.PENDING | ids.TEST_FAILED):
        return PENDING
    return AGED if status & ids.FAILED_SINCE_CLEAR else NEVER


def off(heart: "Any", event: int) -> "list[int]":
    """Functions that this event switches off now."""
    found: "list[int]" = []
    rows = heart.inhibit._rows
    status = heart.manager.status[event]
    for at in range(0, len(rows), 3):
        mask = rows[at + 2] * 2
        if rows[at + 1] == event and status & TABLE[mask] == TABLE[mask + 1]:
            found.append(rows[at])
    return found


def facts(talk: "Talk", event: int) -> "dict[str, Any]":
    """For a program. Functions as board.toml names them."""
    heart = talk.app.heart
    catalogue = heart.catalogue
    return console.row(
        "code title ne107 severity state status seen off hazard",
        catalogue.text(event),
        heart._panel._texts.title(event),
        _NE107[catalogue.ne107(event)],
        catalogue.severity(event),
        _NAMES.split(" ")[state(heart, event)],
        heart.manager.status[event],
        heart.manager.state.occurrence[event],
        [heart.watch._functions[function] for function in off(heart, event)],
        catalogue.hazard(event),
    )


def line(talk: "Talk", event: int) -> str:
    """For a person: `H01-1R F ! active     3x  Upper element does not heat`."""
    heart = talk.app.heart
    catalogue, texts = heart.catalogue, heart._panel._texts
    words = _STATES[talk.language].split("|")
    hazard = "!" if catalogue.hazard(event) else " "
    head = "%s %s %s %-10s %3dx  " % (
        catalogue.text(event),
        _NE107[catalogue.ne107(event)],
        hazard,
        words[state(heart, event)],
        heart.manager.state.occurrence[event],
    )
    said = (head + texts.title(event))[:80]
    functions = [texts.function(function) for function in off(heart, event)]
    if functions:
        said += "\n" + ("       " + words[-1] + ", ".join(functions))[:80]
    return said
