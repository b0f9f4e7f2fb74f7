"""A running cloud can be watched: numbers that Prometheus reads, a log that programs read; neither says anything of
anybody, whatever goes wrong."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from cloud_kit import settings, until
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from receiver_kit import Reply, Request, receiver
from seeded import Vendor
from sqlalchemy.exc import IntegrityError
from trivet import api, catalogues
from trivet.api import auth, routes
from trivet.bench import traffic
from trivet.bench.mqtt import MqttClient
from trivet.bench.traffic import Sender
from trivet.inbound import sources
from trivet.observe import logs
from trivet.outward import signature
from trivet.serve import Cloud
from trivet.store.tables import CaseRecord, OwnerLoginRow, utcnow
from trivet.webhooks import receivers

pytestmark = pytest.mark.usefixtures("database")

NAME, MAIL, PHONE, STREET = "Ada Feldmann", "ada.feldmann@example.com", "+49 30 5550 123", "Lindenallee 7"
SECRETS = (NAME, "Feldmann", MAIL, "ada.feldmann", PHONE, "5550 123", "495550123", STREET, "Lindenallee")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged at any level, as JSON lines."""
    root, ours = logging.getLogger(), logging.getLogger("trivet")
    before = root.handlers, root.level, ours.level
    written = io.StringIO()
    logs.setup(as_json=True, level=logging.DEBUG, to=written)
    root.setLevel(logging.DEBUG)
    yield written
    root.handlers, root.level = before[0], before[1]
    ours.setLevel(before[2])


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


class TestLog:
    def test_a_line_is_one_object_with_the_place_of_an_error_but_not_its_text(self, log: io.StringIO) -> None:
        try:
            try:
                raise KeyError(MAIL)
            except KeyError as error:
                raise ValueError(f"{NAME} exists already") from error
        except ValueError:
            logging.getLogger("trivet.test").exception("case %d was not stored", 12, extra={"tries": 3, "who": NAME})
        [line] = lines(log)
        assert (line["level"], line["logger"], line["says"]) == ("error", "trivet.test", "case 12 was not stored")
        assert line["error"] == ["ValueError", "KeyError"]
        assert "test_observe.py" in line["where"][-1]
        assert line["tries"] == 3
        assert line["at"].endswith("Z")
        assert not [word for word in SECRETS if word in log.getvalue()]

    def test_other_libraries_templates_stay_unfilled(self, log: io.StringIO) -> None:
        logging.getLogger("sqlalchemy.engine").warning("inserting %s", NAME)
        logging.getLogger("apprise").error("sent to %s", MAIL)
        assert [line["says"] for line in lines(log)] == ["inserting %s"]

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            (f"to {MAIL}.", "to ‹mail›."),
            ("call +49 (30) 5550-123 now", "call ‹phone› now"),
            ("call 0049 30 5550123", "call ‹phone›"),
            ("2026-05-04T12:00:00 case 12345678 on 00112233445566aa at 10.0.0.1:8883", None),
            ("sdk/trivet/serve.py:120 took 0.00123456789 s", None),
        ],
    )
    def test_what_looks_like_an_address_is_struck_out(self, text: str, kept: str | None) -> None:
        assert logs.scrubbed(text) == (text if kept is None else kept)

    def test_a_terminal_reads_the_same_as_text(self) -> None:
        record = logging.makeLogRecord({"name": "trivet.x", "levelname": "WARNING", "msg": "%s waits", "args": ("it",)})
        assert logs.Plain().format(record) == "WARNING trivet.x: it waits"


@pytest.mark.slow
async def test_a_whole_story_leaves_nothing_of_anybody_in_the_log(tmp_path: Path, log: io.StringIO) -> None:
    """A real cloud: somebody registers, their oven breaks, they write, they are told; and on the way much fails."""

    async def refusing(_request: Request) -> Reply:
        return Reply(500, MAIL.encode())

    async with receiver(refusing) as there:
        host = there.url.removeprefix("http://").removesuffix("/hook")
        tmp_path.joinpath("notify.toml").write_text(f'quiet = []\n[channels.mail]\nurl = "json://{host}/{{address}}"\n')
        async with Cloud(settings(tmp_path)) as cloud:
            await catalogues.add(cloud.store, traffic.MODEL, traffic.packed(), traffic.rich_json())
            sender = Sender(await cloud.enrol(traffic.MODEL))
            await cloud.claim(sender.device, sender.identity.claim_secret, NAME, phone=PHONE, email=MAIL)
            async with cloud.store.writing() as session:
                await receivers.add(session, cloud.seal, "https://127.0.0.1:9/", who="test")
                secret = await sources.add(session, cloud.seal, "crm", "test")
            async with MqttClient(sender.identity) as client:
                for topic, data in (sender.consent(), sender.fault(), (sender.topic("fault"), NAME.encode())):
                    await client.publish(topic, data)
            await until(lambda: _has_case(cloud))
            async with httpx.AsyncClient(base_url=cloud.url) as web:
                body = json.dumps(
                    {"kind": "mail", "sender": MAIL, "text": f"I live at {STREET}, call {PHONE}"}
                ).encode()
                signed = signature.headers([secret], "m1", utcnow(), body)
                assert (await web.post("/api/inbound/crm", content=body, headers=signed)).status_code == 202
                assert (await web.get(f"/api/cases?device={MAIL}")).status_code == 401
                wrong = await web.post("/api/token", data={"username": MAIL, "password": PHONE})
                assert wrong.status_code == 401
            await until(lambda: _asked(there))
            with pytest.raises(IntegrityError) as doubled:
                await _doubled(cloud)
            assert MAIL not in str(doubled.value)
            logging.getLogger("trivet.api").error("it failed", exc_info=doubled.value)
            logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=ValueError(NAME))
            await asyncio.sleep(0.1)
    assert lines(log)
    found = [word for word in SECRETS if word in log.getvalue()]
    assert not found, [line for line in log.getvalue().splitlines() if any(word in line for word in found)]


async def _doubled(cloud: Cloud) -> None:
    async with cloud.store.writing() as session:
        session.add_all(OwnerLoginRow(owner=owner, mail=MAIL, password_hash="x") for owner in (1, 2))


async def _has_case(cloud: Cloud) -> bool:
    async with cloud.store.reading() as session:
        return await session.get(CaseRecord, 1) is not None


async def _asked(there: Any) -> bool:
    return bool(there.requests)


class TestNumbers:
    @pytest.fixture
    async def vendor(self, tmp_path: Path) -> AsyncIterator[Vendor]:
        async with seeded.open_vendor(tmp_path) as vendor:
            yield vendor

    async def scrape(self, app: FastAPI, web: httpx.AsyncClient, role: str = "admin") -> httpx.Response:
        app.dependency_overrides[routes.user_of] = lambda: auth.User("prometheus", role)
        answer = await web.get("/metrics")
        app.dependency_overrides.clear()
        return answer

    async def test_prometheus_reads_them(self, vendor: Vendor) -> None:
        numbers = await seeded.seed(vendor)
        app = api.create(vendor)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as web:
            assert (await web.get(f"/api/cases/{numbers['element']}")).status_code == 401
            assert (await web.get("/u/nothing")).status_code >= 400
            answer = await self.scrape(app, web)
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        samples = {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }
        cases = sum(value for (name, *_), value in samples.items() if name == "trivet_cases")
        assert cases == len(numbers)
        assert samples["trivet_messages_taken_total",] == 3
        assert samples["trivet_outbox_waiting",] > 0
        assert samples["trivet_outbox_oldest_seconds",] >= 0
        assert samples["trivet_http_request_seconds_count", "/api/cases/{case_id}", "4xx", "GET"] == 1
        assert ("process_resident_memory_bytes",) in samples

    async def test_they_say_nothing_of_anybody(self, vendor: Vendor) -> None:
        await seeded.seed(vendor)
        app = api.create(vendor)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as web:
            text = (await self.scrape(app, web)).text
            devices = [
                row["id"]
                for row in (await web.get("/api/devices", auth=(seeded.USER, seeded.PASSWORD))).json()["items"]
            ]
        assert devices
        for word in (*devices, "Feldmann", "@", "Oven in the kitchen"):
            assert word not in text

    async def test_who_may(self, vendor: Vendor) -> None:
        app = api.create(vendor)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as web:
            assert (await web.get("/metrics")).status_code == 401
            answers = {role: (await self.scrape(app, web, role)).status_code for role in auth_roles()}
        assert answers == {"agent": 403, "engineer": 200, "privacy": 403, "admin": 200, "owner": 403}


def auth_roles() -> tuple[str, ...]:
    return "agent", "engineer", "privacy", "admin", "owner"
