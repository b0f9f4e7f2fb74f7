"""Owners are told once what happened, what we do and what they can do: in their language, over their channels, not at
night unless people may be hurt, and nothing that their consent does not cover."""

import asyncio
import datetime as dt
import email
import email.policy
import json
import random
import socket
import zoneinfo
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from aiosmtpd.controller import Controller
from receiver_kit import Receiver, Reply, Request, receiver
from seeded import Vendor
from sqlalchemy import select, update
from trivet import api
from trivet.api import auth, my_routes
from trivet.consent import erase, owners, requests
from trivet.notify import choices, config, texts
from trivet.notify.config import Channel, Config, NotifyError
from trivet.notify.plan import Plan
from trivet.notify.quiet import due
from trivet.notify.sender import WHO, Teller
from trivet.outward.router import Router
from trivet.store.notices import NoticeRow, NotifyChoiceRow
from trivet.store.privacy import UseRow
from trivet.store.tables import CaseEventRow, CaseRecord, OwnerRow

pytestmark = pytest.mark.usefixtures("database")

BASE = "https://desk.example.com"
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2026, 5, 4, 10, 0, tzinfo=dt.UTC)  # 12:00 in Berlin
NIGHT = dt.datetime(2026, 5, 4, 21, 30, tzinfo=dt.UTC)  # 23:30


class House:
    """One oven with a case and its owner; time moves when it is told to."""

    def __init__(self, vendor: Vendor, device: str, case: int, to: Config) -> None:
        self.vendor, self.device, self.case, self.config = vendor, device, case, to
        self.now = NOON
        self.router = Router(vendor.store, [Plan(to, self.clock)], now=self.clock)
        self.teller = Teller(vendor.store, to, BASE, now=self.clock, dice=random.Random(3))

    def clock(self) -> dt.datetime:
        return self.now

    async def happens(self, kind: str, actor: str = "appliance") -> None:
        async with self.vendor.store.writing() as session:
            session.add(CaseEventRow(case=self.case, actor=actor, kind=kind, text="internal words"))

    async def turn(self) -> None:
        await self.router.turn()
        while await self.teller.turn():
            pass

    async def notices(self) -> list[NoticeRow]:
        async with self.vendor.store.reading() as session:
            return list(await session.scalars(select(NoticeRow).order_by(NoticeRow.id)))

    async def timeline(self) -> list[str]:
        async with self.vendor.store.reading() as session:
            query = select(CaseEventRow).where(CaseEventRow.case == self.case).order_by(CaseEventRow.id)
            return [row.kind for row in await session.scalars(query)]

    async def owner(self) -> OwnerRow:
        async with self.vendor.store.reading() as session:
            person = await owners.present(session, self.device)
        assert person is not None
        return person


def over(there: Receiver, **more: str) -> Config:
    """The vendor's channels, all to one receiver."""
    host = there.url.removeprefix("http://").removesuffix("/hook")
    made = {"mail": Channel(f"json://{host}/mail?-to={{address}}")}
    made |= {name: Channel(f"json://{host}/{name}?-to={{address}}", what) for name, what in more.items()}  # type: ignore[arg-type]
    return Config("Europe/Berlin", (22, 7), channels=made)


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as vendor:
        yield vendor


async def house_of(vendor: Vendor, to: Config, *, event: int = seeded.ELEMENT, language: str = "de") -> House:
    oven = await seeded.add_oven(vendor, "Oven in the kitchen", "Ada Feldmann", language)
    made = House(vendor, oven.device, await seeded.add_case(vendor, oven.device, event), to)
    async with vendor.store.writing() as session:
        from trivet.store.outward import OutboxRow

        for row in await session.scalars(select(OutboxRow)):
            await session.delete(row)  # what the seed wrote
    return made


def said(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.body)
    return body


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("language", "heads", "title"),
        [
            ("de", ("Was passiert ist", "Was wir tun", "Was Sie tun können"), "Das obere Heizelement heizt nicht"),
            ("en", ("What happened", "What we do", "What you can do"), "The upper element does not heat"),
            ("fr", ("What happened", "What we do", "What you can do"), "The upper element does not heat"),
        ],
    )
    async def test_three_parts_in_the_owners_language(
        self, vendor: Vendor, language: str, heads: tuple[str, ...], title: str
    ) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there), language=language)
            await house.happens("opened")
            await house.turn()
        [request] = there.requests
        told = said(request)
        assert told["title"] == f"Oven in the kitchen: {title}"
        assert [head for head in heads if f"{head}\n" in told["message"]] == list(heads)
        assert seeded.CODES[seeded.ELEMENT] in told["message"]
        assert f"{BASE}/my" in told["message"]
        assert "internal words" not in told["message"]
        assert "ada.feldmann%40example.com" in request.path or "ada.feldmann@example.com" in request.path

    async def test_it_stands_on_the_timeline_and_in_the_owners_log(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            await house.happens("opened")
            await house.turn()
            await house.turn()
        assert (await house.timeline())[-2:] == ["opened", "notified"]
        async with vendor.store.reading() as session:
            uses = list(await session.scalars(select(UseRow).where(UseRow.who == WHO)))
        assert {use.subject for use in uses} >= {f"case {house.case}", "contact"}

    async def test_once_for_each_entry_however_often_it_is_looked_at(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            await house.happens("opened")
            second = Teller(vendor.store, house.config, BASE, now=house.clock)
            await house.router.turn()
            await asyncio.gather(*(one.turn() for one in (house.teller, second, house.teller, second)))
            await house.turn()
        assert len(there.requests) == 1

    async def test_what_is_internal_and_what_owners_did_themselves_is_not_told(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            for kind in ("triage", "evidence", "again", "note", "assigned", "notified"):
                await house.happens(kind)
            await house.happens("visit_cancelled", actor="owner")
            await house.turn()
            assert there.requests == []
            await house.happens("visit_booked", actor="agent")
            await house.turn()
        assert said(there.requests[0])["title"].endswith("ein Besuch ist vereinbart")

    def test_every_text_has_both_languages_and_needs_nothing_unknown(self) -> None:
        names = ("appliance", "title", "code", "means", "now", "step", "page")
        for kind in {*texts.TOLD.values(), "heads", "step"}:
            for part in texts.table()[kind].values():
                assert set(part) == set(texts.LANGUAGES)
                for text in part.values():
                    assert text.format_map(dict.fromkeys(names, "x"))

    async def test_a_name_with_braces_stays_a_name(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            async with vendor.store.writing() as session:
                from trivet.store.tables import DeviceRow

                (await session.get_one(DeviceRow, house.device)).name = "{code} <b>{0}</b>"
            await house.happens("opened")
            await house.turn()
        assert said(there.requests[0])["title"].startswith("{code} <b>{0}</b>: ")


class TestWhen:
    @pytest.mark.parametrize(
        ("now", "first", "end", "waits_until"),
        [
            ("2026-05-04T12:00", 22, 7, None),
            ("2026-05-04T22:00", 22, 7, "2026-05-05T07:00"),
            ("2026-05-05T06:59", 22, 7, "2026-05-05T07:00"),
            ("2026-05-05T07:00", 22, 7, None),
            ("2026-05-04T13:30", 13, 15, "2026-05-04T15:00"),
            ("2026-05-04T03:00", 0, 0, None),
            ("2026-05-04T03:00", 5, 5, None),
            ("2026-12-31T23:59", 22, 7, "2027-01-01T07:00"),
            ("2026-03-29T01:30", 22, 7, "2026-03-29T07:00"),  # that night the clock goes forward
            ("2026-10-25T01:30", 22, 7, "2026-10-25T07:00"),  # and that night back
            ("2026-03-29T01:30", 23, 2, "2026-03-29T03:00"),  # 02:00 is not there
        ],
    )
    def test_quiet_hours_are_those_of_the_owners_clock(
        self, now: str, first: int, end: int, waits_until: str | None
    ) -> None:
        at = dt.datetime.fromisoformat(now).replace(tzinfo=BERLIN).astimezone(dt.UTC)
        then = due(at, BERLIN, first, end, urgent=False).astimezone(BERLIN)
        wanted = dt.datetime.fromisoformat(waits_until or now).replace(tzinfo=BERLIN)
        assert then.astimezone(dt.UTC) == wanted.astimezone(dt.UTC)
        assert due(at, BERLIN, first, end, urgent=True) == at

    async def test_at_night_it_waits_for_the_morning(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            house.now = NIGHT
            await house.happens("opened")
            await house.turn()
            assert there.requests == []
            house.now = dt.datetime(2026, 5, 5, 5, 1, tzinfo=dt.UTC)  # 07:01 in Berlin
            await house.turn()
        assert len(there.requests) == 1

    async def test_a_hazard_wakes_people(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            async with vendor.store.writing() as session:
                await session.execute(update(CaseRecord).values(hazard=True))
            house.now = NIGHT
            await house.happens("opened")
            await house.turn()
        assert "ruft Sie an" in said(there.requests[0])["message"]

    async def test_what_is_over_by_the_morning_is_not_said(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            house.now = NIGHT
            for kind in ("opened", "resolved"):
                await house.happens(kind)
                await house.turn()
            house.now += dt.timedelta(hours=9)
            await house.turn()
        assert [said(one)["title"] for one in there.requests] == ["Oven in the kitchen: wieder in Ordnung"]
        assert [one.state for one in await house.notices()] == ["overtaken", "sent"]


class TestConsent:
    async def test_nothing_is_said_that_the_owner_no_longer_agrees_to(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            house.now = NIGHT
            await house.happens("opened")
            await house.router.turn()  # queued for the morning, under a yes
            async with vendor.store.writing() as session:
                await requests.decide(session, house.device, "service", False)
            await house.happens("regressed")  # after the no
            house.now += dt.timedelta(hours=9)
            await house.turn()
        assert there.requests == []
        assert [one.state for one in await house.notices()] == ["withheld"]

    async def test_a_hazard_is_told_without_what_evidence_said(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            async with vendor.store.writing() as session:
                await session.execute(update(CaseRecord).values(hazard=True, purpose=0, next_step="visit"))
                await requests.decide(session, house.device, "service", False)
            await house.happens("opened")
            await house.turn()
        [request] = there.requests
        assert "Heizelement" in said(request)["title"]
        assert "ruft Sie an" in said(request)["message"]

    async def test_a_new_owner_is_not_told_of_the_last_ones_faults(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            house.now = NIGHT
            await house.happens("opened")
            await house.router.turn()
            async with vendor.store.writing() as session:
                other = OwnerRow(name="Bea Moll", email="bea@example.com")
                session.add(other)
                await session.flush()
                from trivet.store.tables import OwnershipRow

                await session.execute(update(OwnershipRow).values(owner=other.id))
            house.now += dt.timedelta(hours=9)
            await house.turn()
        assert there.requests == []

    async def test_an_erased_owner_leaves_no_notice_and_no_choice(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there, chat="given"))
            person = await house.owner()
            async with vendor.store.writing() as session:
                await choices.choose(
                    session, person.id, house.config, {"chat": "ada-secret-handle"}, zone="UTC", quiet=()
                )
            await house.happens("opened")
            await house.turn()
            assert there.requests[0].path.startswith("/chat")
        place = erase.Place(vendor.store, vendor.transport, vendor.settings.data_dir)
        done = await erase.appliance(place, house.device, by="owner", markers=["ada-secret-handle"])
        assert done.proof.clean, done.proof.found
        assert await house.notices() == []
        async with vendor.store.reading() as session:
            assert (await session.scalars(select(NotifyChoiceRow))).all() == []


class TestChannelsThatFail:
    async def test_it_is_tried_for_hours_then_a_person_is_asked_to_call(self, vendor: Vendor) -> None:
        async def away(_request: Request) -> Reply:
            return Reply(500)

        async with receiver(away) as there:
            house = await house_of(vendor, over(there))
            await house.happens("opened")
            for _ in range(120):
                await house.turn()
                house.now += dt.timedelta(minutes=5)
        [notice] = await house.notices()
        assert (notice.state, notice.tries) == ("failed", 6)
        assert (await house.timeline())[-1] == "not notified"

    async def test_one_channel_that_fails_does_not_silence_the_other(self, vendor: Vendor) -> None:
        async def half(request: Request) -> Reply:
            return Reply(500 if request.path.startswith("/chat") else 200)

        async with receiver(half) as there:
            house = await house_of(vendor, over(there, chat="given"))
            person = await house.owner()
            async with vendor.store.writing() as session:
                wanted = {"chat": "ada", "mail": None}
                await choices.choose(session, person.id, house.config, wanted, zone="UTC", quiet=())
            await house.happens("opened")
            await house.turn()
            await house.turn()
        assert {one.channel: one.state for one in await house.notices()} == {"chat": "waiting", "mail": "sent"}
        assert [one.path.partition("?")[0] for one in there.requests].count("/mail") == 1

    async def test_without_any_channel_a_person_knows(self, vendor: Vendor) -> None:
        async with receiver() as there:
            house = await house_of(vendor, over(there))
            async with vendor.store.writing() as session:
                await session.execute(update(OwnerRow).values(email=None))
            await house.happens("opened")
            await house.turn()
        assert there.requests == []
        assert (await house.timeline())[-1] == "not notified"


async def test_a_mail_arrives_as_a_mail(vendor: Vendor) -> None:
    class Box:
        mails: list[Any] = []  # noqa: RUF012

        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            self.mails.append(
                (envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default))
            )
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    post = Controller(Box(), hostname="127.0.0.1", port=port)
    post.start()
    try:
        url = f"mailto://127.0.0.1:{port}?from=service@vendor.example&to={{address}}&smtp=127.0.0.1&mode=insecure"
        house = await house_of(vendor, Config("UTC", (), {"mail": Channel(url)}))
        await house.happens("opened")
        await house.turn()
    finally:
        post.stop()
    [(to, mail)] = Box.mails
    assert to == ["ada.feldmann@example.com"]
    assert mail["Subject"] == "Oven in the kitchen: Das obere Heizelement heizt nicht"
    body = mail.get_body(("plain", "html")).get_content()
    assert "Was Sie tun können" in body


class TestConfiguration:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("quiet = [22]", "two of 0 to 23"),
            ("quiet = [22, 24]", "two of 0 to 23"),
            ('zone = "Berlin"', "no time zone"),
            ('[channels.mail]\nurl = "json://host/"', "no {address}"),
            ('[channels.mail]\nurl = "nonsense://{address}"', "none that apprise knows"),
            ('[channels."A B"]\nurl = "json://host/{address}"', "small letters"),
            ('[channels.mail]\nurl = "json://h/{address}"\naddress = "pigeon"', "Invalid enum value"),
            ("more = 1", "unknown field"),
            ("= x", "Invalid"),
        ],
    )
    def test_mistakes_say_what_to_write(self, tmp_path: Path, text: str, says: str) -> None:
        (tmp_path / config.FILE).write_text(text)
        with pytest.raises(NotifyError, match=says):
            config.load(tmp_path)

    def test_without_a_file_nobody_is_told(self, tmp_path: Path) -> None:
        assert config.load(tmp_path).channels == {}

    def test_an_address_is_one_value_whatever_is_typed(self) -> None:
        channel = Channel("json://host/path?-to={address}", "given")
        assert channel.to("a&b=c/../?#{address}") == "json://host/path?-to=a%26b%3Dc%2F..%2F%3F%23%7Baddress%7D"

    async def test_owners_choose_for_themselves(self, vendor: Vendor) -> None:
        folder = vendor.settings.data_dir
        (folder / config.FILE).write_text(
            'zone = "Europe/Berlin"\n[channels.mail]\nurl = "json://127.0.0.1:1/{address}"\n'
            '[channels.chat]\nurl = "json://127.0.0.1:1/c/{address}"\naddress = "given"\n'
        )
        oven = await seeded.add_oven(vendor, "Oven", "Ada Feldmann")
        async with vendor.store.reading() as session:
            person = await owners.present(session, oven.device)
        assert person is not None
        app = api.create(vendor)
        app.dependency_overrides[my_routes.owner_of] = lambda: auth.User("ada", "owner", person.id)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as web:
            found = (await web.get("/api/my/notifications")).json()
            assert found["channels"] == {"mail": "ada.feldmann@example.com"}
            assert (found["zone"], found["quiet"]) == ("Europe/Berlin", [22, 7])
            assert found["offered"] == {"mail": "mail", "chat": "given"}
            wanted = {"channels": {"chat": "@ada"}, "zone": "America/Lima", "quiet": []}
            assert (await web.put("/api/my/notifications", json=wanted)).json()["channels"] == {"chat": "@ada"}
            for wrong in (
                {"channels": {"pigeon": None}},
                {"channels": {"chat": None}},
                {"channels": {"chat": "x" * 300}},
                {"channels": {"chat": "me/../everybody"}},
                {"channels": {"chat": "me,you"}},
                {"channels": {"chat": ""}},
                {"zone": "Nowhere"},
                {"quiet": [1]},
                {"quiet": [1, 99]},
            ):
                answer = await web.put("/api/my/notifications", json=wanted | wrong)
                assert (answer.status_code, answer.json()["type"]) == (422, "urn:trivet:problem:not-choosable"), wrong
            found = (await web.get("/api/my/notifications")).json()
            assert (found["zone"], found["quiet"]) == ("America/Lima", [])
