"""One case per appliance and root cause, whatever order, repetition and number of workers messages come in."""

import datetime as dt
from pathlib import Path

import pytest
from cloud_kit import Bench, bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from trivet.bench import traffic
from trivet.bench.traffic import CONFIRMED, ELEMENT, GASKET, GONE
from trivet.cases import outcomes, queries
from trivet.cases.open import REOPEN
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.cases.views import CaseView
from trivet.consent.access import Access, reading
from trivet.store.changes import change_id
from trivet.store.tables import CaseEventRow, CaseRecord, MessageRow, utcnow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

PASSED, FAILED = ids.VERDICT_PASSED, ids.VERDICT_FAILED
PENDING = ids.TEST_FAILED | ids.PENDING


async def opened(kit: Bench) -> None:
    await kit.take(kit.sender.hello(), kit.sender.consent())


async def view(kit: Bench, number: int = 1) -> CaseView:
    async with reading(kit.store, Access("service", "desk", "test")) as read:
        found = await queries.case(read, number)
    assert isinstance(found, CaseView)
    return found


async def test_pending_opens_nothing_confirmed_opens_one(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        await kit.take(kit.sender.fault(status=PENDING))
        assert await kit.cases() == []
        await kit.take(kit.sender.fault())
        [case] = await kit.cases()
        assert (case.state, case.status, case.next_step) == ("new", CONFIRMED, "remote_test")


async def test_states_follow_the_fault(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        steps = [(CONFIRMED, 1, "new"), (CONFIRMED, 2, "ongoing"), (CONFIRMED, 3, "escalating")]
        steps += [(GONE, 3, "resolved"), (CONFIRMED, 4, "regressed"), (GONE, 4, "resolved")]
        for status, occurrence, state in steps:
            kit.sender.restart()
            await kit.take(kit.sender.fault(status=status, occurrence=occurrence))
            [case] = await kit.cases()
            assert (case.state, case.status) == (state, status)
        kinds = [entry.kind for entry in (await view(kit)).timeline]
        assert kinds == ["opened", "triage", "again", "again", "resolved", "regressed", "resolved"]


async def test_long_after_it_was_resolved_a_fault_is_a_new_case(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        await kit.take(kit.sender.fault(), kit.sender.fault(status=GONE))
        async with kit.store.writing() as session:
            (await session.get_one(CaseRecord, 1)).updated_at = utcnow() - REOPEN - dt.timedelta(days=1)
        kit.sender.restart()
        await kit.take(kit.sender.fault(occurrence=2))
        assert [(case.operation, case.state) for case in await kit.cases()] == [(1, "resolved"), (2, "new")]


@pytest.mark.parametrize("evidence_first", [True, False])
async def test_evidence_finds_its_case_in_either_order(tmp_path: Path, evidence_first: bool) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        pair = [kit.sender.fault(), kit.sender.evidence(verdicts={ELEMENT: FAILED, traffic.CROSS: PASSED})]
        for message in reversed(pair) if evidence_first else pair:
            await kit.take(message)
        case = await view(kit)
        assert (case.row.first_cause, case.next_step.name) == ("element", "visit")
        assert case.next_step.part is not None
        assert case.next_step.part.number == "P1"
        assert [function.name for function in case.quarantined] == ["bake"]


async def test_a_case_is_shown_with_units_limits_and_words(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        await kit.registry.claim(kit.sender.device, kit.sender.identity.claim_secret, "Ada", phone="1")
        await kit.take(kit.sender.fault(), kit.sender.evidence(verdicts={ELEMENT: FAILED}, validity=ids.STUCK))
        case = await view(kit)
        assert case.owner is not None
        assert case.owner.name == "Ada"
        assert case.evidence is not None
        cavity = case.evidence.series[0]
        assert (cavity.unit, cavity.validity, len(cavity.samples)) == ("°C", "stuck", 16)
        assert (cavity.samples[0], cavity.samples[-1], cavity.limits[0].value) == (200.0, 350.0, 350.0)
        assert (cavity.times_s[0], cavity.times_s[-1]) == (-15.0, 0.0)
        assert [(one.event, one.verdict) for one in case.evidence.verdicts] == [("element_top", "failed")]
        assert "confirmed" in case.status_bits
        assert any("cavity was not valid: stuck" in word for word in case.sensor_why)


async def test_evidence_alone_opens_the_case_when_the_report_was_lost(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        kit.sender.seq += 1
        await kit.take(kit.sender.evidence(verdicts={traffic.CROSS: FAILED}))
        assert [case.first_cause for case in await kit.cases()] == ["ntc"]


async def test_the_queue_puts_hazards_first_and_hides_the_resolved(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        faults = [kit.sender.fault(event) for event in (GASKET, traffic.HAZARD, ELEMENT)]
        await kit.take(*faults, kit.sender.fault(GASKET, GONE))
        async with reading(kit.store, Access("service", "desk", "test")) as read:
            rows = await queries.queue(read)
            everything = await queries.queue(read, include_resolved=True)
            detail = await queries.device(read, kit.sender.device)
        assert [row.hazard for row in rows] == [True, False]
        assert len(everything) == 3
        assert detail is not None
        assert (detail.device.open_cases, len(detail.cases), len(detail.messages)) == (2, 3, 5)


async def test_every_change_changes_the_change_id(tmp_path: Path) -> None:
    async def now(kit: Bench) -> str:
        async with kit.store.reading() as session:
            return await change_id(session)

    async with bench(tmp_path) as kit:
        seen = [await now(kit)]
        for step in (kit.sender.hello(), kit.sender.consent(), kit.sender.fault(), kit.sender.evidence()):
            await kit.take(step)
            seen.append(await now(kit))
        await kit.registry.claim(kit.sender.device, kit.sender.identity.claim_secret, "Ada")
        seen.append(await now(kit))
        await kit.registry.revoke(kit.sender.device)
        seen.append(await now(kit))
        assert len(set(seen)) == len(seen)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_order_and_repetition_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A story of three boots, shuffled and partly sent twice: the same cases as in order."""
    async with bench(tmp_path_factory.mktemp("shuffled")) as kit:
        await opened(kit)
        sender = kit.sender
        story = [sender.fault(status=PENDING), sender.fault(), sender.evidence(verdicts={traffic.CROSS: PASSED})]
        sender.restart()
        story += [sender.fault(occurrence=2), sender.fault(GASKET), sender.evidence(GASKET)]
        sender.restart()
        story += [sender.fault(GASKET, GONE), sender.evidence(verdicts={traffic.CROSS: FAILED}, occurrence=2)]
        story += [sender.fault(GASKET, occurrence=2), sender.fault(ELEMENT, GONE, 2)]
        shuffled = data.draw(st.permutations(story + data.draw(st.lists(st.sampled_from(story), max_size=4))))
        for message in shuffled:
            await kit.take(message)
        cases = {case.event: case for case in await kit.cases()}
        assert len(await kit.cases()) == 2
        assert kit.reasons == []
        element, gasket = cases[ELEMENT], cases[GASKET]
        assert (element.occurrences, element.state, element.first_cause) == (2, "resolved", "ntc")
        assert (element.evidence_boot, element.evidence_seq) == (3, 2)
        assert (gasket.state, gasket.status) == ("regressed", CONFIRMED)
        assert told(await view(kit, element.id)) == [
            *(("opened", 1, 3), ("evidence", 1, 4), ("again", 2, 1), ("evidence", 3, 2), ("resolved", 3, 4))
        ]
        assert told(await view(kit, gasket.id)) == [
            *(("opened", 2, 2), ("evidence", 2, 3), ("resolved", 3, 1), ("regressed", 3, 3))
        ]
        assert await kit.messages() == sorted(
            {(1, 1)} | {(1, s) for s in (2, 3, 4)} | {(2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3), (3, 4)}
        )


def told(case: CaseView) -> list[tuple[str, int | None, int | None]]:
    """What the appliance said, as the timeline shows it."""
    return [(one.kind, one.boot, one.seq) for one in case.timeline if one.actor == "appliance"]


async def test_a_message_that_comes_late_stands_where_it_belongs(tmp_path: Path) -> None:
    """Healed and back again, but the healing arrives last: it is back, and not only seen twice."""
    async with bench(tmp_path) as kit:
        await opened(kit)
        first, healed, again = kit.sender.fault(), kit.sender.fault(status=GONE), kit.sender.fault(occurrence=2)
        await kit.take(first, again)
        assert (await view(kit)).row.state == "ongoing"
        await kit.take(healed)
        case = await view(kit)
        assert case.row.state == "regressed"
        assert told(case) == [("opened", 1, 2), ("resolved", 1, 3), ("regressed", 1, 4)]
        assert [one.at for one in case.timeline] == sorted(one.at for one in case.timeline)
        async with kit.store.reading() as session:
            kinds = list(await session.scalars(select(CaseEventRow.kind).order_by(CaseEventRow.id)))
        assert kinds == ["opened", "triage", "again", "resolved", "regressed"]  # what was told stays in the table


async def test_good_evidence_that_comes_after_an_empty_recapture_is_kept(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        fault, good = kit.sender.fault(), kit.sender.evidence(verdicts={traffic.CROSS: PASSED})
        empty = kit.sender.message(
            ids.EVIDENCE, [ELEMENT, CONFIRMED, traffic.CATALOGUE, 3, 1, 1, 127, 1, 1000, b"", []]
        )
        await kit.take(fault, empty, good)
        [case] = await kit.cases()
        assert (case.evidence_boot, case.evidence_seq) == (1, 3)
        assert [kind for kind, *_ in told(await view(kit))] == ["opened", "evidence"]


async def test_a_late_report_of_before_does_not_reopen_what_a_person_closed(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        first, late, newest = kit.sender.fault(), kit.sender.fault(occurrence=2), kit.sender.fault(occurrence=3)
        await kit.take(first, newest)
        async with kit.store.writing() as session:
            await outcomes.close(Hand(session, 1, DEFAULT, Actor("agent", "ida")), outcomes.Form("no_fault_found"))
        await kit.take(late)
        case = await view(kit)
        assert (case.row.state, case.row.occurrences) == ("resolved", 3)
        assert told(case) == [("opened", 1, 2), ("again", 1, 3), ("again", 1, 4)]
        await kit.take(kit.sender.fault(occurrence=4))
        assert (await view(kit)).row.state == "regressed"


async def test_an_appliance_that_never_restarts_may_have_its_fault_again_after_any_time(tmp_path: Path) -> None:
    """One operation cycle, one case of a code: however long it lasts."""
    async with bench(tmp_path) as kit:
        await opened(kit)
        await kit.take(kit.sender.fault(), kit.sender.fault(status=GONE))
        async with kit.store.writing() as session:
            (await session.get_one(CaseRecord, 1)).updated_at = utcnow() - REOPEN - dt.timedelta(days=1)
        await kit.take(kit.sender.fault(occurrence=2))
        assert [case.state for case in await kit.cases()] == ["regressed"]


async def test_of_a_case_whose_messages_are_gone_a_late_one_changes_only_the_count(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await opened(kit)
        first, late, newest = kit.sender.fault(), kit.sender.fault(status=GONE), kit.sender.fault(occurrence=2)
        await kit.take(first, newest)
        async with kit.store.writing() as session:
            await session.execute(delete(MessageRow).where(MessageRow.seq == 2))
        await kit.take(late)
        [case] = await kit.cases()
        assert (case.state, case.occurrences) == ("ongoing", 2)
