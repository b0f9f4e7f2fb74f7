"""Words of the owner: what was allowed and what was sent. `consent`, `consent PURPOSE yes|no [LANGUAGE [TEXT-HASH]]`,
`ledger`, `ledger verify`, `factory reset`. Takes the appliance, gives rows with `text` in plain words (console.py).
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from . import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .console import Answer, Talk

_RECITED = 20  # records of the ledger that are read out
_WHY = "appliance.update.why"  # by its name, as console.py has words of other rooms
_ANSWERS = "no|yes"
_LOADED = (
    "appliance.service.reading",
    "appliance.service.consents",
    "appliance.service.dates",
    "appliance.trust.look",
    _WHY,
)


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer to one of the words."""
    try:
        if said[0] == "factory":
            reason = talk.app.factory_reset(ids.BY_APPLIANCE if talk.panel else ids.BY_SERIAL)
            if reason:
                raise WireError(reason)
        elif len(said) > 2:
            _decide(talk, said[1:])
        elif said[0] == "consent":
            yield from _consents(talk)
        elif talk.app.ledger is None or talk.app.ledger.log is None:
            raise WireError(ids.R_FIELD)
        elif len(said) == 1:
            yield from _records(talk)
        else:
            return (yield from _verdict(talk))
    finally:
        for module in _LOADED:
            talk.app.ports.unload(module)
        if talk.app.machine is None:
            talk.app.ports.unload(_WHY[:16])  # its room came with it
    return None


def _decide(talk: "Talk", said: "list[str]") -> None:
    purpose, answer = said[:2]
    language = said[2] if len(said) > 2 else talk.language
    text_hash = _hash(said[3]) if len(said) > 3 else 0
    answers: list[str] = list(_ANSWERS.split("|"))
    if purpose not in ids.PURPOSE_NAMES or answer not in answers or text_hash < 0:
        raise WireError(ids.R_FIELD)
    channel = ids.BY_APPLIANCE if talk.panel else ids.BY_SERIAL
    if not talk.app.decide(ids.PURPOSE_NAMES.index(purpose), answers.index(answer) == 1, channel, language, text_hash):
        raise WireError(ids.R_FIELD)


def _hash(text: str) -> int:
    """Eight hex digits, else -1."""
    for letter in text:
        if letter not in "0123456789abcdefABCDEF":  # int() would take signs and "0x" too
            return -1
    return int(text, 16) if len(text) == 8 else -1


def _consents(talk: "Talk") -> "Answer":
    from .consents import show

    consent = talk.app.consent
    for line in show(consent, talk.app.ledger, talk.language):
        if line is None:
            yield None
            continue
        purpose, text = line
        row = console.row("purpose granted text", ids.PURPOSE_NAMES[purpose], consent.allows(purpose), text)
        if talk.panel:
            row["e"] = "said"
        yield row
    return None


def _records(talk: "Talk") -> "Answer":
    from .reading import recite

    why = __import__(_WHY, None, None, ("why",)).why
    for record in recite(talk.app.ledger, talk.language, _RECITED, why):
        if record is None:
            yield None
            continue
        number, when, text = record
        if talk.people:
            yield "%5d  %s: %s" % record
        elif talk.panel:
            yield console.row("e n when text", "record", number, when, text)
        else:
            yield console.row("n when text", number, when, text)
    return None


def _verdict(talk: "Talk") -> "Answer":
    from ..trust.look import Walk, stroll
    from .reading import verdict

    walk = Walk(talk.app.ledger)
    for sound in stroll(talk.app.ledger, walk):
        if not sound:
            yield None
    first, why, text = verdict(talk.app.ledger, talk.language, True, walk)
    row = console.row("record why text", first, why, text)
    if talk.panel:
        row["e"] = "verdict"
    if talk.people or talk.panel:
        yield row
    return row
