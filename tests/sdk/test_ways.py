"""One fault of one appliance goes every way out of a cloud that runs as `trivet serve` runs it; and what the README
says of these ways works as it is written there."""

import asyncio
import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest
import seeded
from cloud_kit import bench, settings, until
from prometheus_client.parser import text_string_to_metric_families
from receiver_kit import Reply, Request, receiver
from test_tickets import LOGIN, TOKEN, ZendeskServer
from trivet import catalogues
from trivet.bench import traffic
from trivet.bench.mqtt import MqttClient
from trivet.bench.traffic import Sender
from trivet.cli import app as commands
from trivet.config import Settings
from trivet.consent import sweep
from trivet.inbound import letters
from trivet.inbound.letters import Letter
from trivet.notify import sender as notices
from trivet.observe.metrics import Metrics
from trivet.outward import router
from trivet.outward.guard import networks
from trivet.outward.http import Client
from trivet.outward.seal import Seal
from trivet.serve import Cloud
from trivet.store.tables import CaseEventRow, DeviceRow, utcnow
from trivet.tickets import clerk
from trivet.vault import Vault
from trivet.ways import Ways
from trivet.webhooks import receivers, sender
from typer.testing import CliRunner

pytestmark = pytest.mark.usefixtures("database")


def configured(folder: Path, channel: str, desk: str) -> Settings:
    """A cloud that may reach this machine, with a channel to owners and a ticket system."""
    (folder / "notify.toml").write_text(f'quiet = []\n[channels.mail]\nurl = "json://{channel}/{{address}}"\n')
    (folder / "tickets.token").write_text(TOKEN)
    (folder / "tickets.toml").write_text(
        f'system = "zendesk"\nurl = "{desk}"\nlogin = "{LOGIN["zendesk"]}"\ntoken_file = "tickets.token"\n'
    )
    its = settings(folder)
    words = {name: getattr(its, name) for name in its.__struct_fields__}
    return Settings(**words | {"networks": ("127.0.0.0/8",), "public_url": "https://desk.example.com/"})


@pytest.mark.slow
async def test_a_fault_reaches_crm_owner_and_ticket_system(tmp_path: Path) -> None:
    async def taking(_request: Request) -> Reply:
        return Reply(200)

    desk = ZendeskServer()
    async with receiver(taking) as crm, receiver(taking) as phone, receiver(desk) as tickets:
        host = phone.url.removeprefix("http://").removesuffix("/hook")
        async with Cloud(configured(tmp_path, host, tickets.url.removesuffix("/hook"))) as cloud:
            await catalogues.add(cloud.store, traffic.MODEL, traffic.packed(), traffic.rich_json())
            oven = Sender(await cloud.enrol(traffic.MODEL))
            await cloud.claim(oven.device, oven.identity.claim_secret, "Ada Feldmann", email="ada@example.com")
            async with cloud.store.writing() as session:
                await receivers.add(session, cloud.seal, crm.url, kinds=["opened"], who="test")
            async with MqttClient(oven.identity) as client:
                for topic, data in (oven.consent(), oven.fault()):
                    await client.publish(topic, data)
            await until(lambda: _all(crm.requests, phone.requests, desk.tickets))
            told = json.loads(crm.requests[0].body)
            assert told["type"] == "trivet.case.opened"
            assert told["data"]["links"]["page"] == "https://desk.example.com/case/1"
            assert phone.requests[0].path == "/ada@example.com"
            assert "https://desk.example.com/case/1" in json.dumps(desk.tickets)
            login = cloud.first_login
            assert login is not None
            async with httpx.AsyncClient(base_url=cloud.url, auth=(login.user, login.password)) as web:
                counted = {
                    (sample.name, *sorted(sample.labels.values())): sample.value
                    for family in text_string_to_metric_families((await web.get("/metrics")).text)
                    for sample in family.samples
                }
            assert counted["trivet_messages_taken_total",] >= 2
            assert counted["trivet_jobs_ended_total",] == 0
            assert counted["trivet_notices", "sent"] == 1


async def _all(*some: Any) -> bool:
    return all(some)


def test_the_readmes_words_on_these_ways_work(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    section = readme.partition("\n### Ways out and in\n")[2].partition("\n### ")[0]
    lines = [line for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]
    Vault(tmp_path / "cloud" / "secrets")
    assert len(lines) >= 3
    for line in lines:
        words = [str(tmp_path / "cloud") if word == "./cloud" else word for word in shlex.split(line, comments=True)]
        done = CliRunner().invoke(commands, words[1:])
        assert done.exit_code == 0, f"{line}\n{done.output}"


class Flaky:
    """A store whose database is away at first."""

    AWAY = 20  # calls, of all jobs

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked = 0

    def _away(self) -> None:
        self.asked += 1
        if self.asked <= self.AWAY:
            raise OSError("the database is away")

    def reading(self) -> Any:
        self._away()
        return self._store.reading()

    def writing(self) -> Any:
        self._away()
        return self._store.writing()


async def test_every_job_goes_on_after_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (router, sender, notices, clerk):
        monkeypatch.setattr(module, "POLL_S", 0.01)

    async def taking(_request: Request) -> Reply:
        return Reply(200)

    desk = ZendeskServer()
    async with receiver(taking) as there, receiver(desk) as tickets, seeded.open_vendor(tmp_path) as vendor:
        host = there.url.removeprefix("http://").removesuffix("/hook")
        configured(tmp_path, host, tickets.url.removesuffix("/hook"))
        oven = await seeded.add_oven(vendor, "Oven", "Ada Feldmann")
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        async with vendor.store.writing() as session:
            await receivers.add(session, vendor.seal, there.url, kinds=["resolved"], who="test")
        flaky = Flaky(vendor.store)
        jobs = Ways(tmp_path, flaky, vendor.seal, vendor.client).jobs(vendor.base)  # type: ignore[arg-type]
        running = [asyncio.create_task(job, name=name) for name, job in jobs.items()]
        async with vendor.store.writing() as session:
            for kind in ("opened", "resolved"):
                session.add(CaseEventRow(case=case, actor="appliance", kind=kind, text="x"))

        async def arrived() -> bool:
            hooks = [one for one in there.requests if one.path == "/hook"]
            return bool(hooks and len(there.requests) > len(hooks) and desk.tickets)

        await until(arrived, 60)
        assert flaky.asked > flaky.AWAY
        assert not [job.get_name() for job in running if job.done()]
        for job in running:
            job.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_all_of_it_on_postgresql(postgres: str, tmp_path: Path) -> None:
    async def taking(_request: Request) -> Reply:
        return Reply(200)

    desk = ZendeskServer()
    async with receiver(taking) as there, receiver(desk) as tickets, bench(tmp_path, postgres) as kit:
        host = there.url.removeprefix("http://").removesuffix("/hook")
        configured(tmp_path, host, tickets.url.removesuffix("/hook"))
        seal, device = Seal(kit.vault.safe), kit.sender.device
        await kit.registry.claim(device, kit.sender.identity.claim_secret, "Ada Feldmann", email="ada@example.com")
        async with kit.store.writing() as session:
            await receivers.add(session, seal, there.url, kinds=["opened"], who="test")
        await kit.take(kit.sender.consent(), kit.sender.fault())
        async with kit.store.writing() as session:
            landed, _ = await letters.receive(session, "crm", "m1", Letter("mail", "ada@example.com", "a\0b"))
            waiting, _ = await letters.receive(session, "crm", "m2", Letter("mail", "x", "from Ada Feldmann"))
            again, new = await letters.receive(session, "crm", "m1", Letter("mail", "ada@example.com", "a\0b"))
        assert (landed.state, waiting.state, again.id, new) == ("landed", "waiting", landed.id, False)
        async with Client(networks(["127.0.0.0/8"])) as client:
            jobs = Ways(tmp_path, kit.store, seal, client).jobs("https://desk.example.com")
            running = [asyncio.create_task(job) for job in jobs.values()]

            async def arrived() -> bool:
                return {one.path for one in there.requests} == {"/hook", "/ada@example.com"} and bool(desk.tickets)

            await until(arrived, 60)
            await asyncio.sleep(0.5)  # until what was done is noted
            for job in running:
                job.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        async with kit.store.reading() as session:
            assert b"trivet_notices" in await Metrics().text(session, {}, utcnow())
        async with kit.store.writing() as session:
            gone = await sweep.device(session, await session.get_one(DeviceRow, device))
            assert await sweep.letters(session, ["Ada Feldmann"]) == 1
        assert [gone[table] for table in ("webhook_deliveries", "notices", "letters", "tickets", "ticket_jobs")] == [
            1
        ] * 5
