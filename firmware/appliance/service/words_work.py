"""A technician's work: `test` (which self-tests there are), `test ROUTINE`, `fix`, `fix NAME`, `clear CODE|all`. Takes
the appliance, gives rows (console.py); each use of the grant is in the ledger.

A self-test goes on until the next line; that line stops it, and so does whatever ends the answer.
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from ..sense.board import CONDITION_WIDTH
from ..trust import chain
from .cells import Names, event_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .console import Answer, Talk
    from .routines import Routine

_ROUTINES = "appliance.service.routines"
_CELLS = "appliance.service.cells"
_OPERATORS = ("<", "<=", "==", "!=", ">=", ">")
ALL_CODES = 65535
# What can be set right from here: each may be done twice without harm.
FIXES = ("relearn", "recover", "restart")
_FIXES = {
    "en": "forget what is normal here, and learn it anew|start whole again after too many crashes|restart",
    "de": "vergessen, was hier normal ist, und neu lernen|nach zu vielen Abstürzen wieder ganz starten|neu starten",
}
_STEP = {"en": "step %d of %d", "de": "Schritt %d von %d"}
_PASSED = {"en": "passed", "de": "bestanden"}
_FAILED = {"en": "FAILED in step %d", "de": "NICHT BESTANDEN in Schritt %d"}
_STOPPED = {"en": "stopped: not safe any more", "de": "abgebrochen: nicht mehr sicher"}
_SHOULD = {"en": "%-20s %s   should be %s", "de": "%-20s %s   soll %s"}
_DONE = {"en": "done", "de": "erledigt"}


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer to one of the words."""
    word = said[0]
    if talk.panel:  # there nobody shows a credential
        raise WireError(ids.R_GRANT)
    if word == "test":
        return (yield from _test(talk, said[1]) if len(said) > 1 else _tests(talk))
    if word == "fix":
        if len(said) == 1:
            texts = _FIXES[talk.language].split("|")
            for i in range(len(FIXES)):
                yield _row(talk, FIXES[i], texts[i])
            return None
        _fix(talk, said[1])
    else:
        _clear(talk, said[1])
    if talk.people:
        yield _DONE[talk.language]
    return None


def _row(talk: "Talk", name: str, text: str) -> "dict[str, Any] | str":
    return "%-20s %s" % (name, text) if talk.people else {"name": name, "text": text}


def _note(talk: "Talk", may: int, what: int, reason: int) -> None:
    """Without a record nothing is done. JournalFull or a dead ledger: R_FULL."""
    app = talk.app
    if app.ledger is None or not app.ledger.note(chain.WORKED, app.grants.serial, may, what, reason):
        raise WireError(ids.R_FULL)


# -- self-tests --------------------------------------------------------------------------------------------------------


def _tests(talk: "Talk") -> "Answer":
    from .routines import LANGUAGES, rows

    try:
        for row in rows(talk.app.ports.packed):
            yield _row(talk, row.name, row.texts[LANGUAGES.index(talk.language)])
    finally:
        talk.app.ports.unload(_ROUTINES)
    return None


def _test(talk: "Talk", name: str) -> "Answer":
    from .routines import RUNS, Routine, find

    app = talk.app
    heart = app.heart
    row = find(app.ports.packed, name)
    if row is None:
        raise WireError(ids.R_FIELD)
    number = row.number
    if heart is None or heart.ticking is None:
        raise WireError(ids.R_UNSAFE)
    routine = Routine(row, heart.ticking, heart.manager.status, heart.catalogue)
    try:
        reason = routine.start(heart.signals.values, heart.signals.validity)
        if reason:
            _note(talk, ids.MAY_TEST, number, reason)
            raise WireError(reason)
        step = -1
        while routine.result == RUNS:
            if routine.step != step:
                step = routine.step
                steps = len(row.ticks)
                yield _STEP[talk.language] % (step + 1, steps) if talk.people else {"step": step + 1, "of": steps}
            yield None
        _note(talk, ids.MAY_TEST, number, routine.result)
        measured = _measured(talk, routine)
        if talk.people:
            for line in _said(talk, routine, measured):
                yield line
        return {"result": routine.result, "step": routine.step + 1, "measured": measured}
    finally:
        if routine.result == RUNS:  # a line came, or nobody reads any more
            routine.stop(ids.R_STOPPED)
            app.ledger.note(chain.WORKED, app.grants.serial, ids.MAY_TEST, number, ids.R_STOPPED)
        app.ports.unload(_ROUTINES)
        app.ports.unload(_CELLS)


def _measured(talk: "Talk", routine: "Routine") -> "list[list[Any]]":
    """[name, value, unit, what it should be] of each expectation that was looked at."""
    names = Names(talk.app.ports.packed)
    conditions = routine.row.conditions
    made: list[list[Any]] = []
    for i in range(routine.judged):
        at = (routine.row.holds + i) * CONDITION_WIDTH
        name, unit, scale = names.name(conditions[at]), names.unit(conditions[at]), names.scale(conditions[at])
        if conditions[at + 3] >= 0:
            name += " - " + names.name(conditions[at + 3])
        should = _OPERATORS[conditions[at + 1]] + " " + _shown(conditions[at + 2], scale)
        made.append([name, _shown(routine.measured[i], scale), unit, should])
    return made


def _shown(value: int, scale: int) -> str:
    return str(value) if scale == 1 else "%.3g" % (value / scale) if abs(value) < 1000 * scale else str(value // scale)


def _said(talk: "Talk", routine: "Routine", measured: "list[list[Any]]") -> "list[str]":
    language = talk.language
    lines = [_SHOULD[language] % (row[0], row[1] + " " + row[2], row[3]) for row in measured]
    if not routine.result:
        lines.append(_PASSED[language])
    elif routine.result == ids.R_MEASURED:
        lines.append(_FAILED[language] % (routine.step + 1))
    else:
        lines.append(_STOPPED[language])
    return lines


# -- fixes and clearing ------------------------------------------------------------------------------------------------


def _fix(talk: "Talk", name: str) -> None:
    app = talk.app
    if name not in FIXES:
        raise WireError(ids.R_FIELD)
    if app.heart is not None and app.heart.in_cycle():
        _note(talk, ids.MAY_FIX, FIXES.index(name), ids.R_UNSAFE)
        raise WireError(ids.R_UNSAFE)
    _note(talk, ids.MAY_FIX, FIXES.index(name), 0)
    if name == "relearn":
        app.relearn()
        return
    if name == "recover":
        app.life.forgive()
    app.leaving = True


def _clear(talk: "Talk", code: str) -> None:
    app = talk.app
    heart = app.heart
    if heart is None:
        raise WireError(ids.R_BUSY)
    if code == "all":
        _note(talk, ids.MAY_CLEAR, ALL_CODES, 0)
        app.clear(ids.BY_SERIAL, ids.G_TECHNICIAN)
        return
    event = event_of(heart, code)
    _note(talk, ids.MAY_CLEAR, heart.catalogue.code(event), 0)
    heart.manager.clear(event, ids.BY_SERIAL, ids.G_TECHNICIAN)
