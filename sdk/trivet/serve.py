"""The whole cloud in one process, and the engine as its child. Takes settings, gives a running `Cloud`.

First start makes certificates, keys and a first login; nothing of it is made twice. Parts can be killed and started
alone: what was not acked comes again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import uvicorn
from sqlalchemy import func, select

from trivet import catalogues, control
from trivet.cases import terms
from trivet.config import LOOPBACK, Settings
from trivet.consent import periods, retention, texts, vendor
from trivet.control import Dispatcher
from trivet.engine.engine import Engine
from trivet.ingest.known import Known
from trivet.ingest.nats import NatsTransport
from trivet.ingest.worker import Ingest
from trivet.outward.guard import networks
from trivet.outward.http import Client
from trivet.outward.seal import Seal
from trivet.passwords import hash_password, make_password
from trivet.registry import Identity, Registry
from trivet.remote import job as remote_job
from trivet.store import Store
from trivet.store.tables import LoginRow
from trivet.updates import clock
from trivet.updates.blocks import Blocks
from trivet.updates.payloads import Payloads
from trivet.vault import Vault
from trivet.ways import Ways

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger("trivet.serve")

FIRST_USER = "admin"


class Login(NamedTuple):
    user: str
    password: str


class Cloud:
    """`async with Cloud(settings) as cloud:`. With `http=False` there is no API and no page."""

    def __init__(self, settings: Settings, *, http: bool = True) -> None:
        self.settings = settings
        self.vault = Vault(settings.secrets_dir, settings.keys)
        self.store = Store(settings.url)
        self._http: _Http | None = None
        self._with_http = http
        self.registry = Registry(self.store, self.vault, [], settings.data_dir)
        self.engine = Engine(settings, self.vault, self.registry.allowed)
        self.registry.brokers = [(settings.reach, self.engine.mqtt_port)]
        self.transport = NatsTransport(self.engine.url, self.vault.sdk_password, ca=self.engine.ca)
        blocks = Blocks(self.transport, Payloads(settings.updates_dir))
        self.terms = terms.load(settings.data_dir)
        known = Known(self.vault.master, self.terms)
        self.ingest = Ingest(self.store, self.transport, known, settings.workers, blocks)
        self.retention = retention.Job(self.store, self.transport, settings.data_dir)
        self._jobs: list[asyncio.Task[None]] = []
        self.control = Dispatcher(self.store, self.transport, self.vault.command_key)
        self.seal = Seal(self.vault.safe)
        self.client = Client(networks(settings.networks))
        self.catalogues: dict[str, int] = {}
        self.first_login: Login | None = None  # made by this start; shown once, kept nowhere

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        kept = periods.load(self.settings.data_dir)  # a mistake in them is said before anything starts
        vendor.load(self.settings.data_dir)
        ways = Ways(self.settings.data_dir, self.store, self.seal, self.client)
        await self.store.open()
        async with self.store.writing() as session:
            for shown in (kept, periods.DEFAULT):  # appliances were delivered with these
                await texts.keep(session, shown)
        self.catalogues = await catalogues.add_known(self.store)
        await self.engine.server.start()
        await self.ingest.start()  # makes the message stream: before the first appliance is let in
        await self.engine.open_door()
        self.control.start()
        self.first_login = await self._make_first_login()
        if self._with_http:
            self._http = _Http(_app(self), self.settings.host, self.settings.http_port)
            await self._http.start()
        self._jobs = [
            asyncio.create_task(self.retention.run(), name="retention"),
            asyncio.create_task(clock.run(self.store), name="clock"),
            asyncio.create_task(remote_job.run(self.store, self.terms), name="remote"),
            *(asyncio.create_task(job, name=name) for name, job in ways.jobs(self.base).items()),
        ]
        self._note_address()

    async def stop(self) -> None:
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self._jobs = []
        if self._http is not None:
            await self._http.stop()
            self._http = None
        await self.control.stop()
        await self.ingest.stop()
        await self.engine.stop()
        await self.client.close()
        await self.store.close()

    @property
    def url(self) -> str:
        """Address of pages and API; empty without HTTP."""
        return self._http.url if self._http is not None else ""

    @property
    def base(self) -> str:
        """What links in messages begin with."""
        return (self.settings.public_url or self.url or noted_url(self.settings.data_dir)).rstrip("/")

    @property
    def broker(self) -> tuple[str, int]:
        return self.registry.brokers[0]

    async def enrol(self, model: str, board: str | Path | None = None, *, name: str = "") -> Identity:
        """A new appliance. `board` (a name or a folder) brings its catalogue along."""
        if board is not None:
            board_model, number = await catalogues.add_board(self.store, board)
            self.catalogues[board_model] = number
        return await self.registry.enrol(model, name=name)

    async def claim(
        self,
        device: str,
        secret: str,
        name: str,
        *,
        phone: str | None = None,
        email: str | None = None,
        language: str = "en",
    ) -> int:
        """Binds appliance and owner; see `Registry.claim`."""
        return await self.registry.claim(device, secret, name, phone=phone, email=email, language=language)

    async def revoke(self, device: str) -> None:
        """Refused from now on, and thrown out if it is connected."""
        await self.registry.revoke(device)
        await self.engine.callout.kick(device)

    async def command(self, device: str, command: int, who: str) -> int:
        """Queue a command without arguments, or the rotation of the appliance's key; gives its counter. ControlError
        says why not."""
        async with self.store.writing() as session:
            return await control.give(session, self.vault.master, device, command, who)

    def counted(self) -> dict[str, int]:
        """What this process counted since its start, by name."""
        workers = self.ingest.workers
        taken, refused = sum(one.taken for one in workers), sum(one.buried for one in workers)
        return {
            "messages_taken": taken,
            "messages_refused": refused,
            "jobs_ended": sum(job.done() for job in self._jobs),
        }

    async def _make_first_login(self) -> Login | None:
        async with self.store.reading() as session:
            if await session.scalar(select(func.count()).select_from(LoginRow)):
                return None
        login = Login(FIRST_USER, make_password())
        hashed = await asyncio.to_thread(hash_password, login.password)
        async with self.store.writing() as session:
            session.add(LoginRow(user=login.user, password_hash=hashed, role="admin"))
        return login

    def _note_address(self) -> None:
        """For commands that enrol while no server runs in their process."""
        noted = {"brokers": self.registry.brokers, "url": self.url, "engine": self.engine.url}
        (self.settings.data_dir / "address.json").write_text(json.dumps(noted), encoding="utf-8")


def noted_brokers(data_dir: Path) -> list[tuple[str, int]]:
    """Where the cloud of this folder was last served; the defaults when it never was."""
    try:
        noted = json.loads((data_dir / "address.json").read_text(encoding="utf-8"))
        return [(str(host), int(port)) for host, port in noted["brokers"]]
    except FileNotFoundError:
        settings = Settings(data_dir=data_dir)
        return [(settings.reach, settings.mqtt_port)]


def noted_engine(data_dir: Path) -> str:
    """Where the engine of this folder's cloud was last started; where it would be when it never was."""
    try:
        noted = json.loads((data_dir / "address.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        noted = {}
    return str(noted.get("engine") or f"nats://{LOOPBACK}:{Settings(data_dir=data_dir).nats_port}")


def noted_url(data_dir: Path) -> str:
    """Address of the pages when the cloud of this folder was last served; where it would be when it never was."""
    try:
        noted = json.loads((data_dir / "address.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        noted = {}
    settings = Settings(data_dir=data_dir)
    return str(noted.get("url") or f"http://{settings.host}:{settings.http_port}")


def _app(cloud: Cloud) -> FastAPI:
    """Imported here: a cloud without HTTP does not pay for the web's libraries."""
    from trivet import api, desk

    app = api.create(cloud)
    desk.mount(app)
    return app


class _Server(uvicorn.Server):
    """Leaves signals alone: they belong to whoever runs the cloud."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Http:
    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, log_config=None)
        config.timeout_graceful_shutdown = 2
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None
        self._host = host

    async def start(self) -> None:
        self._task = asyncio.create_task(self._serve(), name="http")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise RuntimeError("the web server ended at once")
            await asyncio.sleep(0.01)

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit as error:  # uvicorn's way to say that the port is taken
            raise RuntimeError(
                f"cannot serve HTTP on {self._host}:{self._server.config.port}: is the port taken? Choose --http-port"
            ) from error

    @property
    def url(self) -> str:
        port = self._server.servers[0].sockets[0].getsockname()[1]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._host, self._host)
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError, RuntimeError):
                await self._task
            self._task = None
