"""Commands on real parts: signed in the cloud, over TLS and the engine, verified and done by the firmware, answered."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from commands_house import House, house
from sqlalchemy import select
from trivet import control
from trivet.registry import owner_of
from trivet.store.tables import ConsentRow, MessageRow, utcnow
from trivet_wire import ids


async def test_a_command_is_done_and_its_result_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.world.say("consent service yes")
        done = await home.settled(await home.give(ids.C_CLEAR, ids.G_SERVICE))
        assert control.state(done, utcnow()) == control.DONE


async def test_without_consent_to_service_it_is_refused_with_a_reason(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        refused = await home.settled(await home.give(ids.C_RELEARN, ids.G_SERVICE))
        assert refused.reason == ids.R_GRANT


async def test_the_owner_decides_in_their_account_and_the_appliance_says_what_holds(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        for granted in (1, 0):
            counter = await home.give(ids.C_CONSENT, ids.G_ACCOUNT, ids.IMPROVE, granted, 0xABCD, "de", 1 - granted)
            assert (await home.settled(counter)).reason == 0

            async def synced(granted: int = granted) -> bool:
                return (await home.device()).consent_mask >> ids.IMPROVE & 1 == granted

            await home.serve(synced)
        async with home.cloud.store.reading() as session:
            rows = list(await session.scalars(select(ConsentRow).order_by(ConsentRow.consent_seq)))
        assert [(row.purpose, row.granted, row.channel, row.language) for row in rows] == [
            (ids.IMPROVE, True, ids.BY_ACCOUNT, "de"),
            (ids.IMPROVE, False, ids.BY_ACCOUNT, "de"),
        ]


async def test_keys_rotate_and_everything_goes_on_under_the_new_epoch(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        for epoch in (2, 3):
            counter = await home.cloud.command(home.id, ids.C_ROTATE, "test")
            assert (await home.settled(counter)).reason == 0
            row = await home.device()
            assert (row.key_epoch, row.pending_epoch) == (epoch, None)
        home.world.restart()
        home.world.say("consent service yes")

        async def consented() -> bool:
            return bool((await home.device()).consent_mask >> ids.SERVICE & 1)

        await home.serve(consented)
        assert await home.cloud.transport.dead_letters(9) == []


async def test_given_away_by_command_it_forgets_its_owner_and_the_cloud_ends_the_ownership(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.cloud.claim(home.id, home.identity.claim_secret, "Ada", email="ada@example.org")
        home.world.say("consent service yes")
        counter = await home.give(ids.C_RELEASE, ids.G_ACCOUNT)
        assert (await home.settled(counter)).reason == 0

        async def over() -> bool:
            async with home.cloud.store.reading() as session:
                return await owner_of(session, home.id) is None

        await home.serve(over)
        assert (await home.device()).consent_mask == 1 << ids.SAFETY


async def test_a_command_waits_for_an_appliance_that_is_away(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.world.say("consent service yes")
        await home.serve(lambda: _connected(home, True))
        home.world.kill()
        await _until(lambda: _connected(home, False))
        counter = await home.give(ids.C_CLEAR, ids.G_SERVICE)
        await asyncio.sleep(1.2)
        assert (await home.row(counter)).sent_at is None
        home.world.start()
        assert (await home.settled(counter)).reason == 0


async def _connected(home: House, wanted: bool) -> bool:
    return (await home.device()).connected == wanted


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("command", [ids.C_RECOVER])
async def test_a_restart_by_command_happens_once(tmp_path: Path, command: int) -> None:
    async with house(tmp_path) as home:
        home.world.say("consent service yes")
        await home.serve(lambda: _connected(home, True))
        before = sum(event.kind == "started" for event in home.world.events)
        assert (await home.settled(await home.give(command, ids.G_SERVICE))).reason == 0
        await asyncio.to_thread(home.world.idle, 2)
        assert sum(event.kind == "started" for event in home.world.events) == before + 1
        async with home.cloud.store.reading() as session:
            kinds = list(await session.scalars(select(MessageRow.kind).where(MessageRow.kind == ids.COMMAND_RESULT)))
        assert kinds
