"""What people write elsewhere lands on the right case or waits for a person; nothing is lost, nothing comes twice, and
nobody but a known system gets anything in."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from fastapi import FastAPI
from seeded import PASSWORD, USER, Vendor
from sqlalchemy import func, select
from standardwebhooks import Webhook as Judge
from trivet import api
from trivet.api import auth, routes
from trivet.api.inbound import MAX_BODY
from trivet.cli import app as commands
from trivet.consent import erase, requests, retention
from trivet.consent.periods import Periods
from trivet.inbound import sources
from trivet.inbound.finding import digits_of
from trivet.store.letters import LetterRow
from trivet.store.tables import CaseEventRow, utcnow
from typer.testing import CliRunner

pytestmark = pytest.mark.usefixtures("database")

ADA = "ada.feldmann@example.com"


class Door:
    """Signs and posts letters as another system would."""

    def __init__(self, vendor: Vendor, web: httpx.AsyncClient, secret: str) -> None:
        self.vendor, self.web, self.secret = vendor, web, secret
        self.sent = 0

    async def post(self, letter: Any, message: str | None = None, **changed: str) -> httpx.Response:
        self.sent += 1
        message, now = message or f"mail-{self.sent}", utcnow()
        body = letter if isinstance(letter, bytes) else json.dumps(letter).encode()
        told = {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Judge(self.secret).sign(message, now, body.decode("utf-8", "replace")),
        }
        return await self.web.post("/api/inbound/crm", content=body, headers=told | changed)

    async def write(self, text: str, sender: str = "someone@example.org", **more: Any) -> dict[str, Any]:
        answer = await self.post({"kind": "mail", "sender": sender, "text": text, **more})
        assert answer.status_code == 202, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def timeline(self, case: int) -> list[CaseEventRow]:
        async with self.vendor.store.reading() as session:
            query = select(CaseEventRow).where(CaseEventRow.case == case).order_by(CaseEventRow.id)
            return list(await session.scalars(query))

    async def letter(self, number: int) -> LetterRow:
        async with self.vendor.store.reading() as session:
            return await session.get_one(LetterRow, number)


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    async with seeded.open_vendor(tmp_path) as vendor:
        yield vendor


@pytest.fixture
def app(vendor: Vendor) -> FastAPI:
    return api.create(vendor)


@pytest.fixture
async def door(vendor: Vendor, app: FastAPI) -> AsyncIterator[Door]:
    async with vendor.store.writing() as session:
        secret = await sources.add(session, vendor.seal, "crm", "test")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as web:
        yield Door(vendor, web, secret)


async def oven(vendor: Vendor, owner: str | None = "Ada Feldmann", event: int = seeded.ELEMENT) -> tuple[str, int]:
    identity = await seeded.add_oven(vendor, "Oven", owner)
    return identity.device, await seeded.add_case(vendor, identity.device, event)


class TestTheRightCase:
    @pytest.mark.parametrize(
        "text",
        ["About case {case}: still cold", "Fall {case}", "see #{case}", "RE: [case-{case}] hello", "CASE #{case}"],
    )
    async def test_by_its_number(self, vendor: Vendor, door: Door, text: str) -> None:
        await oven(vendor, "Bea Moll")
        _, case = await oven(vendor)
        taken = await door.write(text.format(case=case), subject="")
        assert (taken["state"], taken["case"]) == ("landed", case)
        last = (await door.timeline(case))[-1]
        assert (last.actor, last.kind, last.text) == ("system", "mail", text.format(case=case))

    async def test_by_what_the_sending_system_knows(self, vendor: Vendor, door: Door) -> None:
        device, case = await oven(vendor)
        assert (await door.write("cold", case=case))["case"] == case
        assert (await door.write("cold", device=device.upper()))["case"] == case

    async def test_by_the_appliance_that_it_names(self, vendor: Vendor, door: Door) -> None:
        device, case = await oven(vendor)
        assert (await door.write(f"My oven {device} says something"))["case"] == case

    @pytest.mark.parametrize("sender", [ADA, "Ada.Feldmann@Example.com", " ada.feldmann@example.com "])
    async def test_by_its_senders_mail(self, vendor: Vendor, door: Door, sender: str) -> None:
        await oven(vendor, "Bea Moll")
        _, case = await oven(vendor)
        assert (await door.write("It does not heat.", sender))["case"] == case
        assert (await door.timeline(case))[-1].actor == "owner"

    async def test_by_its_senders_phone_however_it_is_written(self, vendor: Vendor, door: Door) -> None:
        device, case = await oven(vendor)
        async with vendor.store.reading() as session:
            from trivet.consent import owners

            person = await owners.present(session, device)
        assert person is not None
        assert person.phone is not None
        digits = digits_of(person.phone)
        for spelling in (
            person.phone,
            f"+{digits}",
            f"00{digits}",
            f"0{digits[2:]}",
            f"+{digits[:2]} (0) {digits[2:]}",
        ):
            taken = await door.write("hello", spelling, kind="call")
            assert taken["case"] == (case if "(0)" not in spelling else None), spelling

    async def test_a_code_chooses_among_an_owners_cases(self, vendor: Vendor, door: Door) -> None:
        device, first = await oven(vendor)
        second = await seeded.add_case(vendor, device, seeded.SENSOR)
        assert (await door.write("It does not heat.", ADA))["state"] == "waiting"
        code = seeded.CODES[seeded.SENSOR]
        assert (await door.write(f"The display says {code.lower()}.", ADA))["case"] == second
        wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
        assert (await door.write(f"The display says {wrong}.", ADA))["state"] == "waiting"
        assert first != second


class TestAPersonDecides:
    async def test_what_names_nothing_waits(self, vendor: Vendor, door: Door) -> None:
        await oven(vendor)
        taken = await door.write("Good morning, are you open on Sunday?")
        assert (taken["state"], taken["case"]) == ("waiting", None)
        assert "nobody's owner" in (await door.letter(taken["id"])).how

    async def test_what_contradicts_itself_waits(self, vendor: Vendor, door: Door) -> None:
        _, hers = await oven(vendor, "Bea Moll")
        await oven(vendor)
        taken = await door.write(f"case {hers}", ADA)
        row = await door.letter(taken["id"])
        assert (row.state, row.candidates_json) == ("waiting", [hers])
        assert "owns another appliance" in row.how

    async def test_a_code_alone_belongs_to_many(self, vendor: Vendor, door: Door) -> None:
        cases = [(await oven(vendor, name))[1] for name in ("Ada Feldmann", "Bea Moll")]
        taken = await door.write(f"What is {seeded.CODES[seeded.ELEMENT]}?")
        row = await door.letter(taken["id"])
        assert row.state == "waiting"
        assert sorted(row.candidates_json) == cases

    async def test_what_nobody_may_read_waits_instead_of_vanishing(self, vendor: Vendor, door: Door) -> None:
        device, case = await oven(vendor)
        async with vendor.store.writing() as session:
            await requests.decide(session, device, "service", False)
        taken = await door.write(f"case {case}", ADA)
        assert taken["state"] == "waiting"
        assert "consent" in (await door.letter(taken["id"])).how

    async def test_it_is_put_onto_a_case_once_or_dismissed(self, vendor: Vendor, door: Door, app: FastAPI) -> None:
        _, case = await oven(vendor)
        first, second = [(await door.write(text))["id"] for text in ("one", "two")]
        auth_ = (USER, PASSWORD)
        listed = (await door.web.get("/api/letters", auth=auth_)).json()["items"]
        assert [one["text"] for one in listed] == ["two", "one"]
        landed = await door.web.post(f"/api/letters/{first}/land", json={"case": case}, auth=auth_)
        assert (landed.json()["state"], landed.json()["decided_by"]) == ("landed", USER)
        again = await door.web.post(f"/api/letters/{first}/land", json={"case": case}, auth=auth_)
        assert again.status_code == 409
        gone = await door.web.post(f"/api/letters/{second}/dismiss", json={"why": "advertising"}, auth=auth_)
        assert gone.json()["state"] == "dismissed"
        assert (await door.web.get("/api/letters", auth=auth_)).json()["items"] == []
        assert [entry.text for entry in await door.timeline(case)][-1] == "one"
        for path, body in (("land", {"case": case}), ("dismiss", {"why": "x"})):
            unknown = await door.web.post(f"/api/letters/99/{path}", json=body, auth=auth_)
            assert unknown.status_code == 404
        third = (await door.write("three"))["id"]
        missing = await door.web.post(f"/api/letters/{third}/land", json={"case": 4711}, auth=auth_)
        assert missing.json()["type"] == "urn:trivet:problem:no-such-case"


class TestTheDoor:
    async def test_the_same_letter_again_changes_nothing(self, vendor: Vendor, door: Door) -> None:
        _, case = await oven(vendor)
        letter = {"kind": "chat", "sender": ADA, "text": "hello"}
        answers = await asyncio.gather(*(door.post(letter, "one-and-the-same") for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [202]
        assert len({answer.text for answer in answers}) == 1
        assert [entry.kind for entry in await door.timeline(case)].count("chat") == 1

    async def test_unsigned_is_refused_and_kept_nowhere(self, vendor: Vendor, door: Door) -> None:
        letter = {"kind": "mail", "sender": ADA, "text": "let me in"}
        stale = str(int(utcnow().timestamp()) - 400)
        for changed in ({"webhook-signature": "v1,AAAA"}, {"webhook-timestamp": stale}, {"webhook-id": ""}):
            answer = await door.post(letter, **changed)
            assert (answer.status_code, answer.json()["type"]) == (401, "urn:trivet:problem:bad-signature")
        assert (await door.web.post("/api/inbound/crm", json=letter)).status_code == 401
        assert (await door.web.post("/api/inbound/other", json=letter)).status_code == 401
        async with vendor.store.reading() as session:
            assert await session.scalar(select(func.count()).select_from(LetterRow)) == 0

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"{}",
            b"\xff",
            b'{"kind":"smoke","sender":"a","text":"b"}',
            b'{"kind":"mail","sender":"","text":"b"}',
            b'{"kind":"mail","sender":"a","text":"b","more":1}',
            json.dumps({"kind": "mail", "sender": "a", "text": "x" * 20_001}).encode(),
        ],
    )
    async def test_what_is_no_letter_is_refused_with_the_field(self, door: Door, body: bytes) -> None:
        answer = await door.post(body)
        if body == b"\xff":  # signed as other bytes
            assert answer.status_code == 401
            return
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:trivet:problem:not-a-letter")

    async def test_too_long_is_refused_before_it_is_read(self, door: Door) -> None:
        answer = await door.post(b"x" * (MAX_BODY + 1))
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:trivet:problem:too-long")

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            "=cmd|' /C calc'!A1",
            "{{7*7}} ${x} %s",
            "'; DROP TABLE cases;--",
            "a\x00b\u202ec\n\n" * 3,
        ],
    )
    async def test_text_stays_text(self, vendor: Vendor, door: Door, text: str) -> None:
        _, case = await oven(vendor)
        taken = await door.write(text, ADA, subject="Re: <b>")
        kept = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        assert taken["case"] == case
        assert (await door.timeline(case))[-1].text == f"Re: <b>\n{kept}"
        shown = await door.web.get(f"/api/cases/{case}", auth=(USER, PASSWORD))
        assert shown.json()["timeline"][-1]["text"] == f"Re: <b>\n{kept}"

    async def test_while_a_secret_is_replaced_both_are_believed(self, vendor: Vendor, door: Door) -> None:
        old = door.secret
        async with vendor.store.writing() as session:
            door.secret = await sources.rotate(session, vendor.seal, "crm", utcnow())
        await door.write("by the new one")
        door.secret = old
        await door.write("by the old one")
        async with vendor.store.writing() as session:
            await sources.remove(session, "crm")
        assert (await door.post({"kind": "mail", "sender": "a", "text": "b"})).status_code == 401


class TestWhoseItIs:
    async def test_erasing_an_owner_takes_what_they_wrote_wherever_it_is(self, vendor: Vendor, door: Door) -> None:
        device, case = await oven(vendor)
        async with vendor.store.reading() as session:
            from trivet.consent import owners

            person = await owners.present(session, device)
        assert person is not None
        assert person.phone is not None
        await door.write(f"case {case}", ADA)
        await door.write("from Ada Feldmann, no number", "unknown@example.org")
        await door.write("hello", "+" + digits_of(person.phone), case=4711, kind="call")
        await door.write("somebody else's", "bea@example.org")
        place = erase.Place(vendor.store, vendor.transport, vendor.settings.data_dir)
        done = await erase.appliance(place, device, by="owner")
        assert done.proof.clean, done.proof.found
        async with vendor.store.reading() as session:
            assert [row.text for row in await session.scalars(select(LetterRow))] == ["somebody else's"]

    async def test_what_belongs_to_no_case_goes_after_its_time(self, vendor: Vendor, door: Door) -> None:
        import datetime as dt

        _, case = await oven(vendor)
        await door.write(f"case {case}")
        await door.write("nobody's")
        gone = await retention.run(vendor.store, Periods(letters=30), utcnow() + dt.timedelta(days=31))
        assert gone == {"letters": 1}

    @pytest.mark.parametrize(
        ("method", "path", "body", "roles"),
        [
            ("GET", "/letters", None, ("agent", "engineer", "privacy", "admin")),
            ("GET", "/inbound-sources", None, ("engineer", "admin")),
            ("POST", "/inbound-sources", {"name": "chat"}, ("admin",)),
            ("POST", "/inbound-sources/crm/rotate", None, ("admin",)),
            ("DELETE", "/inbound-sources/crm", None, ("admin",)),
        ],
    )
    async def test_who_may(self, door: Door, app: FastAPI, method: str, path: str, body: Any, roles: Any) -> None:
        for role in ("agent", "engineer", "privacy", "owner", "admin"):
            app.dependency_overrides[routes.user_of] = lambda role=role: auth.User("Cleo", role)
            answer = await door.web.request(method, f"/api{path}", json=body)
            assert (answer.status_code < 300) == (role in roles), (role, answer.text)
            assert answer.status_code in (200, 201, 204, 403)
        app.dependency_overrides.clear()


def test_sources_by_command(tmp_path: Path) -> None:
    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(commands, ["inbound", *words, "--data", str(tmp_path)])
        assert done.exit_code == code, done.output
        return done.output

    assert "no cloud" in run("list", code=1)
    from trivet.vault import Vault

    Vault(tmp_path / "secrets")
    assert "There is none" in run("list")
    made = json.loads(run("add", "crm", "--json"))
    assert made["address"].endswith("/api/inbound/crm")
    assert "already" in run("add", "crm", code=1)
    assert "small letters" in run("add", "C R M", code=1)
    assert "no letter yet" in run("list")
    assert run("rotate", "crm").startswith("whsec_")
    assert "no source chat" in run("remove", "chat", code=1)
    run("remove", "crm")
