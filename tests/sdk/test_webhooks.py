"""Webhooks reach every receiver at least once under one id, in the promised schedule, whatever the receiver does; they
say nothing of anybody; and what the timeline told is never lost on the way."""

import asyncio
import datetime as dt
import itertools
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import seeded
from receiver_kit import Receiver, Reply, Request, receiver, taking
from seeded import Vendor
from sqlalchemy import func, select
from standardwebhooks import Webhook as Judge
from trivet.consent import requests
from trivet.outward import ring, schedule
from trivet.outward.guard import networks
from trivet.outward.http import Client
from trivet.outward.router import HOLD_S, Router, Told
from trivet.store import Store
from trivet.store.outward import DeliveryRow, OutboxRow, WebhookRow
from trivet.store.tables import CaseEventRow, utcnow
from trivet.webhooks import receivers
from trivet.webhooks.events import Queue
from trivet.webhooks.sender import Sender

pytestmark = pytest.mark.usefixtures("database")

BASE = "https://desk.example.com"


class Clock:
    """Moves only when told to."""

    def __init__(self) -> None:
        self.now = utcnow()

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


class House:
    """A vendor's cloud with one case, a router and a sender under a virtual clock."""

    def __init__(self, vendor: Vendor, device: str, case: int, client: Client) -> None:
        self.vendor, self.device, self.case = vendor, device, case
        self.clock = Clock()
        self.router = self.routed()
        self.sender = Sender(vendor.store, vendor.seal, client, now=self.clock, dice=random.Random(7))

    def routed(self, *more: Any) -> Router:
        return Router(self.vendor.store, [Queue(BASE, self.clock), *more], now=self.clock)

    async def add(self, there: Receiver, **more: Any) -> tuple[int, str]:
        async with self.vendor.store.writing() as session:
            return await receivers.add(session, self.vendor.seal, there.url, who="test", **more)

    async def happens(self, kind: str = "opened", text: str = "Ada Feldmann, +49 30 5550 123") -> None:
        async with self.vendor.store.writing() as session:
            session.add(CaseEventRow(case=self.case, actor="appliance", kind=kind, text=text))

    async def turn(self) -> int:
        await self.router.turn()
        return await self.sender.turn()

    async def deliveries(self) -> list[DeliveryRow]:
        async with self.vendor.store.reading() as session:
            return list(await session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)))

    async def count(self, table: type[Any]) -> int:
        async with self.vendor.store.reading() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def due(self) -> dt.datetime:
        """When the first delivery is tried next."""
        return (await self.deliveries())[0].next_at

    async def webhook(self, number: int) -> WebhookRow:
        async with self.vendor.store.reading() as session:
            return await session.get_one(WebhookRow, number)


@asynccontextmanager
async def open_house(folder: Path, allowed: tuple[str, ...] = ("127.0.0.0/8",)) -> AsyncIterator[House]:
    async with seeded.open_vendor(folder) as vendor, Client(networks(allowed)) as client:
        oven = await seeded.add_oven(vendor, "Oven", "Ada Feldmann")
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        made = House(vendor, oven.device, case, client)
        await made.router.turn()  # what the case itself brought
        yield made


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as made:
        yield made


class TestWhatArrives:
    async def test_a_signed_thin_cloudevent_that_standard_webhooks_believes(self, house: House) -> None:
        async with receiver() as there:
            _, secret = await house.add(there)
            await house.happens()
            assert await house.turn() == 1
        [request] = there.requests
        told = Judge(secret).verify(request.body, request.headers)
        assert (told["specversion"], told["type"], told["source"]) == ("1.0", "trivet.case.opened", BASE)
        assert told["id"] == request.headers["webhook-id"]
        assert told["subject"] == f"case/{house.case}"
        assert dt.datetime.fromisoformat(told["time"]).tzinfo is not None
        assert set(told["data"]) == {"case", "entry", "actor", "links"}
        assert told["data"]["links"]["case"] == f"{BASE}/api/cases/{house.case}"
        assert request.headers["content-type"].startswith("application/cloudevents+json")
        for word in (b"Ada", b"Feldmann", b"5550", house.device.encode(), b"example.com/api/cases/ada"):
            assert word not in request.body

    async def test_only_the_kinds_that_were_asked_for(self, house: House) -> None:
        async with receiver() as there:
            await house.add(there, kinds=["resolved"])
            for kind in ("opened", "resolved", "again"):
                await house.happens(kind)
            await house.turn()
        assert [json.loads(one.body)["type"] for one in there.requests] == ["trivet.case.resolved"]

    async def test_while_a_secret_is_replaced_both_sign(self, house: House) -> None:
        async with receiver() as there:
            number, old = await house.add(there)
            async with house.vendor.store.writing() as session:
                new = await receivers.rotate(session, house.vendor.seal, number, house.clock())
            await house.happens()
            await house.turn()
            for secret in (old, new):
                Judge(secret).verify(there.requests[0].body, there.requests[0].headers)
            house.clock.forward(ring.OVERLAP.total_seconds() + 1)
            await house.happens()
            await house.turn()
        assert len(there.requests[0].headers["webhook-signature"].split()) == 2
        assert len(there.requests[1].headers["webhook-signature"].split()) == 1

    async def test_the_database_alone_signs_nothing(self, house: House) -> None:
        async with receiver() as there:
            number, secret = await house.add(there)
        row = await house.webhook(number)
        assert secret.encode() not in row.secrets
        assert secret.removeprefix("whsec_").encode() not in row.secrets


class TestWhatIsNotLost:
    async def test_whoever_writes_into_the_timeline_fills_the_outbox(self, house: House) -> None:
        async with house.vendor.store.writing() as session:
            values = {
                "case": house.case,
                "at": utcnow(),
                "actor": "agent",
                "kind": "note",
                "text": "x",
                "data_json": {},
            }
            await session.execute(CaseEventRow.__table__.insert().values(values))
        assert await house.count(OutboxRow) == 1

    async def test_what_is_rolled_back_is_not_told(self, house: House) -> None:
        async def fail() -> None:
            async with house.vendor.store.writing() as session:
                session.add(CaseEventRow(case=house.case, actor="agent", kind="note", text="x"))
                await session.flush()
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await fail()
        assert await house.count(OutboxRow) == 0

    async def test_a_death_between_outbox_and_deliveries_repeats_and_doubles_nothing(self, house: House) -> None:
        async def dying(_session: object, _told: object) -> None:
            raise RuntimeError("killed here")

        async with receiver() as there:
            await house.add(there)
            for _ in range(3):
                await house.happens()
            broken = house.routed(dying)
            await broken.turn()
            assert (await house.count(OutboxRow), await house.count(DeliveryRow)) == (3, 0)
            house.clock.forward(HOLD_S + 1)
            await house.turn()
            await house.turn()
        assert len(there.ids) == len(set(there.ids)) == 3
        assert await house.count(OutboxRow) == 0

    async def test_one_entry_that_cannot_be_taken_holds_up_no_other(self, house: House) -> None:
        async def picky(_session: object, told: list[Told]) -> None:
            if any(one.kind == "poison" for one in told):
                raise ValueError("not this one")

        async with receiver() as there:
            await house.add(there)
            for kind in ("opened", "poison", "resolved"):
                await house.happens(kind)
            await house.routed(picky).turn()
            await house.sender.turn()
        kinds = {json.loads(one.body)["type"] for one in there.requests}
        assert kinds == {"trivet.case.opened", "trivet.case.resolved"}
        assert await house.count(OutboxRow) == 1  # waits, with its time

    async def test_two_routers_and_two_senders_send_each_once(self, house: House) -> None:
        async with receiver() as there:
            await house.add(there)
            for _ in range(30):
                await house.happens()
            second = house.routed()
            await asyncio.gather(house.router.turn(), second.turn())
            other = Sender(house.vendor.store, house.vendor.seal, house.vendor.client, now=house.clock)
            await asyncio.gather(house.sender.turn(), other.turn())
        assert len(there.ids) == len(set(there.ids)) == 30


class TestReceiversThatFail:
    async def test_dead_for_hours_gets_it_under_the_same_id_in_the_promised_schedule(self, house: House) -> None:
        alive = False
        tried: list[dt.datetime] = []

        async def dead(_request: Request) -> Reply:
            tried.append(house.clock())
            return Reply(204 if alive else 503)

        async with receiver(dead) as there:
            number, _ = await house.add(there)
            await house.happens()
            assert await house.turn() == 1
            began = house.clock()
            while (due := await house.due()) - began < dt.timedelta(hours=6):
                house.clock.now = due - dt.timedelta(seconds=1)
                assert await house.turn() == 0  # not a moment too soon
                house.clock.now = due
                assert await house.turn() == 1
            before = len(tried)
            alive = True
            house.clock.now = due
            assert await house.turn() == 1
        assert before == 5  # at once, 5 s, 5 min, 30 min, 2 h
        for at, (earlier, later) in enumerate(itertools.pairwise(tried), 1):
            waited, promised = (later - earlier).total_seconds(), schedule.DELAYS_S[at]
            assert promised * 0.9 <= waited <= promised * 1.1 + 1
        assert len(set(there.ids)) == 1
        assert len({request.body for request in there.requests}) == 1
        stamps = [int(request.headers["webhook-timestamp"]) for request in there.requests]
        assert stamps == sorted(set(stamps))  # signed anew for each try
        assert (await house.webhook(number)).failing_since is None

    async def test_never_there_is_disabled_after_the_whole_schedule_and_can_be_sent_again(self, house: House) -> None:
        async def dead(_request: Request) -> Reply:
            return Reply(500)

        async with receiver(dead) as there:
            number, _ = await house.add(there)
            await house.happens()
            began = house.clock()
            await house.turn()
            while (await house.deliveries())[0].state == "open":
                house.clock.now = await house.due()
                assert await house.turn() == 1
            [row] = await house.deliveries()
            assert (row.state, row.tries) == ("failed", schedule.TRIES)
            assert row.last_at is not None
            assert abs((row.last_at - began).total_seconds() - schedule.WHOLE_S) < 0.15 * schedule.WHOLE_S
            webhook = await house.webhook(number)
            assert "nothing was taken in 3 d" in webhook.disabled_why
            there.answering = taking
            async with house.vendor.store.writing() as session:
                await receivers.enable(session, number)
                assert await receivers.resend(session, number, row.made_at, house.clock()) == 1
            await house.turn()
        assert (await house.deliveries())[0].state == "delivered"
        assert len(set(there.ids)) == 1

    async def test_410_disables_at_once_and_nothing_more_is_sent(self, house: House) -> None:
        async def gone(_request: Request) -> Reply:
            return Reply(410)

        async with receiver(gone) as there:
            number, _ = await house.add(there)
            for _ in range(12):
                await house.happens()
            await house.turn()
            sent = len(there.requests)
            await house.happens()
            house.clock.forward(schedule.DAY)
            await house.turn()
        assert sent <= 4  # what was on its way at that moment
        assert len(there.requests) == sent
        assert "410" in (await house.webhook(number)).disabled_why
        assert {row.state for row in await house.deliveries()} == {"dropped"}

    async def test_a_slow_one_holds_up_nobody_and_is_given_up_in_time(self, house: House) -> None:
        async def silent(_request: Request) -> Reply:
            await asyncio.sleep(3600)
            return Reply()

        async with receiver(silent) as slow, receiver() as quick:
            await house.add(slow)
            await house.add(quick)
            for _ in range(40):
                await house.happens()
            await house.router.turn()
            began = time.monotonic()
            running = asyncio.create_task(house.sender.run())
            while len(quick.requests) < 40:
                await asyncio.sleep(0.01)
                assert time.monotonic() - began < 10
            assert len(slow.requests) == 4
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    @pytest.mark.parametrize("drip", [0.0, 0.2])
    async def test_time_is_bounded_as_a_whole(self, house: House, drip: float) -> None:
        async def slow(_request: Request) -> Reply:
            if not drip:
                await asyncio.sleep(3600)
            return Reply(200, b"x" * 1000, slow_s=drip)

        async with receiver(slow) as there:
            began = time.monotonic()
            with pytest.raises(Exception, match="within 1 s"):
                await house.vendor.client.request("POST", there.url, {}, b"", limit_s=1)
            assert time.monotonic() - began < 3

    async def test_a_longer_wait_is_granted_where_the_receiver_asks_for_it(self, house: House) -> None:
        async def busy(_request: Request) -> Reply:
            return Reply(429, headers={"Retry-After": "900"})

        async with receiver(busy) as there:
            await house.add(there)
            await house.happens()
            await house.turn()
            [row] = await house.deliveries()
            assert (row.next_at - house.clock()).total_seconds() >= 900

    async def test_a_lease_that_nobody_ended_runs_out(self, house: House) -> None:
        async with receiver() as there:
            await house.add(there)
            await house.happens()
            await house.router.turn()
            async with house.vendor.store.writing() as session:
                for row in await session.scalars(select(DeliveryRow)):
                    row.leased_until = house.clock() + dt.timedelta(seconds=30)  # its sender was killed
            assert await house.sender.turn() == 0
            house.clock.forward(31)
            assert await house.sender.turn() == 1


class TestWhereNothingGoes:
    async def test_a_redirect_is_never_followed(self, house: House) -> None:
        async with receiver() as private:

            async def away(_request: Request) -> Reply:
                return Reply(307, headers={"Location": private.url})

            async with receiver(away) as there:
                await house.add(there)
                await house.happens()
                await house.turn()
                assert private.requests == []
        [row] = await house.deliveries()
        assert row.state == "open"
        assert "307, a redirect" in row.last_error

    async def test_a_private_address_gets_nothing_unless_it_is_allowed(self, tmp_path: Path) -> None:
        async with open_house(tmp_path, allowed=()) as house, receiver() as there:
            await house.add(there)
            await house.happens()
            await house.turn()
            [row] = await house.deliveries()
            assert there.requests == []
            assert (row.state, row.last_status) == ("open", None)
            assert "no public address" in row.last_error

    async def test_what_its_owner_no_longer_agrees_to_is_not_told(self, house: House) -> None:
        async with receiver() as there:
            await house.add(there)
            await house.happens()
            await house.router.turn()  # queued under a yes
            async with house.vendor.store.writing() as session:
                await requests.decide(session, house.device, "service", False)
            await house.happens("again")  # after the no
            await house.turn()
        assert there.requests == []
        [row] = await house.deliveries()
        assert (row.state, row.last_error) == ("dropped", "its owner's consent does not cover it any more")

    async def test_an_erased_case_takes_its_deliveries_along(self, house: House) -> None:
        from trivet.consent import sweep
        from trivet.store.tables import DeviceRow

        async with receiver() as there:
            await house.add(there)
            await house.happens()
            await house.router.turn()
            await house.happens()
            async with house.vendor.store.writing() as session:
                removed = await sweep.device(session, await session.get_one(DeviceRow, house.device))
            await house.turn()
        assert removed["webhook_deliveries"] == 1
        assert there.requests == []
        assert (await house.count(OutboxRow), await house.count(DeliveryRow)) == (0, 0)


async def test_postgresql_fills_its_outbox_by_itself_too(postgres: str, tmp_path: Path) -> None:
    from cloud_kit import bench

    async with bench(tmp_path, postgres) as kit, receiver() as there, Client(networks(["127.0.0.0/8"])) as client:
        await kit.take(kit.sender.consent(), kit.sender.fault())
        seal = seeded.Seal(kit.vault.safe)
        async with kit.store.writing() as session:
            await receivers.add(session, seal, there.url, who="test")
        routers = [Router(kit.store, [Queue(BASE)]) for _ in range(3)]
        assert sum(await asyncio.gather(*(router.turn() for router in routers))) >= 1
        senders = [Sender(kit.store, seal, client) for _ in range(3)]
        await asyncio.gather(*(sender.turn() for sender in senders))
        assert "trivet.case.opened" in {json.loads(one.body)["type"] for one in there.requests}
        assert len(there.ids) == len(set(there.ids))
        assert await _outbox(kit.store) == 0


async def _outbox(store: Store) -> int:
    async with store.reading() as session:
        return await session.scalar(select(func.count()).select_from(OutboxRow)) or 0
