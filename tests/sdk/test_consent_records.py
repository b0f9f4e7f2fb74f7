"""Consent records and receipts: every field that ISO/IEC TS 27560 asks for, in the terms of the W3C Data Privacy
Vocabulary, for each decision; and what each role may ask for on the routes of the owner's rights."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from cloud_kit import Bench, bench
from fastapi import FastAPI
from seeded import PASSWORD, USER, Vendor
from trivet import api
from trivet.api import privacy, routes
from trivet.api.auth import User
from trivet.consent import records, texts, vendor
from trivet.consent.periods import DEFAULT
from trivet.store.tables import ConsentRow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

HOUSE = records.House(
    vendor.Vendor(name="Example GmbH", address="Street 1", contact="p@example.com", country="DE"), DEFAULT
)
# DPV guide for ISO/IEC TS 27560, table "List of Fields": what is mandatory, and where it stands.
MANDATORY = (
    "dct:conformsTo", "dpv:hasIdentifier", "dct:created", "dct:creator", "dct:language", "dpv:hasDataSubject",
    "dpv:hasEntity", "dpv:hasNotice", "dpv:hasProcess",
)  # fmt: skip
OF_PROCESS = (
    "dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasProcessing", "dpv:hasDataController", "dpv:hasDataSource",
    "dpv:hasStorageCondition", "dpv:hasRecipient", "dpv:hasLegalBasis", "dpv:hasJurisdiction", "dpv:hasRight",
    "dpv:hasConsentControl", "dpv:hasConsentStatus",
)  # fmt: skip
OF_STATUS = ("@type", "dpv:isIndicatedAtTime", "dpv:isExercisedAt", "dpv:isIndicatedBy", "dpv:hasDuration")


async def made(kit: Bench, seq: int, house: records.House = HOUSE) -> dict[str, Any]:
    async with kit.store.writing() as session:
        await texts.keep(session)
    async with kit.store.reading() as session:
        found = await records.record(session, kit.sender.device, seq, house)
    assert found is not None
    return found


def decide(kit: Bench, purpose: int, granted: int, channel: int = 0) -> tuple[str, bytes]:
    sender = kit.sender
    sender.consent_seq += 1
    sender.mask = sender.mask | 1 << purpose if granted else sender.mask & ~(1 << purpose)
    shown = texts.text(ids.PURPOSE_NAMES[purpose], "de")
    return sender.message(ids.CONSENT, [purpose, granted, sender.mask, shown.hash, "de", channel])


@pytest.mark.parametrize("purpose", range(ids.SERVICE, len(ids.PURPOSE_NAMES)))
async def test_a_record_has_every_mandatory_field(tmp_path: Path, purpose: int) -> None:
    async with bench(tmp_path) as kit:
        await kit.take(decide(kit, purpose, 1, channel=2))
        record = await made(kit, 1)
    name = ids.PURPOSE_NAMES[purpose]
    assert all(record[field] for field in MANDATORY)
    [process] = record["dpv:hasProcess"]
    assert all(process[field] for field in OF_PROCESS)
    [status] = process["dpv:hasConsentStatus"]
    assert all(status[field] for field in OF_STATUS)
    assert status["dpv:isExercisedAt"] == "in the owner's account"
    assert process["dpv:hasPurpose"][0]["skos:broader"] == [records.PURPOSES[name]]
    assert {"rdf:value": f"P{DEFAULT.of(name)}D", "@type": "dpv:TemporalDuration"} in [
        one.get("dpv:hasDuration") for one in process["dpv:hasStorageCondition"]
    ]
    assert record["dpv:hasNotice"][0]["dct:description"] == texts.text(name, "de").words
    assert record["dct:language"] == "DE"


async def test_every_party_that_it_names_stands_in_it_with_name_and_contact(tmp_path: Path) -> None:
    house = records.House(vendor.Vendor(name="A", address="B", contact="C", url="D", recipients=["Hosting"]), DEFAULT)
    async with bench(tmp_path) as kit:
        await kit.take(decide(kit, ids.SERVICE, 1))
        record = await made(kit, 1, house)
    [process] = record["dpv:hasProcess"]
    named = {record["dct:creator"], *process["dpv:hasDataController"], *process["dpv:hasRecipient"]}
    named |= {status["dpv:isIndicatedBy"] for status in process["dpv:hasConsentStatus"]}
    assert named == record["dpv:hasEntity"].keys()
    party = record["dpv:hasEntity"][record["dct:creator"]]
    assert [party[field] for field in ("dpv:hasName", "dpv:hasAddress", "dpv:hasContact")] == ["A", "B", ["C", "D"]]


async def test_every_prefix_is_declared(tmp_path: Path) -> None:
    def words(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*(words(one) for one in value.values()))
        if isinstance(value, list):
            return set().union(*(words(one) for one in value))
        return {value} if isinstance(value, str) and " " not in value else set()

    async with bench(tmp_path) as kit:
        await kit.take(decide(kit, ids.SERVICE, 1))
        record = await made(kit, 1)
    context = record.pop("@context")
    prefixes = {word.split(":")[0] for word in words(record) if ":" in word and not word[0].isdigit()}
    assert prefixes - {"urn"} <= context.keys()


async def test_a_first_no_is_a_refusal_and_a_later_one_a_withdrawal(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await kit.take(*(decide(kit, ids.OFFERS, granted) for granted in (0, 1, 0)))
        kinds = [
            (await made(kit, seq))["dpv:hasProcess"][0]["dpv:hasConsentStatus"][0]["@type"][0] for seq in (1, 2, 3)
        ]
    assert kinds == ["dpv:ConsentRefused", "dpv:ConsentGiven", "dpv:ConsentWithdrawn"]


async def test_a_receipt_carries_the_whole_record_under_its_own_number(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await kit.take(decide(kit, ids.SERVICE, 1))
        record = await made(kit, 1)
        async with kit.store.reading() as session:
            first, again = [await records.receipt(session, kit.sender.device, 1, HOUSE) for _ in range(2)]
            assert await records.receipt(session, kit.sender.device, 2, HOUSE) is None
    assert first == again
    assert first is not None
    assert first["dpv:hasIdentifier"] != record["dpv:hasIdentifier"]
    [inside] = first["dpv:hasRecordOfActivity"]
    assert inside == {key: value for key, value in record.items() if key != "@context"}


async def test_what_the_appliance_signed_goes_along(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        await kit.take(decide(kit, ids.SERVICE, 1))
        record = await made(kit, 1)
        async with kit.store.reading() as session:
            row = await session.get_one(ConsentRow, (kit.sender.device, 1))
    said = record["dct:provenance"]
    assert (said["trivet:boot"], said["trivet:seq"]) == (row.boot, row.seq)
    if said["trivet:cose-sign1"] is not None:
        assert base64.b64decode(said["trivet:cose-sign1"])[0] == 0xD2


@pytest.mark.parametrize("said", ["name = 3", "country = 'Germany'", "names = 'x'", "="])
def test_a_bad_vendor_file_is_said(tmp_path: Path, said: str) -> None:
    (tmp_path / "vendor.toml").write_text(said)
    with pytest.raises(vendor.VendorError, match=r"vendor\.toml"):
        vendor.load(tmp_path)


class TestRoutes:
    @pytest.fixture
    async def cloud(self, tmp_path: Path) -> AsyncIterator[Vendor]:
        async with seeded.open_vendor(tmp_path) as made:
            yield made

    @pytest.fixture
    def app(self, cloud: Vendor) -> FastAPI:
        return api.create(cloud)

    async def ask(self, app: FastAPI, user: User, method: str, path: str, body: object = None) -> httpx.Response:
        app.dependency_overrides[routes.user_of] = lambda: user
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as web:
            return await web.request(method, path, json=body)

    async def test_it_is_json_ld(self, cloud: Vendor, app: FastAPI) -> None:
        oven = await seeded.add_oven(cloud, "Oven", "Ada")
        async with cloud.store.writing() as session:
            session.add(
                ConsentRow(
                    device=oven.device,
                    consent_seq=1,
                    purpose=1,
                    granted=True,
                    mask=3,
                    text_hash=1,
                    language="en",
                    channel=0,
                )
            )
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x.test", auth=(USER, PASSWORD)) as web:
            answer = await web.get(f"/api/devices/{oven.device}/consents/1")
            receipt = await web.get(f"/api/devices/{oven.device}/consents/1", params={"form": "receipt"})
            missing = await web.get(f"/api/devices/{oven.device}/consents/2")
        assert answer.headers["content-type"] == records.MEDIA_TYPE
        assert answer.json()["dct:conformsTo"] == records.RECORD
        assert receipt.json()["dct:conformsTo"] == records.RECEIPT
        assert (missing.status_code, missing.json()["type"]) == (404, "urn:trivet:problem:no-such-decision")

    async def test_an_owner_reaches_their_own_appliance_alone(self, cloud: Vendor, app: FastAPI) -> None:
        mine = await seeded.add_oven(cloud, "Mine", "Ada Feldmann")
        other = await seeded.add_oven(cloud, "Other", "Ines Pereira")
        ada = User("ada@example.com", "owner", 1)
        for path, method, body in (
            ("consents", "GET", None),
            ("uses", "GET", None),
            ("security", "GET", None),
            ("retention", "GET", None),
            ("export", "GET", None),
            ("erasures", "GET", None),
            ("consents", "POST", {"purpose": "offers", "granted": True}),
            ("erase", "POST", {}),
        ):
            theirs = await self.ask(app, ada, method, f"/api/devices/{other.device}/{path}", body)
            assert theirs.status_code == 404, path
            assert (await self.ask(app, ada, method, f"/api/devices/{mine.device}/{path}", body)).is_success, path
        for path in ("cases", "devices", f"devices/{mine.device}", f"devices/{mine.device}?purpose=own"):
            assert (await self.ask(app, ada, "GET", f"/api/{path}")).status_code == 403, path

    @pytest.mark.parametrize("role", ["agent", "engineer"])
    async def test_the_desk_neither_decides_nor_erases_nor_exports(
        self, cloud: Vendor, app: FastAPI, role: str
    ) -> None:
        oven = await seeded.add_oven(cloud, "Oven", "Ada")
        someone = User("someone", role)
        for method, path, body in (
            ("POST", "consents", {"purpose": "offers", "granted": True}),
            ("POST", "erase", {}),
            ("GET", "export", None),
            ("GET", "uses", None),
        ):
            answer = await self.ask(app, someone, method, f"/api/devices/{oven.device}/{path}", body)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:trivet:problem:purpose-not-allowed"), path

    async def test_an_erasure_says_what_went_and_what_the_scan_found(self, cloud: Vendor, app: FastAPI) -> None:
        oven = await seeded.add_oven(cloud, "Oven in the kitchen", "Ada Feldmann")
        await seeded.add_case(cloud, oven.device, seeded.ELEMENT)
        dpo = User("dpo", "privacy")
        said = (await self.ask(app, dpo, "POST", f"/api/devices/{oven.device}/erase", {"markers": ["Feldmann"]})).json()
        assert (said["clean"], said["rows"]["cases"], said["proof"]["found"]) == (True, 1, {})
        [kept] = (await self.ask(app, dpo, "GET", f"/api/devices/{oven.device}/erasures")).json()
        assert (kept["cause"], kept["by"], kept["proof"]["markers"]) == ("erasure", "privacy", said["proof"]["markers"])
        assert "Feldmann" not in json.dumps(kept)

    async def test_every_read_stands_in_the_log(self, cloud: Vendor, app: FastAPI) -> None:
        """Each GET under /api that names an appliance leaves a line, or says nothing of it."""
        oven = await seeded.add_oven(cloud, "Oven", "Ada")
        case = await seeded.add_case(cloud, oven.device, seeded.ELEMENT)
        async with cloud.store.writing() as session:
            session.add(ConsentRow(device=oven.device, consent_seq=1, purpose=1, granted=True, mask=3))
        dpo = User("dpo", "privacy")
        silent = {"/api/texts", "/api/dead-letters", "/api/token"}
        paths = [
            route.path
            for router in (routes.router, privacy.router)
            for route in router.routes
            if "GET" in getattr(route, "methods", ())
        ]
        assert len(paths) >= 12
        before: set[tuple[str, ...]] = set()
        for path in paths:
            real = path.format(case_id=case, device_id=oven.device, seq=1)
            assert (await self.ask(app, dpo, "GET", real)).status_code == 200, real
            lines = (await self.ask(app, dpo, "GET", f"/api/devices/{oven.device}/uses")).json()
            after = {(line["purpose"], line["subject"]) for line in lines} - {("own", "log of uses")}
            assert (after - before) or path in silent or path.endswith("/uses"), f"{path} left no line"
            before |= after
