"""Visits: nobody is sent without evidence, nothing is booked before the owner knows the price, no window holds more
than it can, whoever asks at the same time."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cloud_kit import Bench, bench
from sqlalchemy import select
from trivet.bench.traffic import MODEL, Sender
from trivet.cases import proposals
from trivet.cases.problem import CaseError
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.consent import erase
from trivet.consent.access import Access, reading
from trivet.store.cases import ProposalRow
from trivet.store.tables import RESOLVED, CaseEventRow, CaseRecord, OwnerRow, OwnershipRow
from trivet.store.visits import VisitRow
from trivet.visits import areas, book, listing
from trivet.visits.book import Wish
from trivet.visits.windows import Window

pytestmark = pytest.mark.usefixtures("database")

NOW = dt.datetime(2027, 3, 1, 9, tzinfo=dt.UTC)  # a Monday
TUESDAY, WEDNESDAY = dt.date(2027, 3, 2), dt.date(2027, 3, 3)
PLAN = areas.Plan(postcodes=["10"], zone="Europe/Berlin", a_day=3, a_window=2, fee_minor=8900)
PRICE = 8900 + 100  # the bench catalogue's part costs 1 EUR
ADDRESS = "Kantstraße 5, 10623 Berlin"
WISH = Wish(Window(WEDNESDAY, 10), "10623", ADDRESS, PRICE)
ADA = Actor("agent", "ada")
STEP = {"text": "element (90%): propose a visit with part P1.", "part": "P1", "parts": ["P1"]}
DESK = Access("safety", "agent", "test")


@dataclass
class Kit:
    bench: Bench

    async def case(self, **changes: object) -> int:
        """A case of a further appliance, and a visit with part P1 that is approved (`proposal`: its state)."""
        proposal = changes.pop("proposal", proposals.APPROVED)
        sender = Sender(await self.bench.registry.enrol(MODEL))
        before = len(await self.bench.cases())
        await self.bench.take(sender.hello(), sender.consent(), sender.fault())
        made = await self.bench.cases()
        assert len(made) == before + 1
        async with self.bench.store.writing() as session:
            row = await session.get_one(CaseRecord, made[-1].id)
            row.triage_json = {"next_step": STEP}
            if proposal is not None:
                asked = {"step": "visit", "part": "P1", "why": "the element is open", "by": "grace", "basis_json": {}}
                session.add(ProposalRow(case=row.id, state=proposal, **asked))
            for name, value in changes.items():
                setattr(row, name, value)
        return made[-1].id

    async def book(self, case: int, wish: Wish = WISH) -> VisitRow:
        async with self.hand(case) as hand:
            return await book.book(hand, wish, now=NOW)

    @asynccontextmanager
    async def hand(self, case: int) -> AsyncIterator[Hand]:
        async with self.bench.store.writing() as session:
            yield Hand(session, case, DEFAULT, ADA)

    async def proposal(self, case: int) -> ProposalRow:
        async with self.bench.store.reading() as session:
            query = select(ProposalRow).where(ProposalRow.case == case).order_by(ProposalRow.id.desc())
            return (await session.scalars(query)).first()  # type: ignore[return-value]

    async def refused(self, case: int, wish: Wish = WISH) -> str:
        with pytest.raises(CaseError) as caught:
            await self.book(case, wish)
        return caught.value.kind

    async def timeline(self, case: int) -> list[str]:
        async with self.bench.store.reading() as session:
            query = select(CaseEventRow).where(CaseEventRow.case == case).order_by(CaseEventRow.id)
            return [f"{row.actor}: {row.text}" for row in await session.scalars(query) if "visit_" in row.kind]


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Kit]:
    async with bench(tmp_path) as made:
        async with made.store.writing() as session:
            await areas.keep(session, "berlin", PLAN)
        yield Kit(made)


async def test_a_visit_stands_on_the_timeline_with_day_part_and_price(kit: Kit) -> None:
    case = await kit.case()
    async with kit.hand(case) as hand:
        offer = await book.offer(hand, "10623", now=NOW)
    assert (offer.area.name, offer.quote.total_minor, offer.quote.parts[0].number) == ("berlin", PRICE, "P1")
    assert offer.windows[0] == Window(TUESDAY, 8)
    visit = await kit.book(case)
    assert (visit.state, visit.parts_json, visit.price_minor) == ("booked", ["P1"], PRICE)
    [said] = await kit.timeline(case)
    assert said == "agent: Visit on 2027-03-03 between 10:00 and 12:00 with P1; the owner agreed to 90.00 EUR"
    assert ADDRESS not in said
    proposal = await kit.proposal(case)
    assert (proposal.state, proposal.decided_by) == (proposals.ACCEPTED, "ada")


async def test_under_warranty_there_is_nothing_to_pay(kit: Kit) -> None:
    case = await kit.case()
    async with kit.bench.store.reading() as session:
        device = (await session.get_one(CaseRecord, case)).device
    async with kit.bench.store.writing() as session:
        owner = OwnerRow(name="Ada Feldmann")
        session.add(owner)
        await session.flush()
        session.add(OwnershipRow(device=device, owner=owner.id, since=NOW - dt.timedelta(days=700)))
    assert await kit.refused(case) == "price"
    visit = await kit.book(case, replace(WISH, agreed_minor=0))
    assert (visit.price_minor, visit.warranty) == (0, True)
    assert (await kit.timeline(case))[0].endswith("with P1; under warranty, nothing to pay")


@pytest.mark.parametrize("state", [None, *(one for one in proposals.STATES if one not in ("approved", "accepted"))])
async def test_nobody_is_sent_before_a_person_approved_it(kit: Kit, state: str | None) -> None:
    case = await kit.case(proposal=state)
    assert await kit.refused(case) == "not-approved"
    with pytest.raises(CaseError, match="propose a visit with part P1"):
        async with kit.hand(case) as hand:
            await book.offer(hand, "10623", now=NOW)
    assert await kit.timeline(case) == []


async def test_what_cannot_be_kept_is_not_booked(kit: Kit) -> None:
    case = await kit.case()
    wishes = {
        "price": replace(WISH, agreed_minor=PRICE - 1),
        "no-area": replace(WISH, postcode="80331"),
        "no-such-part": replace(WISH, parts=["X9"]),
        "taken": replace(WISH, window=Window(dt.date(2027, 3, 6), 10)),  # a Saturday
    }
    for kind, wish in wishes.items():
        assert await kit.refused(case, wish) == kind
    assert await kit.refused(case, replace(WISH, window=Window(dt.date(2027, 3, 1), 16))) == "taken"  # no notice
    assert await kit.refused(case, replace(WISH, window=Window(WEDNESDAY, 9))) == "taken"  # no window begins then
    assert await kit.refused(10_000) == "no-such-case"
    assert await kit.refused(await kit.case(state=RESOLVED)) == "case-closed"
    assert await kit.timeline(case) == []


async def test_a_case_has_one_visit_at_a_time(kit: Kit) -> None:
    case = await kit.case()
    await kit.book(case)
    assert await kit.refused(case, replace(WISH, window=Window(WEDNESDAY, 12))) == "booked-already"


async def test_no_window_and_no_day_holds_more_than_it_can(kit: Kit) -> None:
    cases = [await kit.case() for _ in range(6)]
    answers = await asyncio.gather(*(kit.book(case) for case in cases), return_exceptions=True)
    booked = [one for one in answers if isinstance(one, VisitRow)]
    refused = [one for one in answers if isinstance(one, CaseError)]
    assert (len(booked), len(refused)) == (PLAN.a_window, 4), answers
    assert {one.kind for one in refused} == {"taken"}
    later = replace(WISH, window=Window(WEDNESDAY, 12))
    left = [case for case in cases if case not in {one.case for one in booked}]
    await kit.book(left[0], later)
    assert await kit.refused(left[1], later) == "taken"  # the day is full, the window is not


async def test_of_two_desks_at_once_one_books(kit: Kit) -> None:
    case = await kit.case()
    answers = await asyncio.gather(*(kit.book(case) for _ in range(5)), return_exceptions=True)
    assert sorted(getattr(one, "kind", "booked") for one in answers) == ["booked", *["booked-already"] * 4]
    assert len(await kit.timeline(case)) == 1


async def test_what_is_moved_or_cancelled_frees_its_window(kit: Kit) -> None:
    cases = [await kit.case() for _ in range(3)]
    first, second = [await kit.book(case) for case in cases[:2]]
    assert await kit.refused(cases[2]) == "taken"
    async with kit.hand(cases[0]) as hand:
        moved = await book.move(hand, first.id, Window(WEDNESDAY, 14), now=NOW)
        assert (moved.hour, moved.sequence) == (14, 1)
    third = await kit.book(cases[2])
    async with kit.hand(cases[1]) as hand:
        gone = await book.cancel(hand, second.id, "the owner is away")
        assert (gone.state, gone.place, gone.seat, gone.sequence) == ("cancelled", None, None, 1)
    again = await kit.book(cases[1])  # the owner's yes to a visit stands
    assert {again.seat, third.seat} == {1, 2}
    for number, says in ((second.id, "cancelled already"), (first.id, "no visit"), (9999, "no visit")):
        with pytest.raises(CaseError, match=says):
            async with kit.hand(cases[1]) as hand:
                await book.move(hand, number, Window(WEDNESDAY, 8), now=NOW)
    assert [line.partition(" by ")[0] for line in await kit.timeline(cases[1])][1] == (
        "agent: Visit on 2027-03-03 between 10:00 and 12:00 cancelled"
    )


async def test_a_day_is_shown_in_order_and_who_looked_is_noted(kit: Kit) -> None:
    late, early = [await kit.case() for _ in range(2)]
    await kit.book(late, replace(WISH, window=Window(WEDNESDAY, 14)))
    await kit.book(early)
    async with reading(kit.bench.store, DESK) as read:
        day = await listing.of_day(read, "berlin", WEDNESDAY)
        assert [one.case for one in day] == [early, late]
        assert {use.subject for use in read.noted} == {f"visit {one.id}" for one in day}
    assert day[0].begins == dt.datetime(2027, 3, 3, 9, tzinfo=dt.UTC)  # ten o'clock in Berlin


async def test_an_erased_appliance_takes_its_visits_along(kit: Kit, tmp_path: Path) -> None:
    case = await kit.case()
    visit = await kit.book(case)
    place = erase.Place(kit.bench.store, kit.bench.transport, tmp_path)
    done = await erase.appliance(place, visit.device, by="privacy", markers=[ADDRESS])
    assert (done.rows["visits"], done.proof.found) == (1, {})


async def test_a_visit_that_was_made_says_so(kit: Kit) -> None:
    case = await kit.case()
    visit = await kit.book(case)
    async with kit.hand(case) as hand:
        await book.done(hand, visit.id)
    async with reading(kit.bench.store, DESK) as read:
        [seen] = await listing.of_case(read, case)
    assert (seen.state, seen.ended_by) == ("done", "ada")
    assert (await kit.timeline(case))[-1] == "agent: Visit on 2027-03-03 between 10:00 and 12:00 done"
    assert (await kit.proposal(case)).state == proposals.DONE


class TestAreas:
    @pytest.mark.parametrize(
        ("plan", "kind"),
        [
            (replace(PLAN, a_day=11), "quota"),
            (replace(PLAN, a_window=4), "quota"),
            (replace(PLAN, zone="Middle/Earth"), "no-such-zone"),
            (replace(PLAN, postcodes=[" "]), "no-postcodes"),
            (replace(PLAN, weekdays=["someday"]), "no-such-day"),
            (replace(PLAN, weekdays=[]), "no-such-day"),
        ],
    )
    async def test_a_plan_by_which_nobody_could_come_is_refused(self, kit: Kit, plan: areas.Plan, kind: str) -> None:
        with pytest.raises(CaseError) as caught:
            async with kit.bench.store.writing() as session:
                await areas.keep(session, "berlin", plan)
        assert caught.value.kind == kind
        async with kit.bench.store.reading() as session:
            [kept] = await areas.every(session)
        assert kept.plan == replace(PLAN, weekdays=list(PLAN.weekdays), closed=[])
