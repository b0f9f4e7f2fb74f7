"""A service session at the appliance: real firmware, real cloud, signed commands. What the desk may do within it, what
ends it, and that it leaves outputs safe and a record whatever ended it."""

from pathlib import Path
from typing import Any

import pytest
from commands_house import House, house
from sqlalchemy import select
from trivet.sim.world import World
from trivet.store.tables import MessageRow
from trivet_wire import ids

QUIET = {"start_s": 1e6}  # nobody uses it
FOR_S = 600


async def begin(home: House, number: int = 7, seconds: int = FOR_S) -> int | None:
    home.world.say("consent service yes")
    return await given(home, ids.C_SESSION, number, seconds, ids.END_TIME)


async def given(home: House, command: int, *args: object) -> int | None:
    return (await home.settled(await home.give(command, ids.G_SERVICE, *args))).reason


async def bodies(home: House, kind: int, count: int = 1) -> list[dict[str, Any]]:
    """Of the messages of a kind that the cloud has stored, once there are so many."""

    async def there() -> bool:
        return len(await stored()) >= count

    async def stored() -> list[dict[str, Any]]:
        async with home.cloud.store.reading() as session:
            query = (
                select(MessageRow.body_json).where(MessageRow.kind == kind).order_by(MessageRow.boot, MessageRow.seq)
            )
            return list(await session.scalars(query))

    await home.serve(there)
    return await stored()


def shown(world: World) -> str:
    world.step()
    return world.state.display


def driven(world: World) -> bool:
    return world.outputs != tuple(one.safe for one in world.board.outputs)


def remote(world: World) -> list[dict[str, Any]]:
    return [dict(event.data) for event in world.events if event.kind == "remote"]


def ledger(world: World) -> list[str]:
    before = len(world.events)
    world.say("ledger")
    return [str(event.data["text"]) for event in world.events[before:] if event.kind == "record"]


async def test_a_self_test_from_afar_runs_and_its_result_comes_signed_with_what_was_measured(tmp_path: Path) -> None:
    async with house(tmp_path, at_the_line=True, settings=QUIET) as home:
        assert await begin(home) == 0
        assert await given(home, ids.C_TEST, 7, "top_element") == 0
        [told] = await bodies(home, ids.SELF_TEST)
        assert (told["session"], told["routine"], told["reason"], told["signed"]) == (7, "top_element", 0, True)
        assert told["step"] == told["steps"] > 0
        names = [one.name for one in home.world.board.signals]
        assert "heater_current" in [names[row[0]] for row in told["measured"]]
        assert not driven(home.world)
        said = ledger(home.world)
        assert any("service session 7: begun, for 10 min" in text for text in said)
        assert any("service session 7: self-test" in text and "done" in text for text in said)


async def test_a_broken_element_is_measured_from_afar(tmp_path: Path) -> None:
    async with house(tmp_path, settings=QUIET) as home:
        home.world.inject("element_top_open")
        assert await begin(home) == 0
        assert await given(home, ids.C_TEST, 7, "top_element") == 0
        [told] = await bodies(home, ids.SELF_TEST)
        assert told["reason"] == ids.R_MEASURED


@pytest.mark.parametrize("how", ["button", "remote stop"])
async def test_whoever_stands_there_ends_it_in_the_middle_of_a_self_test(tmp_path: Path, how: str) -> None:
    async with house(tmp_path, settings=QUIET) as home:
        assert await begin(home) == 0
        assert "service desk is connected" in shown(home.world)
        assert await given(home, ids.C_TEST, 7, "top_element") == 0

        async def drives() -> bool:
            return driven(home.world)

        await home.serve(drives)
        home.world.say(how)
        home.world.step()
        assert not driven(home.world)
        assert "service desk" not in shown(home.world)
        [told] = await bodies(home, ids.SELF_TEST)
        assert told["reason"] == ids.R_STOPPED
        assert await bodies(home, ids.SESSION) == [{"session": 7, "by": ids.END_PRESENT}]
        assert await given(home, ids.C_TEST, 7, "fan") == ids.R_SESSION
        assert any("service session 7: ended at the appliance" in text for text in ledger(home.world))


async def test_withdrawn_consent_ends_it_at_once_and_nothing_more_is_said(tmp_path: Path) -> None:
    async with house(tmp_path, settings=QUIET) as home:
        assert await begin(home) == 0
        assert await given(home, ids.C_TEST, 7, "top_element") == 0
        home.world.say("consent service no")
        assert remote(home.world)[-1]["by"] == ids.END_CONSENT
        home.world.step()
        assert not driven(home.world)
        assert await given(home, ids.C_TEST, 7, "fan") == ids.R_GRANT
        async with home.cloud.store.reading() as session:
            kinds = list(await session.scalars(select(MessageRow.kind)))
        assert ids.SELF_TEST not in kinds
        assert ids.SESSION not in kinds


async def test_it_ends_by_itself_and_with_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path, settings=QUIET) as home:
        assert await begin(home, 7, 20) == 0
        assert await bodies(home, ids.SESSION) == [{"session": 7, "by": ids.END_TIME}]
        assert await given(home, ids.C_TEST, 7, "fan") == ids.R_SESSION
        assert await begin(home, 8) == 0
        home.world.restart()
        assert await given(home, ids.C_TEST, 8, "fan") == ids.R_SESSION


async def test_without_a_session_or_within_another_nothing_is_done(tmp_path: Path) -> None:
    async with house(tmp_path, settings=QUIET) as home:
        home.world.say("consent service yes")
        assert await given(home, ids.C_FIX, 7, "restart") == ids.R_SESSION
        assert await begin(home, seconds=ids.MAX_SESSION_S) == 0
        assert await begin(home, 8) == ids.R_BUSY
        assert await given(home, ids.C_TEST, 8, "fan") == ids.R_SESSION
        assert await given(home, ids.C_TEST, 7, "no_such") == ids.R_FIELD
        assert await given(home, ids.C_FIX, 7, "no_such") == ids.R_FIELD
        assert await given(home, ids.C_FIX, 7, "relearn") == ids.R_BUSY  # an oven learns nothing
        assert await given(home, ids.C_SESSION, 9, ids.MAX_SESSION_S + 1, 0) == ids.R_FIELD
        assert await given(home, ids.C_SESSION, 7, 0, ids.END_DESK) == 0
        assert await given(home, ids.C_SESSION, 7, 0, ids.END_DESK) == 0  # over is over
        assert [row["by"] for row in remote(home.world) if row.get("left_s") == 0] == [ids.END_DESK]


async def test_while_it_bakes_nothing_is_tested_and_nothing_restarts(tmp_path: Path) -> None:
    async with house(tmp_path, settings={"start_s": 2}) as home:
        assert await begin(home) == 0

        async def bakes() -> bool:
            return home.world.now_s > 12

        await home.serve(bakes)
        assert await given(home, ids.C_TEST, 7, "top_element") == ids.R_UNSAFE
        assert await given(home, ids.C_FIX, 7, "restart") == ids.R_UNSAFE


async def test_a_restart_from_afar_happens_once_and_ends_the_session(tmp_path: Path) -> None:
    async with house(tmp_path, settings=QUIET) as home:
        assert await begin(home) == 0
        assert await given(home, ids.C_FIX, 7, "restart") == 0
        assert await given(home, ids.C_TEST, 7, "fan") == ids.R_SESSION
        assert sum(event.kind == "started" for event in home.world.events) == 2
