"""The queue as the database gives it: filters, words, pages, figures, and nothing that consent does not cover."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import seeded
from seeded import Vendor
from sqlalchemy import update
from trivet.cases import queue
from trivet.cases.queue import ALL, RESOLVED, Wanted
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.cases.work import assign, escalate, place
from trivet.consent import requests, uses
from trivet.consent.access import Access, reading
from trivet.passwords import hash_password
from trivet.store.cases import CaseWorkRow
from trivet.store.tables import CaseRecord, LoginRow, utcnow

DESK = Access("service", seeded.USER, "test")


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as made:
        yield made


async def numbers(vendor: Vendor, wanted: Wanted) -> list[int]:
    async with reading(vendor.store, DESK) as read:
        return [row.id for row in (await queue.page(read, wanted, 50)).rows]


async def found(vendor: Vendor, words: str) -> list[int]:
    return sorted(await numbers(vendor, Wanted(ALL, words)))


def hand(session: object, case: int) -> Hand:
    return Hand(session, case, DEFAULT, Actor("agent", seeded.USER))  # type: ignore[arg-type]


async def test_hazards_stand_first_then_severity_then_state(vendor: Vendor) -> None:
    cases = await seeded.seed(vendor)
    assert await numbers(vendor, Wanted()) == [cases[name] for name in ("door", "element", "sensor", "fan")]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_pages_hold_every_case_once_in_the_order_of_the_whole(vendor: Vendor, size: int) -> None:
    oven = await seeded.add_oven(vendor, "Oven", "Ada Feldmann")
    for number in range(14):  # at most one is open of each code
        other = await seeded.add_oven(vendor, f"Oven {number}", None)
        state = ("new", "ongoing", "escalating", "regressed", "resolved")[number % 5]
        await seeded.add_case(vendor, other.device, number % 4, state=state, ago=dt.timedelta(hours=number // 3))
    await seeded.add_case(vendor, oven.device, seeded.DOOR)
    async with reading(vendor.store, DESK) as read:
        whole = [row.id for row in await queue.everything(read, Wanted(ALL))]
        paged, after = list[int](), None
        for _ in range(20):
            cut = await queue.page(read, Wanted(ALL), size, after)
            paged += [row.id for row in cut.rows]
            after = cut.after
            if after is None:
                break
        listed = [row.id for row in await queue.newest(read, Wanted(ALL), 4)]
        listed += [row.id for row in await queue.newest(read, Wanted(ALL), 50, listed[-1])]
    assert paged == whole
    assert len(whole) == 15
    assert listed == sorted(whole, reverse=True)


async def test_anything_that_a_caller_says_finds_the_case(vendor: Vendor) -> None:
    cases = await seeded.seed(vendor)
    async with vendor.store.reading() as session:
        device = (await session.get_one(CaseRecord, cases["element"])).device
    code = seeded.CODES[seeded.ELEMENT]
    phone = f"+49 30 5550 {sum(b'Ada Feldmann') % 900 + 100}"
    for words in (
        *(code, code.lower(), code.replace("-", ""), "upper element HEAT", "Heizelement unterbrochen"),
        *("ada feld", "ADA.FELDMANN@example.com", device, device[:9].upper(), "oven kitchen"),
        *(phone, phone.replace("+49 ", "0"), phone.replace("+49 ", "0049").replace(" ", "-"), phone.replace(" ", "")),
    ):
        assert cases["element"] in await found(vendor, words), words
    assert await found(vendor, f"#{cases['fan']}") == [cases["fan"]]
    assert cases["fan"] in await found(vendor, str(cases["fan"]))
    assert set(await found(vendor, "BÄCKEREI söhne")) == {cases["sensor"], cases["fan"]}
    assert await found(vendor, "ada krause") == []


@pytest.mark.parametrize("words", ["%", "_", "/", "100%", "' OR 1=1 --", "\0", "9" * 40, "qx " * 40, "\u202e", "²"])
async def test_signs_of_a_query_language_are_words_like_others(vendor: Vendor, words: str) -> None:
    await seeded.seed(vendor)
    assert await found(vendor, words) == ([1, 2, 3, 4] if words == "\0" else [])


async def test_filters_by_who_where_how_urgent_and_how_late(vendor: Vendor) -> None:
    cases = await seeded.seed(vendor)
    element, fan = cases["element"], cases["fan"]
    async with vendor.store.writing() as session:
        session.add(LoginRow(user="ben", password_hash=hash_password("x" * 12), role="engineer"))
        await session.flush()
        await assign(hand(session, element), seeded.USER, "mine")
        await assign(hand(session, fan), "ben", "his")
        await place(hand(session, fan), 3, "engineering", "hard")
        await escalate(hand(session, element), up=True, why="urgent")
        past = utcnow() - dt.timedelta(hours=1)
        await session.execute(update(CaseWorkRow).where(CaseWorkRow.case == fan).values(resolve_by=past))
    assert await numbers(vendor, Wanted(assigned=seeded.USER)) == [element]
    assert await numbers(vendor, Wanted(assigned="")) == [cases["door"], cases["sensor"]]
    assert await numbers(vendor, Wanted(queue="engineering")) == [fan]
    assert await numbers(vendor, Wanted(tier=3)) == [fan]
    assert await numbers(vendor, Wanted(escalated=True)) == [cases["door"], element]
    assert await numbers(vendor, Wanted(late=True)) == [fan]
    assert fan not in await numbers(vendor, Wanted(late=False))
    assert await numbers(vendor, Wanted(RESOLVED)) == []
    async with reading(vendor.store, DESK) as read:
        counts = await queue.figures(read)
    assert (counts.open, counts.hazards, counts.sensors, counts.late, counts.escalated, counts.mine) == (
        4,
        1,
        2,
        1,
        2,
        1,
    )
    assert (counts.online, counts.appliances) == (2, 4)


async def test_what_a_withdrawn_consent_covered_is_neither_shown_counted_nor_found(vendor: Vendor) -> None:
    cases = await seeded.seed(vendor)
    async with vendor.store.reading() as session:
        device = (await session.get_one(CaseRecord, cases["element"])).device
    async with vendor.store.writing() as session:
        await requests.decide(session, device, "service", False)
    assert cases["element"] not in await numbers(vendor, Wanted(ALL))
    assert await found(vendor, "ada feldmann") == []
    async with reading(vendor.store, DESK) as read:
        assert (await queue.figures(read)).open == 3
        assert [row.id for row in await queue.newest(read, Wanted(ALL, device=device), 50)] == []
    async with vendor.store.reading() as session:
        assert await uses.of(session, device) == []


async def test_a_hazard_without_consent_to_service_is_shown_and_not_found_by_what_evidence_said(vendor: Vendor) -> None:
    oven = await seeded.add_oven(vendor, "Oven", "Nora Nein")
    case = await seeded.add_case(vendor, oven.device, seeded.DOOR, purpose=0, causes=[("hinge", 0.9)])
    assert await found(vendor, "hinge") == [case]
    async with vendor.store.writing() as session:
        await requests.decide(session, oven.device, "service", False)
    assert await found(vendor, "hinge") == []
    assert await found(vendor, "door nora") == [case]


async def test_only_what_a_page_shows_stands_in_the_owners_log(vendor: Vendor) -> None:
    cases = await seeded.seed(vendor)
    async with reading(vendor.store, DESK) as read:
        await queue.page(read, Wanted(), 1)
    async with vendor.store.reading() as session:
        devices = [(await session.get_one(CaseRecord, cases[name])).device for name in ("door", "element")]
        assert [len(await uses.of(session, device)) for device in devices] == [1, 0]


async def test_a_case_whose_owner_is_asked_is_not_late_meanwhile(vendor: Vendor) -> None:
    fan = (await seeded.seed(vendor))["fan"]
    now = utcnow()
    for since, late in ((now - dt.timedelta(hours=2), []), (now, [fan])):
        async with vendor.store.writing() as session:
            await place(hand(session, fan), 3, None, "hard")
            clock = {"resolve_by": now - dt.timedelta(hours=1), "waits_since": since}
            await session.execute(update(CaseWorkRow).where(CaseWorkRow.case == fan).values(clock))
        assert await numbers(vendor, Wanted(late=True)) == late
        async with reading(vendor.store, DESK) as read:
            [line] = [row for row in (await queue.page(read, Wanted(), 50)).rows if row.id == fan]
        assert line.late(utcnow()) == bool(late)
