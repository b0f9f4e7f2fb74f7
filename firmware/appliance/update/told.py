"""What is said of an update whenever its state moves: in the ledger, to the cloud with the appliance's own signature,
on the line, and on the display in words. Takes a row, gives nothing back but whether all of it is said; decides
nothing.
"""

from trivet_wire import ids

from ..store.journal import JournalFull
from ..trust import chain
from ..updating import SHORT, SHOWN, STEP_MS
from . import gates, kept
from .why import why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..app import Appliance
    from ..outbox.sealer import Sealer
    from ..ports import Ports
    from .kept import Row

_SOON_MS, _LATER_MS = 5_000, 60_000
TRIES = 8  # without heap for the signature of a report, until it goes without one
# As ids.UPDATE_STATES: one text, so that no appliance keeps each of its words.
STATES = "idle|offered|downloading|verified|staged|on trial|confirmed|rolled back|refused"
# One text a language, divided by |.
_STATES = {  # ids.U_*
    "en": "no update|offered|is being fetched|is ready|starts now|is on trial|is installed|was taken back|was refused",
    "de": "kein Update|wird angeboten|wird geladen|ist bereit|startet jetzt|ist auf Probe|ist installiert|wurde "
    "zurückgenommen|wurde abgelehnt",
}
_WAITS = {  # gates
    "en": "|waits for your yes|was put off|waits: no updates at this hour|waits: the time is not known, and some "
    "hours are excluded|waits until the programme has ended|waits until it is below %s °C|waits until its "
    "door is unlocked|waits until the water is out|waits: a fault makes it unsafe|waits: nothing is known of "
    "its sensors|waits until the technician has finished",
    "de": "|wartet auf Ihr Ja|wurde verschoben|wartet: keine Updates zu dieser Stunde|wartet: die Uhrzeit ist "
    "unbekannt, und manche Stunden sind ausgenommen|wartet, bis das Programm zu Ende ist|wartet, bis es "
    "unter %s °C ist|wartet, bis die Tür entriegelt ist|wartet, bis das Wasser abgelaufen ist|wartet: eine "
    "Störung macht es unsicher|wartet: von seinen Sensoren ist nichts bekannt|wartet, bis der Techniker "
    "fertig ist",
}
_NAMES = {"en": ("Update", "Release keys"), "de": ("Update", "Update-Schlüssel")}


class Telling:
    """Where to. Without sealer and ledger (never provisioned) only line and display hear of it."""

    def __init__(self, appliance: "Appliance", ports: "Ports") -> None:
        self._journal = appliance.journal
        self._teller = ports.teller
        self._ledger = appliance.ledger
        self._sealer = appliance.sealer
        self._heart = appliance.heart
        self._language = appliance.language
        self._later = appliance.update[SHORT] < TRIES

    def state(self, what: int, row: "Row") -> None:
        """Its state moved. The report and that it was told are in the journal at once, or neither is: JournalFull, or
        MemoryError while it is worth waiting for the heap that a signature needs."""
        journal = self._journal
        told, row[kept.TOLD] = row[kept.TOLD], row[kept.STATE]
        journal.prepare()
        grouped = journal.begin()
        try:
            if self._sealer is not None and row[kept.STATE] != ids.U_STAGED:  # a moment later it is on trial
                self._report(self._sealer, row)
            kept.save(journal, what, row)
            if grouped:
                journal.commit()
        except:  # whatever it was: half a group never lives
            row[kept.TOLD] = told
            journal.abort()
            raise
        state, reason, sequence = row[kept.STATE], row[kept.REASON], row[kept.SEQUENCE]
        if self._ledger is not None:
            self._ledger.note(chain.UPDATED, state, reason, what, sequence, row[kept.NAME] or row[kept.DIGEST][:8])
        event: "dict[str, Any]" = {"e": "update", "what": what, "state": STATES.split("|")[state], "reason": reason}
        event["sequence"] = sequence
        event["version"] = row[kept.VERSION]
        if reason:
            event["why"] = why(reason, self._language)
        if row[kept.EVENT] != kept.NO_EVENT:
            event["event"] = row[kept.EVENT]
        self._teller.tell(event)
        self._show(words(what, row, 0, 0, self._language))

    def waits(self, what: int, row: "Row", wait: int) -> None:
        """What it waits for is another thing now."""
        heart = self._heart
        limit = limit_of(wait, heart.holds) if heart is not None else 0
        text = words(what, row, wait, limit, self._language)
        self._teller.tell({"e": "update_waits", "for": wait, "text": text})
        self._show(text)

    def _show(self, text: str) -> None:
        if self._heart is not None:
            self._heart.note(text)
        else:  # a start for the update alone: there is no panel to put it under
            self._teller.show(text)

    def _report(self, sealer: "Sealer", row: "Row") -> None:
        writer = sealer.open(ids.UPDATE_REPORT)
        writer.array(9)
        writer.bstr(row[kept.NAME] or row[kept.DIGEST][:8])
        for place in (kept.SEQUENCE, kept.STATE, kept.REASON):
            writer.integer(row[place])
        writer.tstr(row[kept.VERSION])
        writer.tstr(row[kept.FROM])
        writer.integer(row[kept.SECONDS])
        writer.integer(row[kept.CYCLES])
        if row[kept.EVENT] == kept.NO_EVENT:
            writer.null()
        else:
            writer.integer(row[kept.EVENT])
        sealer.sign(writer, self._later)
        sealer.queue(ids.UPDATE_REPORT, ids.SAFETY, writer)


class Told:
    """Takes the machine's place until the state of `row` is told."""

    def __init__(self, appliance: "Appliance", ports: "Ports", what: int, row: "Row") -> None:
        self._appliance = appliance
        self._ports = ports
        self._what = what
        self._row = row

    def poll(self, now: int) -> int:
        """As `Machine.poll`; then it is the machine's turn again. MemoryError as `Telling.state`."""
        appliance = self._appliance
        try:
            Telling(appliance, self._ports).state(self._what, self._row)
        except JournalFull:
            return _SOON_MS
        except OSError:
            appliance.supervisor.flash_errors += 1
            return _LATER_MS
        appliance.update[SHOWN] = appliance.update[SHORT] = 0
        return STEP_MS

    def close(self) -> None:
        """It holds nothing."""


def words(what: int, row: "Row", wait: int, limit: int, language: str) -> str:
    """`Update 1.4.0 waits until it is below 60 °C`; `limit`: of the hold that it waits for, in whole units."""
    state = row[kept.STATE]
    if state == ids.U_IDLE:
        return _of(_STATES[language], 0)
    text = _NAMES[language][what] + (" " + row[kept.VERSION] if row[kept.VERSION] else "")
    if wait:
        said = _of(_WAITS[language], wait)
        return text + " " + (said % limit if "%" in said else said)
    text += " " + _of(_STATES[language], state)
    return text + ": " + why(row[kept.REASON], language) if row[kept.REASON] else text


def limit_of(wait: int, holds: "Sequence[int]") -> int:
    """The limit of the hold that is waited for, in whole units."""
    for at in range(0, len(holds), gates.HOLD_WIDTH):
        if gates.HOT + holds[at] == wait:
            return holds[at + 2] // holds[at + 3]
    return 0


def _of(text: str, number: int) -> str:
    return text.split("|")[number]
