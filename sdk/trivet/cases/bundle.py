"""A case to hand on to somebody outside: a supplier, another workshop, a forum. Takes a `Reading` and a case, gives a
ZIP with what the appliance measured, what it is likely to be and what was decided, and a manifest that says what was
left out.

Built from a list of what goes in, never by striking things out: no name, phone number, mail, address, sentence of a
person, login, device id or case number of this cloud is ever copied. People and things have names of the bundle's own,
the same throughout it, others in the next.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from trivet.cases import queries, views, works
from trivet.cases.story import KINDS
from trivet.cases.terms import Terms
from trivet.consent.access import Reading
from trivet.store.tables import utcnow
from trivet.store.visits import VisitRow

FORMAT = "trivet-bundle-1"
# Entries whose words the software makes from the catalogue alone; of all others the kind and who stay.
_OWN_WORDS = {("appliance", kind) for kind in KINDS} | {("system", "triage")}
_NOBODY = ("appliance", "system")
LEFT_OUT = {
    "contact": "name, phone number, mail address and language of the owner",
    "address": "where visits go, and their day and hour",
    "ids": "device id, case number, numbers of messages, proposals and commands: the bundle has names of its own",
    "device_name": "what people call the appliance",
    "logins": "logins of the vendor's people: person-1, person-2, …",
    "words": "every sentence that a person wrote: reasons, notes, answers, letters",
    "signatures": "the appliance's signatures and raw messages: they name it",
}


class Names:
    """Names of the bundle's own: the same for the same one, in the order in which they come up."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def person(self, who: str | None) -> str | None:
        """person-1, person-2, …; `owner` for an owner, and what is no person keeps its name."""
        if who is None or who in _NOBODY:
            return who
        if who.startswith("owner ") or who == "owner":
            return "owner"
        return self._known.setdefault(who, f"person-{len(self._known) + 1}")

    @property
    def people(self) -> int:
        return len(self._known)


async def of(read: Reading, number: int, terms: Terms) -> bytes | views.Withheld | None:
    """The ZIP; `Withheld` when its owner's consent does not cover the case now, None where there is none."""
    case = await queries.case(read, number)
    if case is None or isinstance(case, views.Withheld):
        return case
    work = await works.work(read, number, terms)
    assert isinstance(work, works.Work)  # it was shown a moment ago
    read.note(case.device.id, f"bundle {number}")
    names = Names()
    visits = await read.session.scalars(select(VisitRow).where(VisitRow.case == number).order_by(VisitRow.id))
    told = _case(case) | _work(work, names) | {"visits": [_visit(one) for one in visits]}
    told["timeline"] = [_entry(one, names) for one in case.timeline]
    files = {"case.json": _json(told), "frames.csv": _frames(case.evidence)}
    files["manifest.json"] = _json(_manifest(case, names, files))
    return _zip(files)


def _case(case: views.CaseView) -> dict[str, Any]:
    row = case.row
    names = ("state", "ne107", "severity", "hazard", "confidence", "sensor_doubt", "opened_at", "updated_at")
    return {
        "case": "case-1",
        "appliance": {"id": "appliance-1", "model": row.model, "firmware": case.device.firmware}
        | {"catalogue": case.device.catalogue},
        "code": case.code,
        "event": case.event,
        "text": case.text,
        **{name: getattr(row, name) for name in names},
        "occurrences": row.occurrences,
        "status": case.status_bits,
        "switched_off": [one.name for one in case.quarantined],
        "impact": case.impact.level,
        "causes": [_cause(one) for one in case.causes],
        "conflicts": case.conflicts,
        "next_step": {"name": case.next_step.name, "text": case.next_step.text, "routine": case.next_step.routine}
        | {"fix": case.next_step.fix, "parts": [one.number for one in case.next_step.parts]},
        "evidence": _evidence(case.evidence),
    }


def _cause(one: views.Cause) -> dict[str, Any]:
    part = one.part.number if one.part else None
    return {"name": one.name, "text": one.text, "kind": one.kind, "probability": one.probability, "part": part}


def _evidence(evidence: views.Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    names = ("trigger", "cycle", "occurrence", "fdc_max", "period_ms", "received_at")
    return {name: getattr(evidence, name) for name in names} | {
        "verdicts": [{"event": one.event, "code": one.code, "verdict": one.verdict} for one in evidence.verdicts],
        "signals": [{"name": one.name, "unit": one.unit, "validity": one.validity} for one in evidence.series],
    }


def _work(work: works.Work, names: Names) -> dict[str, Any]:
    proposal = ("step", "part", "routine", "fix", "price", "warranty", "basis", "at", "state", "decided_at")
    outcome = ("at", "kind", "cause", "part", "visit", "attempt", "stands")
    return {
        "tier": work.tier,
        "escalated": work.escalated,
        "worked_by": names.person(work.owner),
        "proposals": [
            {name: getattr(one, name) for name in proposal}
            | {"by": names.person(one.by), "decided_by": names.person(one.decided_by)}
            for one in work.proposals
        ],
        "tests": [
            {"routine": one.routine, "passed": one.passed, "at": one.at, "by": names.person(one.by)}
            for one in work.tests
        ],
        "outcomes": [
            {name: getattr(one, name) for name in outcome} | {"by": names.person(one.by)} for one in work.outcomes
        ],
    }


def _visit(row: VisitRow) -> dict[str, Any]:
    names = ("state", "price_minor", "currency", "warranty", "booked_at", "ended_at")
    return {name: getattr(row, name) for name in names} | {"parts": list(row.parts_json)}


def _entry(one: views.TimelineEntry, names: Names) -> dict[str, Any]:
    own = (one.actor, one.kind) in _OWN_WORDS
    who = one.actor if one.actor in _NOBODY else names.person("owner" if one.actor == "owner" else one.who)
    return {"at": one.at, "actor": one.actor, "who": who, "kind": one.kind, "text": one.text if own else None}


def _frames(evidence: views.Evidence | None) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["signal", "unit", "validity", "time [s]", "value"])
    for series in evidence.series if evidence else ():
        for time_s, sample in zip(series.times_s, series.samples, strict=True):
            writer.writerow([series.name, series.unit, series.validity, time_s, sample])
    return text.getvalue().encode()


def _manifest(case: views.CaseView, names: Names, files: Mapping[str, bytes]) -> dict[str, Any]:
    silent = sum((one.actor, one.kind) not in _OWN_WORDS for one in case.timeline)
    return {
        "format": FORMAT,
        "made_at": utcnow(),
        "model": case.row.model,
        "code": case.code,
        "files": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()},
        "left_out": LEFT_OUT,
        "evidence": "withheld" if case.withheld else "included" if case.evidence else "none",
        "counts": {"people": names.people, "entries": len(case.timeline), "entries_without_words": silent},
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, default=lambda one: one.isoformat()).encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in sorted(files.items()):
            archive.writestr(name, body)
    return buffer.getvalue()
