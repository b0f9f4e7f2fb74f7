"""What people do with a case, on SQLite and on PostgreSQL: they take it, propose, decide, test, close it and take that
back; each act stands on the timeline with who and why, and outcomes move the weights."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cloud_kit import Bench, bench
from sqlalchemy import func, select
from trivet.bench import traffic
from trivet.bench.traffic import CONFIRMED, ELEMENT, GASKET, GONE, HAZARD, Sender
from trivet.cases import learned, outcomes, proposals, work
from trivet.cases.outcomes import Form
from trivet.cases.problem import CaseError
from trivet.cases.proposals import Wish
from trivet.cases.sla import worked
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.consent import erase
from trivet.store.cases import CaseWorkRow, OutcomeRow, ProposalRow
from trivet.store.tables import CaseEventRow, CaseRecord, LoginRow, utcnow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

PASSED, FAILED = ids.VERDICT_PASSED, ids.VERDICT_FAILED
AGENT = Actor("agent", "ida")
TECHNICIAN = Actor("technician", "tom")
LOOK = Wish("a look at it", "visit", despite=True)


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def opened(kit: Bench, event: int = ELEMENT, verdicts: dict[int, int] | None = None) -> int:
    """One case of a new appliance with evidence; gives its number."""
    sender = Sender(await kit.registry.enrol(traffic.MODEL))
    said = {event: FAILED, traffic.CROSS: PASSED} if verdicts is None else verdicts
    await kit.take(sender.hello(), sender.consent(), sender.fault(event), sender.evidence(event, said))
    kit.sender = sender
    return max(case.id for case in await kit.cases())


async def case(kit: Bench, number: int) -> CaseRecord:
    async with kit.store.reading() as session:
        return await session.get_one(CaseRecord, number)


async def timeline(kit: Bench, number: int) -> list[CaseEventRow]:
    query = select(CaseEventRow).where(CaseEventRow.case == number).order_by(CaseEventRow.id)
    async with kit.store.reading() as session:
        return list(await session.scalars(query))


async def act(kit: Bench, number: int, what: Any, *args: Any, actor: Actor = AGENT, **named: Any) -> Any:
    async with kit.store.writing() as session:
        return await what(Hand(session, number, DEFAULT, actor), *args, **named)


async def weight(kit: Bench, code: str, cause: str) -> float:
    async with kit.store.reading() as session:
        found = await learned.weights(session, traffic.MODEL, code)
    return found.counts.get(cause, 0.0)


async def login(kit: Bench, user: str, role: str = "agent") -> None:
    async with kit.store.writing() as session:
        if await session.get(LoginRow, user) is None:
            session.add(LoginRow(user=user, password_hash="", role=role))


async def test_an_outcome_closes_the_case_and_moves_the_weights(kit: Bench) -> None:
    number = await opened(kit)
    code = (await case(kit, number)).code
    before = await weight(kit, code, "ntc")
    row = await act(kit, number, outcomes.close, Form("sensor", note="it read 40 too much"), actor=TECHNICIAN)
    assert (row.cause, row.predicted, row.attempt) == ("ntc", "element", 1)
    assert await weight(kit, code, "ntc") == before + 1
    assert (await case(kit, number)).state == "resolved"
    last = (await timeline(kit, number))[-1]
    assert (last.actor, last.kind, last.data_json["who"], last.data_json["why"]) == (
        "technician", "closed", "tom", "it read 40 too much",
    )  # fmt: skip
    with pytest.raises(CaseError, match="open it again first"):
        await act(kit, number, outcomes.close, Form("fixed"))


async def test_an_outcome_that_was_not_so_is_forgotten(kit: Bench) -> None:
    number = await opened(kit)
    code = (await case(kit, number)).code
    before = await weight(kit, code, "element")
    row = await act(kit, number, outcomes.close, Form("fixed", "element", "P1"))
    await act(kit, number, outcomes.take_back, row.id, "the wrong case")
    assert await weight(kit, code, "element") == before
    assert (await case(kit, number)).state == "ongoing"
    with pytest.raises(CaseError, match="no outcome"):
        await act(kit, number, outcomes.take_back, row.id, "twice")


async def test_a_wrong_part_keeps_the_case_open_and_makes_its_cause_less_likely(kit: Bench) -> None:
    number = await opened(kit)
    sure = (await case(kit, number)).confidence
    await act(kit, number, outcomes.close, Form("wrong_part", part="P1"))
    after = await case(kit, number)
    assert after.state != "resolved"
    assert after.first_cause != "element" or after.confidence < sure
    [row] = await _outcomes(kit, number)
    assert row.taught_json == {"ntc": 1.0}


async def _outcomes(kit: Bench, number: int) -> list[OutcomeRow]:
    async with kit.store.reading() as session:
        return list(await session.scalars(select(OutcomeRow).where(OutcomeRow.case == number)))


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (Form("broken"), "no-such-outcome"),
        (Form("fixed", "gremlin"), "no-such-cause"),
        (Form("sensor", "element"), "no-such-cause"),
        (Form("fixed", "element", "P9"), "no-such-part"),
    ],
)
async def test_a_form_that_fits_nothing_changes_nothing(kit: Bench, form: Form, kind: str) -> None:
    number = await opened(kit)
    with pytest.raises(CaseError) as caught:
        await act(kit, number, outcomes.close, form)
    assert caught.value.kind == kind
    assert await _outcomes(kit, number) == []
    assert (await case(kit, number)).state == "new"


async def test_a_visit_goes_from_proposal_to_the_owners_yes(kit: Bench) -> None:
    number = await opened(kit)
    row = await act(kit, number, proposals.propose, Wish("the element is open"))
    assert (row.step, row.part, row.state, row.price) == ("visit", "P1", "open", "1 EUR")
    assert row.basis_json["causes"][0][0] == "element"
    with pytest.raises(CaseError, match="approve, refuse, decline, withdraw"):
        await act(kit, number, proposals.decide, row.id, "accept", "too early")
    for what, state in (("approve", "approved"), ("accept", "accepted")):
        row = await act(kit, number, proposals.decide, row.id, what, "agreed on the phone")
        assert row.state == state
    await act(kit, number, outcomes.close, Form("fixed", "element", "P1"), actor=TECHNICIAN)
    async with kit.store.reading() as session:
        assert (await session.get_one(ProposalRow, row.id)).state == "done"
    kinds = [entry.kind for entry in await timeline(kit, number)]
    assert kinds[-4:] == ["proposed", "approved", "accepted", "closed"]


async def test_nobody_is_sent_without_evidence_but_on_an_engineers_word(kit: Bench) -> None:
    sender = kit.sender
    await kit.take(sender.hello(), sender.consent(), sender.fault())
    number = max(one.id for one in await kit.cases())
    visit = Wish("she insists", step="visit", part="P1")
    with pytest.raises(CaseError, match="Nobody is sent yet") as caught:
        await act(kit, number, proposals.propose, visit)
    assert caught.value.kind == "no-evidence"
    row = await act(kit, number, proposals.propose, Wish("smoke was seen", "visit", "P1", despite=True))
    assert row.basis_json["against_rule"] is True


async def test_what_an_owner_declines_is_kept_and_can_be_put_up_again(kit: Bench) -> None:
    number = await opened(kit)
    row = await act(kit, number, proposals.propose, Wish("the element is open"))
    owner = Actor("owner", "ada@example.com")
    row = await act(kit, number, proposals.decide, row.id, "decline", "not now", actor=owner)
    last = (await timeline(kit, number))[-1]
    assert (last.actor, last.kind, last.text) == ("owner", "declined", "visit (P1): declined, warranty unchanged")
    row = await act(kit, number, proposals.decide, row.id, "reopen", "she called again")
    assert row.state == "open"


async def test_a_remote_fix_that_was_done_is_known_not_to_help_when_the_fault_returns(kit: Bench) -> None:
    number = await opened(kit)
    row = await act(kit, number, proposals.propose, Wish("drift after a repair", "remote_fix", fix="relearn"))
    for what in ("approve", "finish"):
        await act(kit, number, proposals.decide, row.id, what, "costs nothing")
    kit.sender.restart()
    await kit.take(kit.sender.fault(occurrence=2))
    async with kit.store.reading() as session:
        assert (await session.get_one(ProposalRow, row.id)).state == "failed"
    assert "not_fixed" in [entry.kind for entry in await timeline(kit, number)]


@pytest.mark.parametrize(("fix", "kind"), [(None, "no-fix"), ("hammer", "no-such-fix")])
async def test_a_remote_fix_is_one_that_the_appliance_does(kit: Bench, fix: str | None, kind: str) -> None:
    with pytest.raises(CaseError, match="relearn, recover, restart") as caught:
        await act(kit, await opened(kit), proposals.propose, Wish("now", "remote_fix", fix=fix))
    assert caught.value.kind == kind


def test_nothing_is_commanded_but_within_a_service_session() -> None:
    """Its owner sees it, and can stop it."""
    assert "order" not in proposals.ACTS
    assert proposals.ORDERED not in proposals.MOVES.values()


async def test_the_clock_stops_when_it_is_solved_and_starts_anew_when_it_returns(kit: Bench) -> None:
    number = await opened(kit)
    async with kit.store.reading() as session:
        first = await session.get_one(CaseWorkRow, number)
    assert first.started_at < first.respond_by < first.resolve_by
    assert (first.responded_at, first.resolved_at) == (None, None)
    await kit.take(kit.sender.fault(status=GONE))
    async with kit.store.reading() as session:
        assert (await session.get_one(CaseWorkRow, number)).resolved_at is not None
    kit.sender.restart()
    await kit.take(kit.sender.fault(status=CONFIRMED, occurrence=2))
    async with kit.store.reading() as session:
        again = await session.get_one(CaseWorkRow, number)
    assert again.resolved_at is None
    assert again.started_at > first.started_at


async def test_while_the_owner_is_asked_the_clock_stands(kit: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await opened(kit)
    proposal = await act(kit, number, proposals.propose, LOOK)
    before = await clock(kit, number)
    ask = utcnow() + dt.timedelta(hours=1)
    answer = ask + dt.timedelta(days=7)
    monkeypatch.setattr(work, "utcnow", lambda: ask)
    await act(kit, number, proposals.decide, proposal.id, "approve", "worth it")
    asked = await clock(kit, number)
    assert (asked.waits_since, asked.resolve_by) == (ask, before.resolve_by)
    monkeypatch.setattr(work, "utcnow", lambda: answer)
    await act(kit, number, proposals.decide, proposal.id, "accept", "by phone")
    after = await clock(kit, number)
    stood = dt.timedelta(hours=50)  # a week: five days of ten hours
    assert abs(dt.timedelta(seconds=after.waited_s) - stood) < dt.timedelta(seconds=2)
    assert abs(worked(before.resolve_by, after.resolve_by, DEFAULT.calendar) - stood) < dt.timedelta(seconds=2)
    assert (after.waits_since, after.respond_by) == (None, before.respond_by)
    await act(kit, number, work.place, 2, None, "a second look")
    moved = await clock(kit, number)
    whole = worked(moved.started_at, moved.resolve_by, DEFAULT.calendar)
    assert abs(whole - dt.timedelta(hours=24) - stood) < dt.timedelta(seconds=2)


async def test_it_goes_on_where_the_owner_is_asked_no_more(kit: Bench) -> None:
    number = await opened(kit)
    for end in ("decline", "withdraw"):
        proposal = await act(kit, number, proposals.propose, LOOK)
        await act(kit, number, proposals.decide, proposal.id, "approve", "worth it")
        assert (await clock(kit, number)).waits_since is not None
        await act(kit, number, proposals.decide, proposal.id, end, "no")
        assert (await clock(kit, number)).waits_since is None
    proposal = await act(kit, number, proposals.propose, LOOK)
    await act(kit, number, proposals.decide, proposal.id, "approve", "worth it")
    await kit.take(kit.sender.fault(status=GONE))
    assert (await clock(kit, number)).waits_since is None


async def test_a_hazard_s_clock_waits_for_nobody(kit: Bench) -> None:
    number = await opened(kit, HAZARD)
    proposal = await act(kit, number, proposals.propose, LOOK)
    await act(kit, number, proposals.decide, proposal.id, "approve", "worth it")
    assert (await clock(kit, number)).waits_since is None


async def clock(kit: Bench, number: int) -> CaseWorkRow:
    async with kit.store.reading() as session:
        return await session.get_one(CaseWorkRow, number)


async def test_a_hazard_is_escalated_and_its_clock_runs_day_and_night(kit: Bench) -> None:
    number = await opened(kit, HAZARD)
    async with kit.store.reading() as session:
        row = await session.get_one(CaseWorkRow, number)
    assert (row.escalated, row.tier) == (True, 2)
    assert (row.respond_by - row.started_at).total_seconds() == 15 * 60


async def test_people_take_move_escalate_and_note_a_case(kit: Bench) -> None:
    number = await opened(kit, GASKET)
    await login(kit, "ida")
    await act(kit, number, work.assign, "ida", "she knows ovens")
    await act(kit, number, work.place, 3, "engineering", "odd")
    await act(kit, number, work.escalate, up=True, why="the owner is upset")
    await act(kit, number, work.escalate, up=False, why="she calmed down")
    await act(kit, number, work.note, "<b>call after five</b>")
    async with kit.store.reading() as session:
        row = await session.get_one(CaseWorkRow, number)
    assert (row.owner, row.tier, row.queue, row.escalated) == ("ida", 3, "engineering", False)
    assert row.responded_at is not None
    said = [(entry.kind, entry.data_json.get("why")) for entry in await timeline(kit, number)][-6:]
    assert said == [
        ("assigned", "she knows ovens"),
        ("tier", "odd"),
        ("queue", "odd"),
        ("escalated", "the owner is upset"),
        ("calmed", "she calmed down"),
        ("note", None),
    ]
    for what, args, kind in (
        (work.assign, ("nobody", "?"), "no-such-login"),
        (work.place, (9, None, "?"), "no-such-tier"),
        (work.place, (None, "limbo", "?"), "no-such-queue"),
    ):
        with pytest.raises(CaseError) as caught:
            await act(kit, number, what, *args)
        assert caught.value.kind == kind


async def test_two_outcomes_at_once_are_both_counted(kit: Bench) -> None:
    numbers = [await opened(kit) for _ in range(4)]
    code = (await case(kit, numbers[0])).code
    before = await weight(kit, code, "element")
    await asyncio.gather(*(act(kit, number, outcomes.close, Form("fixed", "element")) for number in numbers))
    assert await weight(kit, code, "element") == before + 4


async def test_what_the_appliance_says_meanwhile_does_not_open_a_closed_case(kit: Bench) -> None:
    """Closing and a report of the same occurrence at once: in either order the case is closed or came back, and the
    timeline says which."""
    number = await opened(kit)
    kit.sender.restart()
    kit.send(kit.sender.fault(status=GONE))
    await asyncio.gather(kit.drain(), _close(kit, number))
    assert (await case(kit, number)).state == "resolved"


async def _close(kit: Bench, number: int) -> None:
    with contextlib.suppress(CaseError):  # the appliance was first
        await act(kit, number, outcomes.close, Form("fixed", "element"))


async def test_with_the_appliances_data_only_the_count_stays(kit: Bench, tmp_path: Path) -> None:
    number = await opened(kit)
    await act(kit, number, proposals.propose, Wish("the element is open"))
    await act(kit, number, outcomes.close, Form("fixed", "element", note="Mrs Feldmann, third floor"))
    code = (await case(kit, number)).code
    before = await weight(kit, code, "element")
    await erase.appliance(erase.Place(kit.store, kit.transport, tmp_path), kit.sender.device, by="owner")
    async with kit.store.reading() as session:
        assert await session.scalar(select(func.count()).where(ProposalRow.case == number)) == 0
        assert await session.scalar(select(func.count()).where(CaseWorkRow.case == number)) == 0
        left = (await session.scalars(select(OutcomeRow).where(OutcomeRow.case.is_(None)))).all()
    assert [(row.kind, row.cause) for row in left][-1] == ("fixed", "element")
    assert await weight(kit, code, "element") == before
