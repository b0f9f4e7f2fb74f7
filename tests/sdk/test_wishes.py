"""The owner's word on an update and their hours without updates: told to the appliance, pending until it confirms."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cloud_kit import until
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from trivet.desk.my_updates import spans
from trivet.store.tables import utcnow
from trivet.store.updates import CONFIRMED, TRIAL, OfferRow, UpdateHoursRow
from trivet.updates import clock, wishes
from trivet.updates.problem import UpdateError
from trivet_wire import ids
from updates_kit import UpdateBench, args_of, published, update_bench

pytestmark = pytest.mark.usefixtures("database")

WEEK = dt.timedelta(days=7)


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[UpdateBench]:
    async with update_bench(tmp_path) as made:
        yield made


async def say(kit: UpdateBench, number: int, word: str, until_: dt.datetime | None = None) -> OfferRow:
    async with kit.store.writing() as session:
        return await wishes.answer(session, kit.sender.device, number, word, until=until_, who="owner 1")


async def exclude(kit: UpdateBench, hours: list[int], minutes: int = 60, zone: str = "Europe/Berlin") -> None:
    async with kit.store.writing() as session:
        await wishes.exclude(session, kit.sender.device, wishes.hours_of(hours, minutes, zone), who="owner 1")


async def hours(kit: UpdateBench) -> UpdateHoursRow:
    async with kit.store.reading() as session:
        return await session.get_one(UpdateHoursRow, kit.sender.device)


class TestAnswer:
    async def test_a_yes_goes_down_and_is_pending_until_it_is_confirmed(self, kit: UpdateBench) -> None:
        row = await say(kit, await kit.offered(), "yes")
        assert (row.answer, row.answer_state, row.answer_until) == (ids.A_YES, "pending", 0)
        command = (await kit.commands())[-1]
        assert (command.command, command.grant, command.who) == (ids.C_ANSWER, ids.G_ACCOUNT, "owner 1")
        assert args_of(command) == [bytes.fromhex(kit.release.envelope)[:8], ids.A_YES, 0]
        await kit.answer(command.counter, ids.C_ANSWER)
        assert (await kit.offer_row(row.id)).answer_state == "synced"

    async def test_a_word_that_the_appliance_does_not_take_says_why(self, kit: UpdateBench) -> None:
        row = await say(kit, await kit.offered(), "no")
        assert row.answer_counter is not None
        await kit.answer(row.answer_counter, ids.C_ANSWER, ids.R_BUSY)
        row = await kit.offer_row(row.id)
        assert (row.answer_state, row.answer_reason, row.ended_at) == ("refused", ids.R_BUSY, None)

    async def test_the_latest_word_is_the_one_that_goes(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        await say(kit, number, "yes")
        row = await say(kit, number, "later", utcnow() + WEEK)
        first, second = (await kit.commands())[-2:]
        assert (first.reason, second.reason) == (ids.R_EXPIRED, None)
        assert args_of(second)[1:] == [ids.A_LATER, row.answer_until]

    async def test_later_ends_at_the_deadline_of_a_security_update(self, kit: UpdateBench) -> None:
        soon = int((utcnow() + dt.timedelta(days=2)).timestamp())
        kit.release = await published(kit.store, kit.payloads, "1.3.0", 3, security=True, deadline=soon)
        number = await kit.offered()
        assert (await say(kit, number, "later", utcnow() + WEEK)).answer_until == soon
        with pytest.raises(UpdateError) as caught:
            await say(kit, number, "no")
        assert caught.value.kind == "security"

    async def test_after_the_deadline_nothing_is_put_off(self, kit: UpdateBench) -> None:
        past = int((utcnow() - dt.timedelta(days=2)).timestamp())
        kit.release = await published(kit.store, kit.payloads, "1.3.0", 3, security=True, deadline=past)
        with pytest.raises(UpdateError) as caught:
            await say(kit, await kit.offered(), "later", utcnow() + WEEK)
        assert caught.value.kind == "deadline"

    @pytest.mark.parametrize("until_", [None, utcnow() - WEEK, utcnow() + 60 * WEEK])
    async def test_later_needs_a_time_that_comes(self, kit: UpdateBench, until_: dt.datetime | None) -> None:
        with pytest.raises(UpdateError) as caught:
            await say(kit, await kit.offered(), "later", until_)
        assert caught.value.kind == "until"

    @pytest.mark.parametrize("state", [CONFIRMED, TRIAL, "unknown"])
    async def test_what_is_not_open_any_more_takes_no_word(self, kit: UpdateBench, state: str) -> None:
        number = await kit.offered()
        if state == "unknown":
            number += 1
        else:
            await kit.take(kit.report(ids.U_CONFIRMED if state == CONFIRMED else ids.U_TRIAL))
        with pytest.raises(UpdateError):
            await say(kit, number, "yes")
        assert len(await kit.commands()) == 1

    async def test_the_owner_s_no_ends_it_when_the_appliance_says_so(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        await say(kit, number, "no")
        await kit.take(kit.report(ids.U_REFUSED, ids.R_OWNER))
        row = await kit.offer_row(number)
        assert (row.state, row.reason) == ("refused", ids.R_OWNER)


class TestHours:
    async def test_they_go_down_as_a_mask_with_the_minutes_of_their_zone(self, kit: UpdateBench) -> None:
        await exclude(kit, [22, 23, 0])
        command = (await kit.commands())[-1]
        mask = 1 << 22 | 1 << 23 | 1
        assert (command.command, args_of(command)) == (ids.C_HOURS, [mask, 60])
        row = await hours(kit)
        assert (row.state, row.known_mask) == ("pending", 0)
        await kit.answer(command.counter, ids.C_HOURS)
        row = await hours(kit)
        assert (row.state, row.known_mask) == ("synced", mask)

    async def test_those_that_are_refused_leave_what_held_before(self, kit: UpdateBench) -> None:
        await exclude(kit, [1])
        await kit.answer(1, ids.C_HOURS)
        await exclude(kit, [2], minutes=-210, zone="")
        assert args_of((await kit.commands())[-1]) == [1 << 2, -210]
        await kit.answer(2, ids.C_HOURS, ids.R_FIELD)
        row = await hours(kit)
        assert (row.state, row.reason, row.known_mask) == ("refused", ids.R_FIELD, 1 << 1)

    @pytest.mark.parametrize(("marked", "minutes"), [(range(21), 0), ([24], 0), ([1], 841), ([1], -841)])
    async def test_too_many_hours_or_a_zone_that_is_none_are_refused(
        self, kit: UpdateBench, marked: list[int], minutes: int
    ) -> None:
        with pytest.raises(UpdateError):
            await exclude(kit, list(marked), minutes)
        assert await kit.commands() == []

    async def test_none_at_all_and_twenty_are_fine(self, kit: UpdateBench) -> None:
        await exclude(kit, list(range(20)))
        await exclude(kit, [])
        assert args_of((await kit.commands())[-1]) == [0, 60]

    async def test_the_appliance_is_told_when_the_owner_s_clock_changes(self, kit: UpdateBench) -> None:
        """Central European time: +60 in November, +120 in July."""
        await exclude(kit, [7], 60, "Europe/Berlin")
        winter, summer = dt.datetime(2026, 11, 26, tzinfo=dt.UTC), dt.datetime(2027, 7, 1, tzinfo=dt.UTC)
        async with kit.store.writing() as session:
            assert await wishes.retell(session, winter) == 0
            assert await wishes.retell(session, summer) == 1
            assert await wishes.retell(session, summer) == 0
        command = (await kit.commands())[-1]
        assert (args_of(command), command.who) == ([1 << 7, 120], "clock change")

    async def test_a_zone_that_is_not_known_keeps_its_minutes(self, kit: UpdateBench) -> None:
        await exclude(kit, [7], 345, "Moon/Tranquility")
        row = await hours(kit)
        assert (row.minutes, row.zone) == (345, "")
        async with kit.store.writing() as session:
            assert await wishes.retell(session, utcnow()) == 0

    async def test_a_running_cloud_looks_at_the_clock_by_itself(self, kit: UpdateBench) -> None:
        import asyncio
        import contextlib

        wrong = (wishes.offset_of("Europe/Berlin") or 0) - 60
        await exclude(kit, [7], wrong, "Europe/Berlin")
        task = asyncio.create_task(clock.run(kit.store))

        async def told() -> bool:
            return (await hours(kit)).minutes == wrong + 60

        await until(told)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def test_a_revoked_appliance_is_told_nothing_and_stops_nobody(self, kit: UpdateBench) -> None:
        await exclude(kit, [7], 0, "Europe/Berlin")
        await kit.registry.revoke(kit.sender.device)
        async with kit.store.writing() as session:
            assert await wishes.retell(session, dt.datetime(2027, 7, 1, tzinfo=dt.UTC)) == 0


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ([], []),
        ([5], [(5, 6)]),
        ([22, 23, 0, 1], [(22, 2)]),
        ([23], [(23, 24)]),
        ([0, 7, 8, 12], [(0, 1), (7, 9), (12, 13)]),
        (list(range(24)), [(0, 24)]),
    ],
)
def test_hours_are_said_as_spans(marked: list[int], expected: list[tuple[int, int]]) -> None:
    assert sorted(spans(marked)) == sorted(expected)


@given(st.sets(st.integers(0, 23)))
def test_spans_say_every_hour_once(marked: set[int]) -> None:
    said = [
        hour % 24 for start, end in spans(sorted(marked)) for hour in range(start, end if end > start else end + 24)
    ]
    assert sorted(said) == sorted(marked)


async def test_hours_of_two_appliances_do_not_meet(kit: UpdateBench) -> None:
    await exclude(kit, [1])
    async with kit.store.reading() as session:
        assert [row.device for row in await session.scalars(select(UpdateHoursRow))] == [kit.sender.device]
