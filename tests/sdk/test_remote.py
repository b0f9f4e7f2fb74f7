"""Service sessions in the cloud, on SQLite and on PostgreSQL: who may begin one, what ends one whatever the appliance
says or does not say, and what lands on the case."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cloud_kit import Bench, bench
from sqlalchemy import select
from trivet.bench import traffic
from trivet.bench.traffic import CROSS, ELEMENT, Sender
from trivet.cases import proposals
from trivet.cases.problem import CaseError
from trivet.cases.proposals import Wish
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.remote import acts, job, sessions
from trivet.store.cases import CaseTestRow, ProposalRow
from trivet.store.remote import ENDED, OPEN, RemoteActRow, RemoteSessionRow
from trivet.store.tables import CaseEventRow, CatalogueRow, CommandRow, utcnow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

ROUTINE = "top_element"
PASSED, FAILED = ids.VERDICT_PASSED, ids.VERDICT_FAILED
AGENT = Actor("agent", "ida")
OWNER = Actor("owner", "ada@example.org")


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Bench]:
    """Its appliances have one self-test."""
    async with bench(tmp_path) as made:
        async with made.store.writing() as session:
            row = await session.get_one(CatalogueRow, traffic.CATALOGUE)
            row.rich_json = row.rich_json | {"routines": [{"name": ROUTINE, "finds": ["element"]}]}
        yield made


async def opened(kit: Bench, *, consent: bool = True) -> int:
    """One case of a new appliance; gives its number."""
    kit.sender = Sender(await kit.registry.enrol(traffic.MODEL))
    said = {ELEMENT: FAILED, CROSS: PASSED}
    await kit.take(kit.sender.hello(), kit.sender.consent(), kit.sender.fault(), kit.sender.evidence(ELEMENT, said))
    if not consent:
        await kit.take(kit.sender.consent(granted=0))
    return max(case.id for case in await kit.cases())


async def act(kit: Bench, number: int, what: Any, *args: Any, actor: Actor = AGENT) -> Any:
    async with kit.store.writing() as session:
        return await what(Hand(session, number, DEFAULT, actor), *args)


async def one(kit: Bench, table: type[Any], key: Any) -> Any:
    async with kit.store.reading() as session:
        return await session.get_one(table, key)


async def says(kit: Bench, counter: int, command: int, reason: int = 0) -> None:
    """The appliance answers a command."""
    await kit.take(kit.sender.message(ids.COMMAND_RESULT, [counter, command, reason]))


async def connected(kit: Bench, number: int) -> RemoteSessionRow:
    row = await act(kit, number, sessions.begin, 900, "the element is cold")
    await says(kit, row.counter, ids.C_SESSION)
    found: RemoteSessionRow = await one(kit, RemoteSessionRow, row.id)
    assert found.state == OPEN
    return found


async def kinds(kit: Bench, number: int) -> list[str]:
    query = select(CaseEventRow.kind).where(CaseEventRow.case == number).order_by(CaseEventRow.id)
    async with kit.store.reading() as session:
        return list(await session.scalars(query))


async def test_a_session_needs_the_owner_s_yes_and_there_is_never_more_than_one(kit: Bench) -> None:
    number = await opened(kit, consent=False)
    with pytest.raises(CaseError) as caught:
        await act(kit, number, sessions.begin, 900, "x")
    assert caught.value.kind == "no-consent"
    await kit.take(kit.sender.consent())
    await act(kit, number, sessions.begin, 900, "x")
    with pytest.raises(CaseError) as caught:
        await act(kit, number, sessions.begin, 900, "x")
    assert caught.value.kind == "session-open"


@pytest.mark.parametrize("seconds", [0, 59, ids.MAX_SESSION_S + 1])
async def test_a_session_has_its_bounds(kit: Bench, seconds: int) -> None:
    number = await opened(kit)
    with pytest.raises(CaseError, match="60 to 3600"):
        await act(kit, number, sessions.begin, seconds, "x")


async def test_nothing_is_asked_for_before_the_appliance_has_opened_it(kit: Bench) -> None:
    number = await opened(kit)
    row = await act(kit, number, sessions.begin, 900, "x")
    with pytest.raises(CaseError, match="wait until it is open"):
        await act(kit, number, acts.run, row.id, acts.Wish(acts.TEST, ROUTINE, "x"))


async def test_an_appliance_that_never_answers_is_not_waited_for(kit: Bench) -> None:
    number = await opened(kit)
    row = await act(kit, number, sessions.begin, 900, "x")
    await job.turn(kit.store, DEFAULT, row.asked_at + dt.timedelta(minutes=5))
    assert (await one(kit, RemoteSessionRow, row.id)).state != ENDED
    await job.turn(kit.store, DEFAULT, row.asked_at + dt.timedelta(minutes=6))
    found = await one(kit, RemoteSessionRow, row.id)
    assert (found.state, found.ended_by) == (ENDED, ids.END_SILENT)
    assert (await one(kit, CommandRow, (kit.sender.device, row.counter))).reason == ids.R_EXPIRED  # never sent again


async def test_a_refusal_is_told_with_its_reason(kit: Bench) -> None:
    number = await opened(kit)
    row = await act(kit, number, sessions.begin, 900, "x")
    await says(kit, row.counter, ids.C_SESSION, ids.R_GRANT)
    found = await one(kit, RemoteSessionRow, row.id)
    assert (found.state, found.reason, found.ended_by) == (ENDED, ids.R_GRANT, None)
    assert "remote_refused" in await kinds(kit, number)


@pytest.mark.parametrize("how", ["time", "restart", "consent", "appliance", "desk", "account"])
async def test_it_ends_whoever_ends_it_and_what_waits_is_not_sent_any_more(kit: Bench, how: str) -> None:
    number = await opened(kit)
    row = await connected(kit, number)
    waiting = await act(kit, number, acts.run, row.id, acts.Wish(acts.TEST, ROUTINE, "is it cold"))
    if how == "time":
        await job.turn(kit.store, DEFAULT, row.until + dt.timedelta(minutes=1))
    elif how == "restart":
        kit.sender.restart()
        await kit.take(kit.sender.hello())
    elif how == "consent":
        await kit.take(kit.sender.consent(granted=0))
    elif how == "appliance":
        await kit.take(kit.sender.message(ids.SESSION, [row.id, ids.END_PRESENT]))
    else:
        by, actor = (ids.END_DESK, AGENT) if how == "desk" else (ids.END_ACCOUNT, OWNER)
        await act(kit, number, sessions.stop, row.id, by, "enough", actor=actor)
    found = await one(kit, RemoteSessionRow, row.id)
    assert (found.state, ids.SESSION_ENDS[found.ended_by]) == (ENDED, how)
    assert (await one(kit, RemoteActRow, waiting.id)).state == acts.LOST
    assert (await one(kit, CommandRow, (kit.sender.device, waiting.counter))).reason is not None
    with pytest.raises(CaseError, match="is ended"):
        await act(kit, number, acts.run, row.id, acts.Wish(acts.TEST, ROUTINE, "once more"))
    assert (await kinds(kit, number)).count("remote_ended") == 1


async def test_a_result_lands_on_the_case_and_moves_its_ranking(kit: Bench) -> None:
    number = await opened(kit)
    row = await connected(kit, number)
    asked = await act(kit, number, acts.run, row.id, acts.Wish(acts.TEST, ROUTINE, "is it cold"))
    await says(kit, asked.counter, ids.C_TEST)
    body = [row.id, asked.counter, ROUTINE, ids.R_MEASURED, 2, 2, traffic.CATALOGUE, [[0, None, 5, 50, 3]], None]
    await kit.take(kit.sender.message(ids.SELF_TEST, body), kit.sender.message(ids.SELF_TEST, body))
    found = await one(kit, RemoteActRow, asked.id)
    assert (found.state, found.reason, found.step) == (acts.FAILED, ids.R_MEASURED, 2)
    assert found.measured_json[0]["expected"].startswith("> ")
    assert not (await one(kit, CaseTestRow, (number, ROUTINE))).passed
    assert (await kinds(kit, number)).count("tested") == 1


async def test_a_result_of_another_appliance_changes_nothing(kit: Bench) -> None:
    number = await opened(kit)
    row = await connected(kit, number)
    asked = await act(kit, number, acts.run, row.id, acts.Wish(acts.TEST, ROUTINE, "is it cold"))
    await opened(kit)
    body = [row.id, asked.counter, ROUTINE, 0, 2, 2, traffic.CATALOGUE, [], None]
    await kit.take(kit.sender.message(ids.SELF_TEST, body), kit.sender.message(ids.SESSION, [row.id, ids.END_TIME]))
    assert (await one(kit, RemoteActRow, asked.id)).state == acts.ASKED
    assert (await one(kit, RemoteSessionRow, row.id)).state == OPEN


async def test_a_fix_needs_a_proposal_that_somebody_approved(kit: Bench) -> None:
    number = await opened(kit)
    row = await connected(kit, number)
    proposal = await act(kit, number, proposals.propose, Wish("drift", "remote_fix", fix="relearn"))
    with pytest.raises(CaseError, match="approved first"):
        await act(kit, number, acts.fix, row.id, acts.Wish(acts.FIX, "relearn", "x", proposal.id))
    await act(kit, number, proposals.decide, proposal.id, "approve", "free")
    with pytest.raises(CaseError, match="something else"):
        await act(kit, number, acts.fix, row.id, acts.Wish(acts.FIX, "restart", "x", proposal.id))
    done = await act(kit, number, acts.fix, row.id, acts.Wish(acts.FIX, "relearn", "x", proposal.id))
    await says(kit, done.counter, ids.C_FIX, ids.R_UNSAFE)
    assert (await one(kit, RemoteActRow, done.id)).state == acts.REFUSED
    assert (await one(kit, ProposalRow, proposal.id)).state == proposals.APPROVED  # to be tried again


@pytest.mark.parametrize(("back", "state"), [(True, acts.NOT_HELPED), (False, acts.HELPED)])
async def test_the_monitors_say_whether_a_fix_helped(kit: Bench, back: bool, state: str) -> None:
    number = await opened(kit)
    row = await connected(kit, number)
    proposal = await act(kit, number, proposals.propose, Wish("drift", "remote_fix", fix="relearn"))
    await act(kit, number, proposals.decide, proposal.id, "approve", "free")
    done = await act(kit, number, acts.fix, row.id, acts.Wish(acts.FIX, "relearn", "x", proposal.id))
    await says(kit, done.counter, ids.C_FIX)
    assert (await one(kit, RemoteActRow, done.id)).state == acts.VERIFYING
    if back:
        await kit.take(kit.sender.fault(occurrence=2))
    else:
        await kit.take(kit.sender.fault(status=traffic.CONFIRMED & ~ids.TEST_FAILED))
        assert (await one(kit, RemoteActRow, done.id)).state == acts.CLEARING
        await kit.take(kit.sender.fault(status=traffic.GONE))
    assert (await one(kit, RemoteActRow, done.id)).state == state
    case = next(one for one in await kit.cases() if one.id == number)
    assert (case.state == "resolved") == (not back)


async def test_silence_is_no_cure_while_the_monitor_fails(kit: Bench) -> None:
    number = await opened(kit)
    row = await connected(kit, number)
    proposal = await act(kit, number, proposals.propose, Wish("drift", "remote_fix", fix="relearn"))
    await act(kit, number, proposals.decide, proposal.id, "approve", "free")
    done = await act(kit, number, acts.fix, row.id, acts.Wish(acts.FIX, "relearn", "x", proposal.id), 2)
    await says(kit, done.counter, ids.C_FIX)
    await job.turn(kit.store, DEFAULT, utcnow() + dt.timedelta(hours=1))
    assert (await one(kit, RemoteActRow, done.id)).state == acts.VERIFYING
    await job.turn(kit.store, DEFAULT, utcnow() + dt.timedelta(hours=3))
    assert (await one(kit, RemoteActRow, done.id)).state == acts.NOT_HELPED
    assert {"remote_not_helped", "escalated"} <= set(await kinds(kit, number))
