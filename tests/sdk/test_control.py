"""Commands in the cloud: queued once, told apart by a counter that never goes back, open until the result comes."""

import datetime as dt
from pathlib import Path

import pytest
from cloud_kit import Bench, bench
from sqlalchemy import select
from trivet import control
from trivet.store.tables import CommandRow, DeviceRow
from trivet_wire import cbor, ids

pytestmark = pytest.mark.usefixtures("database")

NOW = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)


async def give(kit: Bench, command: int = ids.C_CLEAR, grant: int = ids.G_SERVICE, **more: object) -> int:
    async with kit.store.writing() as session:
        return await control.queue(session, kit.sender.device, command, [], grant, **more)  # type: ignore[arg-type]


async def rows(kit: Bench) -> list[CommandRow]:
    async with kit.store.reading() as session:
        return list(await session.scalars(select(CommandRow).order_by(CommandRow.counter)))


async def test_counters_rise_from_one_and_never_go_back(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        assert [await give(kit) for _ in range(3)] == [1, 2, 3]
        async with kit.store.writing() as session:  # as an erasure does
            for row in await session.scalars(select(CommandRow)):
                await session.delete(row)
        assert await give(kit) == 4


async def test_arguments_and_asker_are_kept(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        async with kit.store.writing() as session:
            args = [ids.SERVICE, 0, 0xDEADBEEF, "de", 0]
            await control.queue(session, kit.sender.device, ids.C_CONSENT, args, ids.G_ACCOUNT, who="owner 1")
        [row] = await rows(kit)
        assert cbor.decode(row.args) == args
        assert (row.who, row.sent_at, row.reason) == ("owner 1", None, None)


@pytest.mark.parametrize(
    ("command", "grant"), [(ids.C_CLEAR, ids.G_ACCOUNT), (ids.C_ROTATE, ids.G_SERVICE), (0, 0), (99, ids.G_VENDOR)]
)
async def test_what_an_appliance_would_refuse_is_not_queued(tmp_path: Path, command: int, grant: int) -> None:
    async with bench(tmp_path) as kit:
        with pytest.raises(control.ControlError, match="would refuse it"):
            await give(kit, command, grant)
        assert await rows(kit) == []


async def test_strangers_and_revoked_appliances_get_no_command(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await kit.registry.revoke(kit.sender.device)
        with pytest.raises(control.ControlError, match="revoked"):
            await give(kit)


async def test_arguments_too_large_or_of_a_wrong_type_are_refused(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit, kit.store.writing() as session:
        for args in ([bytes(300)], [1.5], [1 << 70]):
            with pytest.raises(control.ControlError, match="cannot be sent"):
                await control.queue(session, kit.sender.device, ids.C_CLEAR, args, ids.G_SERVICE)


@pytest.mark.parametrize(("reason", "expected"), [(0, control.DONE), (ids.R_GRANT, control.REFUSED)])
async def test_the_result_settles_it_once(tmp_path: Path, reason: int, expected: str) -> None:
    async with bench(tmp_path) as kit:
        counter = await give(kit)
        await kit.take(kit.sender.message(ids.COMMAND_RESULT, [counter, ids.C_CLEAR, reason]))
        await kit.take(kit.sender.message(ids.COMMAND_RESULT, [counter, ids.C_CLEAR, ids.R_COUNTER]))
        [row] = await rows(kit)
        assert (control.state(row, NOW), row.reason) == (expected, reason)
        assert row.answered_at is not None
        assert kit.reasons == []


async def test_results_of_commands_never_given_change_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        counter = await give(kit)
        for body in ([0, 0, ids.R_SIGNATURE], [counter + 1, ids.C_CLEAR, 0], [counter, ids.C_ROTATE, 0]):
            await kit.take(kit.sender.message(ids.COMMAND_RESULT, body))
        [row] = await rows(kit)
        assert control.state(row, NOW) == control.OPEN
        assert len(await kit.messages()) == 3


async def test_a_hello_opens_what_was_sent_without_a_result(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        counter, other = await give(kit), await give(kit)
        async with kit.store.writing() as session:
            for row in await session.scalars(select(CommandRow)):
                row.sent_at = NOW
        await kit.take(kit.sender.message(ids.COMMAND_RESULT, [counter, ids.C_CLEAR, 0]), kit.sender.hello())
        assert {row.counter: row.sent_at is None for row in await rows(kit)} == {counter: False, other: True}


async def test_a_command_ends_with_its_time_unless_its_result_comes(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await give(kit, expires_at=NOW)
        [row] = await rows(kit)
        assert control.state(row, NOW - dt.timedelta(seconds=1)) == control.OPEN
        assert control.state(row, NOW) == control.EXPIRED
        await kit.take(kit.sender.message(ids.COMMAND_RESULT, [row.counter, ids.C_CLEAR, 0]))
        [row] = await rows(kit)
        assert control.state(row, NOW) == control.DONE


async def test_two_at_once_get_two_counters(tmp_path: Path) -> None:
    import asyncio

    async with bench(tmp_path) as kit:
        assert sorted(await asyncio.gather(*(give(kit) for _ in range(8)))) == list(range(1, 9))
        async with kit.store.reading() as session:
            assert (await session.get_one(DeviceRow, kit.sender.device)).command_counter == 8
