"""What an appliance's messages make of a case: opened, seen again, gone, back, with which evidence. Takes messages and
people's closings in their order, gives the case's fields and what its timeline says; pure.

Messages arrive in any order, and what a case says must not depend on it. So this is one fold over (boot, seq): a
message that is newer than all others is one more step, a late one makes the fold run again (`trivet.cases.retell`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from trivet_wire import ids

from trivet.cases.rich import Code
from trivet.store.tables import ESCALATING, NEW, ONGOING, REGRESSED, RESOLVED, CaseRecord, utcnow

ESCALATE_AFTER = 2  # further occurrences while the case is open
OPENED, AGAIN, GONE, BACK, EVIDENCE = "opened", "again", "resolved", "regressed", "evidence"
KINDS = (OPENED, AGAIN, GONE, BACK, EVIDENCE)  # of the entries that are made here
CLOSED, REOPENED = "closed", "reopened"  # by people
_ACTIVE = ids.TEST_FAILED | ids.PENDING | ids.CONFIRMED
_KEPT = ("trigger", "cycle", "occurrence", "fdc_max", "period_ms", "verdicts", "frames")
Order = tuple[int, int]  # (boot, seq)


@dataclass(frozen=True)
class Observation:
    """What a FAULT or EVIDENCE message says. `evidence`: the part of it that a case keeps, else None."""

    device: str
    boot: int
    seq: int
    event: int
    status: int
    occurrence: int
    catalogue: int
    inhibited: int = 0
    evidence: dict[str, Any] | None = None

    @property
    def at(self) -> Order:
        return self.boot, self.seq


class Act(NamedTuple):
    """A person closed the case, or took that back, when its newest message was the one at `after`."""

    after: Order
    kind: str  # CLOSED | REOPENED


class Entry(NamedTuple):
    """One entry of the timeline. `at`: the message that it is of; `order`: the one at which it took effect.
    `back`: the fault was seen once more."""

    kind: str
    text: str
    at: Order
    order: Order
    status: int
    back: bool = False


def observation(
    device: str, boot: int, seq: int, body: Mapping[str, Any], received_at: dt.datetime | None = None
) -> Observation:
    """From a stored message's `body_json`; `received_at` None: just now."""
    evidence = None
    if "frames" in body:
        evidence = {key: body[key] for key in _KEPT} | {"received_at": (received_at or utcnow()).isoformat()}
    return Observation(
        device=device,
        boot=boot,
        seq=seq,
        event=body["event"],
        status=body["status"],
        occurrence=body["occurrence"],
        catalogue=body["catalogue"],
        inhibited=body.get("inhibited", 0),
        evidence=evidence,
    )


@dataclass
class Story:
    """The fields of a case that its messages make; the names are those of CaseRecord."""

    operation: int
    last_boot: int
    last_seq: int
    state: str
    status: int
    first_occurrence: int
    occurrences: int
    inhibited: int
    evidence_boot: int = -1
    evidence_seq: int = -1
    evidence_json: dict[str, Any] | None = None

    @staticmethod
    def of(case: CaseRecord) -> Story:
        return Story(**{name: getattr(case, name) for name in Story.__dataclass_fields__})

    def onto(self, case: CaseRecord) -> None:
        for name in Story.__dataclass_fields__:
            if getattr(case, name) != getattr(self, name):
                setattr(case, name, getattr(self, name))

    @property
    def last(self) -> Order:
        return self.last_boot, self.last_seq


def begin(seen: Observation, code: Code, before: Iterable[Observation] = ()) -> tuple[Story, list[Entry]]:
    """The message that confirms the fault opens the case; `before`: what evidence came ahead of it, in order."""
    story = Story(
        operation=seen.boot,
        last_boot=seen.boot,
        last_seq=seen.seq,
        state=NEW,
        status=seen.status,
        first_occurrence=seen.occurrence,
        occurrences=seen.occurrence,
        inhibited=seen.inhibited,
    )
    entries = [Entry(OPENED, f"Confirmed {code.code}: {title(code)}", seen.at, seen.at, seen.status)]
    for one in (*before, seen):
        entries += _attach(story, one, seen.at)
    return story, entries


def step(story: Story, seen: Observation, code: Code) -> list[Entry]:
    """One more message, newer than all before."""
    again = seen.occurrence > story.occurrences
    story.first_occurrence = min(story.first_occurrence, seen.occurrence)
    story.occurrences = max(story.occurrences, seen.occurrence)
    story.last_boot, story.last_seq = seen.at
    story.status = seen.status
    return [*_move(story, seen, code, again=again), *_attach(story, seen, seen.at)]


def _move(story: Story, seen: Observation, code: Code, *, again: bool) -> list[Entry]:
    back = bool(again and seen.status & ids.CONFIRMED)
    if not seen.status & _ACTIVE:
        if story.state == RESOLVED:
            return []
        story.state = RESOLVED
        return [Entry(GONE, f"{code.code} is gone: healed or cleared", seen.at, seen.at, seen.status)]
    if story.state == RESOLVED:
        if not seen.status & ids.CONFIRMED:
            return []
        story.state, story.first_occurrence = REGRESSED, seen.occurrence
        return [Entry(BACK, f"{code.code} is back: {title(code)}", seen.at, seen.at, seen.status, back)]
    if not again:
        return []
    if story.occurrences - story.first_occurrence >= ESCALATE_AFTER:
        story.state = ESCALATING
    elif story.state == NEW:
        story.state = ONGOING
    return [Entry(AGAIN, f"{code.code} seen {story.occurrences} times", seen.at, seen.at, seen.status, back)]


def _attach(story: Story, seen: Observation, order: Order) -> list[Entry]:
    """Newer evidence replaces older, but an empty recapture never a good one."""
    if seen.evidence is None:
        return []
    first = story.evidence_json is None
    if story.evidence_json and story.evidence_json["frames"] and not seen.evidence["frames"]:
        return []
    story.evidence_boot, story.evidence_seq = seen.at
    story.evidence_json = seen.evidence
    story.inhibited = seen.inhibited
    text = f"{'Evidence came' if first else 'Newer evidence came'}: {len(seen.evidence['frames'])} signals"
    return [Entry(EVIDENCE, text, seen.at, order, seen.status)]


def fold(messages: Iterable[Observation], acts: Iterable[Act], code: Code) -> tuple[Story, list[Entry]] | None:
    """All of it, in order of (boot, seq), an act after the message that was newest then. None when nothing confirms
    the fault."""
    story: Story | None = None
    entries: list[Entry] = []
    before: list[Observation] = []
    ordered: list[tuple[Order, int, Observation | Act]] = [(one.at, 0, one) for one in messages]
    ordered += [(act.after, number, act) for number, act in enumerate(acts, 1)]
    for _, _, one in sorted(ordered, key=lambda item: item[:2]):
        if isinstance(one, Act):
            if story is not None:
                _acted(story, one)
        elif story is not None:
            entries += step(story, one, code)
        elif one.status & ids.CONFIRMED:
            story, entries = begin(one, code, before)
        else:
            before.append(one)
    return None if story is None else (story, entries)


def _acted(story: Story, act: Act) -> None:
    if act.kind == CLOSED:
        story.state = RESOLVED
    elif story.state == RESOLVED:
        story.state = ONGOING


def title(code: Code) -> str:
    return code.text.get("en", {}).get("title", code.event)
