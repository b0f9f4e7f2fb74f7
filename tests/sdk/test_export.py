"""The export: everything, with units, in its published schema, as JSON and as tables; nothing of an earlier owner."""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import seeded
from cloud_kit import Bench, bench
from fastapi import FastAPI
from seeded import Vendor
from sqlalchemy import select
from trivet import api
from trivet.api.schemas_export import Export
from trivet.bench import Options
from trivet.bench import export as bench_export
from trivet.consent import export, sweep, tables, units
from trivet.consent.access import OWN, Access, reading
from trivet.models import BODIES
from trivet.passwords import hash_password
from trivet.store.letters import LetterRow
from trivet.store.notices import NoticeRow, NotifyChoiceRow
from trivet.store.outward import DeliveryRow, WebhookRow
from trivet.store.remote import RemoteActRow, RemoteSessionRow
from trivet.store.tables import CaseEventRow, LoginRow, OwnerRow, OwnershipRow, utcnow
from trivet.store.tickets import TicketRow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

ACCESS = Access(OWN, "ada@example.com", "An export")


async def whole(kit: Bench) -> dict[str, Any]:
    async with reading(kit.store, ACCESS) as read:
        found = await export.of(read, kit.sender.device)
    assert found is not None
    return found


async def lived(kit: Bench) -> None:
    send = kit.sender
    await kit.registry.claim(send.device, send.identity.claim_secret, "Ada", email="ada@example.com", language="de")
    await kit.take(send.hello(), send.consent(), send.consent(ids.IMPROVE), send.fault(), send.evidence())
    await kit.take(send.heartbeat(), send.consent(granted=0))


async def test_it_holds_everything_in_its_published_schema(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await lived(kit)
        said = await whole(kit)
        parsed = Export.model_validate_json(msgspec.json.encode(said))
    assert [message.kind for message in parsed.messages] == [
        "consent", "consent", "fault", "evidence", "heartbeat", "consent"
    ]  # fmt: skip
    assert (parsed.ownership[0].name, parsed.ownership[0].language) == ("Ada", "de")
    assert [(one.purpose, one.granted) for one in parsed.consents] == [
        ("service", True), ("improve", True), ("service", False)
    ]  # fmt: skip
    [case] = parsed.cases  # the owner's own right shows it also after a withdrawal
    assert case.evidence is not None
    assert parsed.retention_days["service"] == 730
    evidence = parsed.messages[3]
    assert evidence.meaning is not None
    assert (evidence.meaning.series[0].unit, evidence.meaning.series[0].samples[0]) == ("°C", 200.0)
    assert evidence.raw is not None  # signed bytes go along
    assert (evidence.delete_after - evidence.received_at).days == 730


async def test_it_can_be_taken_along_as_tables_with_units_in_the_heading(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await lived(kit)
        packed = tables.zipped(await whole(kit))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        read = {name: list(csv.reader(io.StringIO(archive.read(name).decode()))) for name in archive.namelist()}
    assert "heap_free_kib [KiB]" in read["messages_heartbeat.csv"][0]
    assert read["samples.csv"][0] == ["boot", "seq", "signal", "unit", "validity", "time [s]", "value"]
    assert len(read["samples.csv"]) == 1 + 32
    assert read["ownership.csv"][1][1] == "Ada"
    assert all(len(row) == len(rows[0]) for rows in read.values() for row in rows)


async def test_a_cell_is_never_a_formula(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await kit.registry.claim(kit.sender.device, kit.sender.identity.claim_secret, "=cmd|' /C calc'!A0")
        packed = tables.zipped(await whole(kit))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert "\n" in archive.read("ownership.csv").decode()
        assert ",'=cmd|" in archive.read("ownership.csv").decode()


async def test_the_next_owner_gets_nothing_of_the_one_before(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await lived(kit)
        await kit.registry.release(kit.sender.device)
        await kit.registry.claim(kit.sender.device, kit.sender.identity.claim_secret, "Bob")
        said = await whole(kit)
    assert "Ada" not in json.dumps(said, default=str)
    assert [said[name] for name in ("messages", "cases", "consents")] == [[], [], []]
    assert [one["cause"] for one in said["erasures"]] == ["ownership"]


# Which part of an export holds each table with something of an owner; what is not in it, and why.
HELD = {
    "messages": "messages", "cases": "cases", "case_events": "cases", "consents": "consents", "uses": "uses",
    "consent_requests": "requests", "commands": "commands", "security_events": "security", "ownerships": "ownership",
    "owners": "ownership", "offers": "updates", "update_hours": "updates", "visits": "visits", "care": "care",
    "webhook_deliveries": "recipients", "tickets": "recipients", "letters": "letters", "notices": "notices",
    "notify_choices": "choices", "feedback": "feedback", "remote_sessions": "sessions", "remote_acts": "sessions",
}  # fmt: skip
NOT_HELD = {
    "refused": "numbers and a reason: what was refused was not kept",
    "owner_logins": "the hash of a password",
    "pages": "which of the vendor's people was called; the case's timeline says that they came",
    "ticket_jobs": "what is still to be done in the ticket system",
    "case_work": "the vendor's clocks and queues",
    "proposals": "each stands in the case's timeline, with what was decided",
    "case_tests": "each stands in the case's timeline",
}


def test_every_table_of_an_owner_is_in_it_or_has_a_reason() -> None:
    assert HELD.keys() | NOT_HELD.keys() == sweep.GOES
    assert not HELD.keys() & NOT_HELD.keys()
    assert set(HELD.values()) <= Export.model_fields.keys()


async def test_letters_notices_sessions_and_recipients_of_its_present_owner_alone(tmp_path: Path) -> None:
    async with seeded.open_vendor(tmp_path) as vendor:
        ovens = [await seeded.add_oven(vendor, f"Oven {name}", name) for name in ("Ada Feldmann", "Ben Wolf")]
        for oven, who in zip(ovens, ("ada", "ben"), strict=True):
            number = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
            await told(vendor, oven.device, number, who)
        async with reading(vendor.store, ACCESS) as read:
            said = await export.of(read, ovens[0].device)
    assert said is not None
    Export.model_validate_json(msgspec.json.encode(said))
    assert [(one["text"], one["state"]) for one in said["letters"]] == [
        ("ada landed", "landed"),
        ("ada waits", "waiting"),
    ]
    assert [(one["channel"], one["state"]) for one in said["notices"]] == [("mail", "sent")]
    assert (said["choices"]["channels"], said["choices"]["quiet_from_h"]) == ({"mail": "ada@other.example"}, 22)
    assert [(one["by"], [act["name"] for act in one["acts"]]) for one in said["sessions"]] == [("agent ada", ["fan"])]
    assert [(one["who"], one["what"], one["number"]) for one in said["recipients"]] == [
        ("fleet ada", "case.opened", None), ("zendesk", "ticket", "T-ada")
    ]  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(tables.zipped(said))) as archive:
        read_back = {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode()))) for name in archive.namelist()
        }
    assert read_back["session_acts.csv"][0]["session"] == read_back["sessions.csv"][0]["id"]
    assert json.loads(read_back["choices.csv"][0]["channels"]) == {"mail": "ada@other.example"}
    assert [len(read_back[f"{name}.csv"]) for name in ("letters", "notices", "recipients")] == [2, 1, 2]


async def told(vendor: Vendor, device: str, case: int, who: str) -> None:
    """Something of every way in and out."""
    async with vendor.store.writing() as session:
        owner = await session.scalar(select(OwnershipRow.owner).where(OwnershipRow.device == device))
        event = await session.scalar(select(CaseEventRow.id).where(CaseEventRow.case == case).limit(1))
        assert owner is not None
        assert event is not None
        mail = (await session.get_one(OwnerRow, owner)).email
        assert mail is not None
        webhook = WebhookRow(url="https://fleet.example", name=f"fleet {who}", secrets=b"", made_by="admin")
        begun = RemoteSessionRow(
            device=device, case=case, by=f"agent {who}", why="A look", seconds=900, counter=1, until=utcnow()
        )
        session.add_all([webhook, begun])
        await session.flush()
        landed = {"source": "mail", "kind": "mail", "how": "by its number"}
        session.add_all(
            [
                LetterRow(**landed, message=who, sender=mail, text=f"{who} landed", state="landed", case=case),
                LetterRow(**landed, message=f"{who} 2", sender=mail.upper(), text=f"{who} waits", state="waiting"),
                NoticeRow(event=event, case=case, owner=owner, channel="mail", kind="opened", urgent=False,
                          state="sent", due_at=utcnow()),
                NotifyChoiceRow(owner=owner, channels_json={"mail": f"{who}@other.example"}, zone="Europe/Berlin",
                                quiet_from=22, quiet_until=7),
                RemoteActRow(session=begun.id, case=case, what="test", name="fan", by="agent", why="Is it the fan?",
                             counter=2, state="passed"),
                DeliveryRow(webhook=webhook.id, case=case, message=who, kind="case.opened", payload="{}", tries=1),
                DeliveryRow(webhook=webhook.id, case=case, message=f"{who} 2", kind="case.untold", payload="{}"),
                TicketRow(case=case, system="zendesk", key=who, number=f"T-{who}"),
            ]
        )  # fmt: skip


def test_no_field_of_any_message_goes_out_without_its_unit() -> None:
    for kind, body in BODIES.items():
        if kind not in (ids.HELLO, ids.FETCH):  # never stored
            assert list(body.__struct_fields__) == list(units.FIELDS[kind])[: len(body.__struct_fields__)], body


async def test_the_bench_of_a_year_is_sound_on_some_days() -> None:
    result = await bench_export.run(Options(n=5, say=lambda _: None))
    assert bench_export.sound(result)
    assert set(bench_export.FIGURES) <= set(result)


class TestRoute:
    @pytest.fixture
    async def vendor(self, tmp_path: Path) -> AsyncIterator[Vendor]:
        async with seeded.open_vendor(tmp_path) as vendor:
            yield vendor

    @pytest.fixture
    async def web(self, vendor: Vendor) -> AsyncIterator[httpx.AsyncClient]:
        async with vendor.store.writing() as session:
            session.add(LoginRow(user="dpo", password_hash=hash_password("p" * 12), role="privacy"))
        transport = httpx.ASGITransport(self.app(vendor))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", auth=("dpo", "p" * 12)) as web:
            yield web

    def app(self, vendor: Vendor) -> FastAPI:
        return api.create(vendor)

    async def test_the_privacy_role_gets_it_and_it_stands_in_the_log(
        self, vendor: Vendor, web: httpx.AsyncClient
    ) -> None:
        oven = await seeded.add_oven(vendor, "Oven", "Ada")
        await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        answer = await web.get(f"/api/devices/{oven.device}/export")
        assert answer.status_code == 200
        assert "attachment" in answer.headers["content-disposition"]
        assert Export.model_validate_json(answer.content).cases[0].row.id == 1
        packed = await web.get(f"/api/devices/{oven.device}/export", params={"format": "csv"})
        assert zipfile.ZipFile(io.BytesIO(packed.content)).testzip() is None
        lines = (await web.get(f"/api/devices/{oven.device}/uses")).json()
        assert ("dpo", "own", "export") in {(line["who"], line["purpose"], line["subject"]) for line in lines}

    async def test_the_desk_does_not(self, vendor: Vendor, web: httpx.AsyncClient) -> None:
        oven = await seeded.add_oven(vendor, "Oven", "Ada")
        web.auth = httpx.BasicAuth(seeded.USER, seeded.PASSWORD)
        answer = await web.get(f"/api/devices/{oven.device}/export")
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:trivet:problem:not-your-role")

    async def test_its_schema_is_in_the_interface_description(self, vendor: Vendor) -> None:
        said = self.app(vendor).openapi()
        ok = said["paths"]["/api/devices/{device_id}/export"]["get"]["responses"]["200"]["content"]
        assert ok["application/json"]["schema"] == {"$ref": "#/components/schemas/Export"}
        assert "application/zip" in ok
        assert set(said["components"]["schemas"]["Export"]["required"]) == set(Export.model_fields)

    async def test_of_nothing_there_is_none(self, web: httpx.AsyncClient) -> None:
        assert (await web.get(f"/api/devices/{'0' * 16}/export")).status_code == 404
        assert (await web.get(f"/api/devices/{'0' * 16}/uses")).status_code == 404
