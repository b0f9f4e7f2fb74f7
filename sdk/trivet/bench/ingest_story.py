"""What a house of appliances sends in a siege of ingest, and what the desk must have in the end. Takes a seed, gives
messages by (boot, seq) and an oracle's cases; the oracle knows nothing of `trivet.cases`: it is written from the words
of the contract alone.

A case is one appliance and one code. The first confirmed report opens it. A higher count is the fault seen again: from
then on it is ongoing, and escalating once it was seen twice more than when this round began. A report without fault,
pending or confirmed bit resolves it; a confirmed one after that makes it regressed and begins a new round. Newer
evidence replaces older. All of that in the order of (boot, seq), whatever order it came in.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import NamedTuple

from trivet_wire import ids

from trivet.bench import traffic
from trivet.bench.traffic import CONFIRMED, GONE, Sender

EVENTS = (traffic.ELEMENT, traffic.NTC_DRIFT, traffic.GASKET, traffic.HAZARD, traffic.CROSS)
PENDING = ids.TEST_FAILED | ids.PENDING
AGAIN = 2  # times more, and a case escalates
_RESTART, _EVIDENCE = 0.15, 0.2  # chances at each fault event


class Said(NamedTuple):
    """One message: its number, and what the oracle must know of it."""

    boot: int
    seq: int
    event: int
    status: int
    occurrence: int
    evidence: bool
    topic: str
    data: bytes


class Case(NamedTuple):
    """A case as it must be. `timeline`: (kind, boot, seq) of what the appliance told, in order."""

    code: int
    state: str
    operation: int
    status: int
    first_occurrence: int
    occurrences: int
    last: tuple[int, int]
    evidence: tuple[int, int]
    timeline: tuple[tuple[str, int, int], ...]


@dataclass
class Life:
    """One appliance's sequence: what it says before its faults (consent), and its fault events with their evidence."""

    sender: Sender
    first: list[tuple[str, bytes]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    @property
    def numbers(self) -> set[tuple[int, int]]:
        return {(one.boot, one.seq) for one in self.said} | {(1, 1)}


def live(sender: Sender, events: int, chance: random.Random) -> Life:
    """A life with so many fault events: faults come, are confirmed, seen again, heal and come back."""
    life = Life(sender, [sender.hello(), sender.consent()])
    seen = dict.fromkeys(EVENTS, 0)
    standing = dict.fromkeys(EVENTS, GONE)
    for _ in range(events):
        if chance.random() < _RESTART:
            sender.restart()
        event = chance.choice(EVENTS)
        status = chance.choices((PENDING, CONFIRMED, GONE), (2, 6, 3))[0]
        if status == CONFIRMED and (standing[event] != CONFIRMED or chance.random() < 0.7):
            seen[event] += 1
        standing[event] = status
        _say(life, event, status, max(seen[event], 1), evidence=False)
        if status == CONFIRMED and chance.random() < _EVIDENCE:
            _say(life, event, status, seen[event], evidence=True)
    return life


def _say(life: Life, event: int, status: int, occurrence: int, *, evidence: bool) -> None:
    send = life.sender
    if evidence:
        made = send.evidence(event, {traffic.CROSS: ids.VERDICT_PASSED}, occurrence=occurrence)
    else:
        made = send.fault(event, status, occurrence)
    life.said.append(Said(send.boot, send.seq, event, status, occurrence, evidence, *made))


def sending(life: Life, chance: random.Random) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """How it goes out: out of order and partly doubled; and what is replayed when all of it has gone out once."""
    places = sorted((at + chance.uniform(0, 6 if chance.random() < 0.9 else 60), at) for at in range(len(life.said)))
    once = [(life.said[at].topic, life.said[at].data) for _, at in places]
    for one in chance.sample(once, len(once) // 6):
        once.insert(chance.randrange(len(once) + 1), one)
    return [*life.first, *once], chance.sample(once, len(once) // 5)


def oracle(life: Life) -> list[Case]:
    """The cases of one life, by code."""
    cases = (_case(event, sorted(one for one in life.said if one.event == event)) for event in EVENTS)
    return [case for case in cases if case is not None]


def _case(event: int, said: list[Said]) -> Case | None:
    opening = next((at for at, one in enumerate(said) if one.status & ids.CONFIRMED), None)
    if opening is None:
        return None
    opener = said[opening]
    state, begun, most = "new", opener.occurrence, opener.occurrence
    evidence, told = (-1, -1), [("opened", opener.boot, opener.seq)]
    for one in said[opening:]:
        active = one.status & (ids.TEST_FAILED | ids.PENDING | ids.CONFIRMED)
        more = one.occurrence > most
        begun, most = min(begun, one.occurrence), max(most, one.occurrence)
        kind = None
        if state == "resolved":
            if one.status & ids.CONFIRMED:
                state, kind, begun = "regressed", "regressed", one.occurrence
        elif not active:
            state = kind = "resolved"
        elif more:
            kind = "again"
            state = "escalating" if most - begun >= AGAIN else "ongoing" if state == "new" else state
        told += [(kind, one.boot, one.seq)] if kind else []
        if one.evidence:
            evidence = (one.boot, one.seq)
            told.append(("evidence", *evidence))
    last = said[-1]
    return Case(event, state, opener.boot, last.status, begun, most, (last.boot, last.seq), evidence, tuple(told))
