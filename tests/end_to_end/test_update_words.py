"""People's words on an update, all the way: real cloud, real engine, TLS, real firmware. Hours without updates, an
offer taken back, a feature that waits for its owner's yes, the next release keys; each is Pending until the appliance
says so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import browser
import pytest
from commands_house import House, house
from trivet import api
from trivet.consent.access import Access, reading
from trivet.evidence import Number, check, fetch, public_key, words
from trivet.release import hands, keyset
from trivet.release.roots import KeyManifest, Roots
from trivet.store.updates import InstalledRow, OfferRow, UpdateHoursRow
from trivet.updates import give, keyring, listing, publish, views, wishes
from update_kit import Maker

REST = {"start_s": 1e6}
DESK = Access("service", "ines", "Work on this appliance")


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


async def published(home: House, maker: Maker, version: str, board: Path, sequence: int) -> None:
    settings = home.cloud.settings
    made = await asyncio.to_thread(lambda: maker.release(board, version, sequence=sequence))
    place = publish.Place(home.cloud.store, settings.data_dir, settings.updates_dir)
    await publish.publish(place, await asyncio.to_thread(publish.judge, place, made.path), "maker", board)


async def offered(home: House, version: str, over: str | None = None) -> int:
    where = home.cloud.settings.updates_dir
    return await give.release(home.cloud.store, where, home.id, version, "ines", over=over)


def until_it_is(home: House, number: int, state: str) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        async with home.cloud.store.reading() as session:
            return (await session.get_one(OfferRow, number)).state == state

    return reached


async def updates(home: House) -> views.Updates:
    async with reading(home.cloud.store, DESK) as read:
        found = await listing.of(read, home.id)
    assert found is not None
    return found


async def test_the_owner_and_the_vendor_are_heard(maker: Maker, tmp_path: Path) -> None:
    board = maker.board(change=lambda text: text.replace("DOOR_MS = 2_000", "DOOR_MS = 3_000"))
    async with house(tmp_path, roots=maker.roots.encode(), settings=REST, heap_kib=200) as home:
        await published(home, maker, "1.2.0", board, 1)
        await published(home, maker, "1.3.0", board, 2)
        store = home.cloud.store

        async with store.writing() as session:
            wanted = wishes.hours_of([2, 3], 60, "Europe/Berlin")
            await wishes.exclude(session, home.id, wanted, who="owner 1")

        async def kept_to() -> bool:
            async with store.reading() as session:
                return (await session.get_one(UpdateHoursRow, home.id)).state == "synced"

        await home.serve(kept_to, 60)
        async with store.reading() as session:
            assert (await session.get_one(UpdateHoursRow, home.id)).known_mask == 0b1100

        first = await offered(home, "1.2.0")
        await home.serve(until_it_is(home, first, "offered"), 60)
        await give.withdraw(store, home.id, first, "ines")
        await home.serve(until_it_is(home, first, "withdrawn"), 60)

        async with store.writing() as session:  # at any hour again: the virtual clock is where it is
            await wishes.exclude(session, home.id, wishes.hours_of([], 60), who="owner 1")
        second = await offered(home, "1.3.0")
        await home.serve(until_it_is(home, second, "offered"), 60)
        async with store.writing() as session:
            await wishes.answer(session, home.id, second, "yes", who="owner 1")
        await home.serve(until_it_is(home, second, "on trial"), 120)

        found = await updates(home)
        [trial] = found.open
        assert (trial.version, trial.answer and trial.answer.state) == ("1.3.0", "synced")
        assert 0 < trial.fetched <= trial.size
        assert [one.state for one in found.history] == ["withdrawn"]
        assert trial.report is not None
        async with reading(store, DESK) as read:
            told = await fetch(read, Number.parse(trial.report.number))
            said = dict(words(check(told.cose(), await public_key(read, home.id))))
        assert said["What"] == "update 1.3.0 (number 2): on trial"
        assert await home.cloud.transport.dead_letters(5) == []


async def test_what_lies_on_the_web_is_fetched_from_there(maker: Maker, tmp_path: Path) -> None:
    """Ranges of `/u` of this very cloud; over the broker it asks for nothing."""
    board = maker.board(change=lambda text: text.replace("DOOR_MS = 2_000", "DOOR_MS = 4_000"))
    async with house(tmp_path, roots=maker.roots.encode(), settings=REST, heap_kib=200) as home:
        await published(home, maker, "1.4.0", board, 3)
        async with browser.serving(api.create(home.cloud)) as url:
            number = await offered(home, "1.4.0", over=f"{url}/u")
            await home.serve(until_it_is(home, number, "offered"), 60)
            async with home.cloud.store.writing() as session:
                await wishes.answer(session, home.id, number, "yes", who="owner 1")
            await home.serve(until_it_is(home, number, "on trial"), 120)
        async with home.cloud.store.reading() as session:
            assert (await session.get_one(OfferRow, number)).served == 0


async def test_the_next_release_keys_arrive_and_are_known_to_have(maker: Maker, tmp_path: Path) -> None:
    [old] = maker.hands
    new = hands.open_hand(f"file:{tmp_path / 'new.key'}", make=True)
    roots = Roots(2, 1, False, (new.key,), (old.key.kid,))
    manifest = keyset.sign(KeyManifest(roots.encode()), maker.roots, roots, [old, new])
    async with house(tmp_path, roots=maker.roots.encode(), settings=REST, heap_kib=200) as home:
        where = home.cloud.settings.updates_dir
        number = await give.keys(home.cloud.store, where, home.id, manifest.encode(), "ines")
        await home.serve(until_it_is(home, number, "confirmed"), 60)
        async with home.cloud.store.reading() as session:
            installed = await session.get_one(InstalledRow, home.id)
        assert (installed.keys, installed.version) == (2, "")
        present = keyring.known(where)
        assert present is not None
        assert present.encode() == roots.encode()
