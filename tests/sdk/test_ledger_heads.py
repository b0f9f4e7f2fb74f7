"""The cloud knows how far each appliance's ledger was: whoever comes with an older or another one is found out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cloud_kit import Bench, bench
from sqlalchemy import select
from trivet.bench import traffic
from trivet.consent import security
from trivet.store.ledger import LedgerHeadRow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

H = {number: bytes([number]) * 32 for number in range(256)}


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


def hello(kit: Bench, counter: int, *, boot: int = 1, head: bytes | None = None, anchor: int = 0) -> tuple[str, bytes]:
    kit.sender.seq += 1  # time goes on
    body = [traffic.MODEL, "1.0.0", traffic.CATALOGUE, boot, kit.sender.seq, kit.sender.mask]
    body += [counter, (head or H[counter])[:8], anchor]
    return kit.sender.message(ids.HELLO, body, seq=0, boot=boot)


def head(kit: Bench, counter: int, *, of: bytes | None = None, wrong: int = 0, why: int = 0) -> tuple[str, bytes]:
    return kit.sender.message(ids.LEDGER_HEAD, [counter, of or H[counter], wrong, why, None])


async def events(kit: Bench) -> list[str]:
    async with kit.store.reading() as session:
        return [row.words for row in await security.of(session, kit.sender.device) if row.kind == security.LEDGER]


async def test_an_appliance_that_goes_on_raises_nothing(kit: Bench) -> None:
    await kit.take(hello(kit, 5), head(kit, 40), hello(kit, 41), hello(kit, 60, boot=2, anchor=40))
    await kit.take(hello(kit, 60, boot=2, anchor=40))
    assert await events(kit) == []
    async with kit.store.reading() as session:
        rows = list(await session.scalars(select(LedgerHeadRow).order_by(LedgerHeadRow.id)))
    assert [(row.counter, row.head[:8], row.signed) for row in rows] == [
        (5, H[5][:8], None),
        (40, H[40][:8], False),
        (41, H[41][:8], None),
        (60, H[60][:8], None),
    ]


@pytest.mark.parametrize(
    ("put_back", "says"),
    [
        ({"counter": 61, "boot": 2, "anchor": 40}, "start 2 after start 3"),
        ({"counter": 59, "boot": 4, "anchor": 40}, "ends at record 59, and record 60 was known"),
        ({"counter": 61, "boot": 4, "anchor": 20}, "the receipt of record 20 only, and had that of record 40"),
        ({"counter": 60, "boot": 4, "anchor": 40, "head": H[99]}, "record 60 of its ledger is not the one"),
        ({"counter": 5, "boot": 4, "anchor": 40}, "ends at record 5,"),
    ],
)
async def test_an_old_flash_is_found_at_the_next_contact_once(kit: Bench, put_back: dict, says: str) -> None:
    await kit.take(hello(kit, 5), head(kit, 40), hello(kit, 60, boot=3, anchor=40))
    await kit.take(hello(kit, **put_back))
    (event,) = await events(kit)
    assert event.startswith("An old flash was put back: ")
    assert says in event
    again = put_back | {"counter": put_back["counter"] + 1, "head": None}
    await kit.take(hello(kit, **again))
    assert len(await events(kit)) == 1


async def test_one_start_that_begins_twice_is_two_flashes(kit: Bench) -> None:
    first, second = hello(kit, 5), hello(kit, 6)
    await kit.take(second, first)
    assert ["began start 1 a second time" in event for event in await events(kit)] == [True]


async def test_a_message_that_the_engine_held_back_is_no_old_flash(kit: Bench) -> None:
    kit.send(hello(kit, 5), hello(kit, 60, boot=2))
    early, later = await kit.transport.fetch(100, 0.01)
    await kit.worker.process([later])
    await kit.worker.process([early])
    assert await events(kit) == []


async def test_a_head_that_disagrees_with_a_known_one_is_found(kit: Bench) -> None:
    await kit.take(head(kit, 40), head(kit, 40, of=H[41]))
    assert await events(kit) == ["An old flash was put back: record 40 of its ledger is not the one that was known."]


async def test_what_an_appliance_finds_in_its_own_ledger_is_said(kit: Bench) -> None:
    await kit.take(head(kit, 40, wrong=17, why=ids.L_ALTERED))
    assert await events(kit) == ["The appliance found its own ledger altered: record 17 (altered)."]
