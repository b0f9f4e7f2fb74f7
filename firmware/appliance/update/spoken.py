"""What a person says about updates at the appliance's line, and what they are answered. Takes the appliance and words,
gives rows with `text`; what they ask for is done by `orders.py`. Loaded while somebody asks.

    update                            how far it is, and what it waits for
    update yes | no | later HOURS     the owner's word on the one that is offered
    update hours 7-22[,0-3] [+2]      nothing installs from 7 to 22 o'clock (of a day 2 hours east of UTC); none: always
    update offer SIZE DIGEST          an envelope of SIZE bytes with this SHA-256 comes over this line, keys KEYS
    likewise
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from ..updating import settled, updated
from . import gates, kept, memory, orders
from .machine import Machine
from .told import STATES, limit_of, words
from .why import why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from ..app import Appliance
    from ..ports import Ports
    from ..service.console import Answer, Talk

_WORDS = {"yes": ids.A_YES, "no": ids.A_NO, "later": ids.A_LATER}
_LONGEST_LATER = 90 * 24  # hours
_DONE = {"en": "noted", "de": "notiert"}
_HOURS = {"en": "No updates at %s o'clock.", "de": "Keine Updates um %s Uhr."}


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer to `update …` (service/console.py). WireError: not understood; nothing was changed."""
    appliance = talk.app
    try:
        rows = _show(appliance, appliance.ports) if len(said) == 1 else (_done(appliance, said[1:]),)
        for row in rows:
            if talk.panel:
                row["e"] = "said"
            yield row
    finally:
        settled(appliance, appliance.ports)
    return None


def _done(appliance: "Appliance", said: "list[str]") -> "dict[str, Any]":
    ports = appliance.ports
    reason = -1
    if said[0] in _WORDS:
        reason = _answer(appliance, ports, _WORDS[said[0]], said[1:])
    elif said[0] == "hours" and 2 <= len(said) <= 3:
        reason = _hours(appliance, said[1], said[2] if len(said) > 2 else "")
    elif said[0] in ("offer", "keys") and len(said) == 3:
        reason = _offer(appliance, ids.W_KEYS if said[0] == "keys" else ids.W_RELEASE, said[1], said[2])
    if reason < 0:
        raise WireError(ids.R_FIELD)
    if not reason:
        updated(appliance, ports)
    text = why(reason, appliance.language) if reason else _DONE[appliance.language]
    return {"text": text, "reason": reason}


def _show(appliance: "Appliance", ports: "Ports") -> "Generator[dict[str, Any], None, None]":
    language = appliance.language
    heart = appliance.heart
    for what in (ids.W_KEYS, ids.W_RELEASE):
        machine = Machine(appliance, ports)
        machine.what, machine.row = what, kept.load(appliance.journal, what)
        row = machine.row
        state = row[kept.STATE]
        if state == ids.U_IDLE and what == ids.W_KEYS:
            continue
        wait = 0
        if state == ids.U_VERIFIED:
            wait = gates.install(machine.look())
        elif state == ids.U_DOWNLOADING or (state == ids.U_OFFERED and row[kept.JUDGED]):
            wait = gates.download(machine.look())
        limit = limit_of(wait, heart.holds) if heart is not None else 0
        text = words(what, row, wait, limit, language)
        reason: int = row[kept.REASON]
        yield {"text": text, "state": STATES.split("|")[state], "waits": wait, "reason": reason}
    mask, _ = memory.hours(appliance.journal)
    if mask:
        listed = ", ".join([str(hour) for hour in range(24) if mask >> hour & 1])
        yield {"text": _HOURS[language] % listed}


def _answer(appliance: "Appliance", ports: "Ports", word: int, rest: "list[str]") -> int:
    until = 0
    if word == ids.A_LATER:
        hours = _number(rest[0], _LONGEST_LATER) if len(rest) == 1 else 0
        if hours < 1:
            return -1
        wall = ports.clock.wall_s()
        if not wall:
            return ids.R_CLOCK
        until = wall + 3600 * hours
    elif rest:
        return -1
    return orders.answer(appliance.journal, b"", word, until)


def _hours(appliance: "Appliance", spans: str, zone: str) -> int:
    mask, east = 0, memory.hours(appliance.journal)[1]
    if zone:
        hours = _number(zone[1:], 14)
        if hours < 0 or zone[0] not in "+-":
            return -1
        east = hours * 60 if zone[0] == "+" else -hours * 60
    for span in spans.split(",") if spans != "none" else ():
        ends = span.split("-")
        first, end = _number(ends[0], 23), _number(ends[-1], 24)
        if len(ends) != 2 or first < 0 or end < 0 or first == end:
            return -1
        while first != end % 24:
            mask |= 1 << first
            first = (first + 1) % 24
    return orders.hours(appliance.journal, mask, east)


def _offer(appliance: "Appliance", what: int, size: str, digest: str) -> int:
    try:
        named = bytes.fromhex(digest)
    except ValueError:
        return -1
    number = _number(size, 1 << 20)
    return orders.offer(appliance.journal, what, number, named, "", kept.LINE) if number >= 0 else -1


def _number(text: str, most: int) -> int:
    """Decimal digits up to `most`, else -1."""
    return int(text) if text.isdigit() and len(text) < 8 and int(text) <= most else -1
