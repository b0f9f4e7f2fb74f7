"""The hand of who is logged in on a case: the same rights as at the REST interface. Takes a page's frame and a case's
number, gives a `Hand` within one transaction; never a hand on a case that its owner's consent does not cover now.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trivet.api.routes import withheld_words
from trivet.cases import terms, views, work, works
from trivet.cases.once import Once
from trivet.cases.problem import CaseError
from trivet.cases.timeline import Actor, Hand
from trivet.desk.frame import Frame
from trivet.visits import listing


def terms_of(frame: Frame) -> terms.Terms:
    """On what terms this desk works."""
    return terms.load(frame.cloud.settings.data_dir)


@asynccontextmanager
async def hand_on(frame: Frame, case: int) -> AsyncIterator[Hand]:
    """CaseError where the role may not, there is no such case, or it must not be seen."""
    _may(frame)
    async with frame.reading("Work on this case") as read:
        seen = await works.work(read, case, terms_of(frame))
    if seen is None:
        raise CaseError("no-such-case", f"There is no case {case}.")
    if isinstance(seen, views.Withheld):
        raise CaseError("consent-withdrawn", withheld_words(seen))
    async with frame.cloud.store.writing() as session:
        yield Hand(session, case, terms_of(frame), Actor("agent", frame.user.name))


@asynccontextmanager
async def hand_on_visit(frame: Frame, number: int) -> AsyncIterator[Hand]:
    """On the case of a visit: it can be moved and cancelled whatever its owner agrees to now."""
    _may(frame)
    async with frame.reading("a visit to the appliance") as read:
        visit = await listing.one(read, number)
    if visit is None:
        raise CaseError("no-such-visit", f"There is no visit {number}.")
    async with frame.cloud.store.writing() as session:
        yield Hand(session, visit.case, terms_of(frame), Actor("agent", frame.user.name))


def once_for(hand: Hand, key: str, what: str) -> Once:
    """The same form sent twice, by two clicks, makes one thing. `what`: everything that was entered."""
    return Once(hand.session, hand.actor.who, f"desk {key}", f"{hand.case} {what}")


def works_here(frame: Frame) -> bool:
    """Whether this login works on cases, or only looks."""
    return frame.user.role in work.WORKING


def _may(frame: Frame) -> None:
    if not works_here(frame):
        names = " or ".join(work.WORKING)
        raise CaseError("not-your-role", f"Work on cases is for {names}, not for {frame.user.role}.")
