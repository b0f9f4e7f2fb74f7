"""A cloud that offers what no honest one would: envelopes made by other code than Trivet's, put among its releases past
its own checks. The ovens are real, each with keys and flash as a case wants them; pages in a real browser.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import browser
import cbor2
import httpx
import judged_kit as kit
from appliance.update import chooser
from commands_house import House
from judged_kit import KEYS, Image
from playwright.async_api import BrowserContext
from seeded import OWNER, OWNER_PASSWORD, PASSWORD
from sqlalchemy import func, select
from trivet import api, desk
from trivet.api.accounts import Person
from trivet.config import Settings
from trivet.passwords import hash_password
from trivet.registry import Identity
from trivet.release import bundle
from trivet.release.manifest import identifiers
from trivet.serve import Cloud
from trivet.sim.device import Device, Provision, read_files
from trivet.sim.world import World
from trivet.store.tables import LoginRow
from trivet.store.updates import OfferRow, ReleaseRow
from trivet.updates import offers
from trivet.updates.payloads import Payloads

MODEL = "TO-60"
VENDOR, CLASS = identifiers("vendor.example", MODEL)
DESK_USER = "ines"
REST = {"start_s": 1e6}
FILES = {"drivers.mpy": b"M\x06" + bytes(3000), "board/texts_en.bin": bytes(range(256)) * 20}
BUNDLE = bundle.pack(FILES)
ROOTS = kit.roots(1, 2, sorted(KEYS[:4], key=kit.kid))


def image(content: bytes = BUNDLE, name: bytes = b"bundle", **more: Any) -> Image:
    """Of a security release for these ovens, so that nobody needs to be asked; `more` as in `Image`."""
    more = {"more": kit.SECURITY, "vendor": VENDOR, "class_": CLASS, **more}
    return Image(name, content=content, **more)


@dataclass
class Case:
    """One thing that is wrong. `served`: what the cloud gives for a payload, by its true content."""

    reason: int
    manifest: bytes
    signers: Sequence[Any] = tuple(KEYS[:2])
    payloads: Sequence[bytes] = (BUNDLE,)
    served: dict[bytes, bytes] = field(default_factory=dict)
    roots: bytes = ROOTS
    flash: dict[str, bytes] = field(default_factory=dict)

    @property
    def envelope(self) -> bytes:
        return kit.envelope(self.manifest, self.signers)


def confirmed(sequence: int) -> dict[str, bytes]:
    """The slot record of an oven that has a release with this number, built in."""
    kept: dict[str, bytes] = {}

    class Files:
        def read(self, name: str) -> bytes | None:
            return kept.get(name)

        def write(self, name: str, data: bytes | bytearray | memoryview) -> None:
            kept[name] = bytes(data)

    chooser.write(Files(), [1, False, [0, 0, sequence, "1.0"], None, None])
    return kept


@dataclass
class Planted:
    """A release that no check of the cloud saw. `served`: as in `Case`."""

    version: str
    envelope: bytes
    payloads: Sequence[bytes]
    served: dict[bytes, bytes] = field(default_factory=dict)


async def plant(home: House, planted: Planted) -> int:
    """Offer it to the house's oven, as if it had been published, with a number that only rises; gives the offer's."""
    kept = Payloads(home.cloud.settings.updates_dir)
    for data in (planted.envelope, *planted.payloads):
        kept.path(kept.put(data)).write_bytes(planted.served.get(data, data))
    manifest = cbor2.loads(planted.envelope).value[3]
    async with home.cloud.store.writing() as session:
        row = ReleaseRow(
            model=MODEL,
            version=planted.version,
            sequence=1000 + int(await session.scalar(select(func.count()).select_from(ReleaseRow)) or 0),
            security=True,
            manifest=kit.sha256(kit.canonical(manifest)).hex(),
            envelope=hashlib.sha256(planted.envelope).hexdigest(),
            components_json=[],
            payloads_json={
                hashlib.sha256(data).hexdigest(): len(data) for data in (planted.envelope, *planted.payloads)
            },
            notes_json={},
            signers_json=[],
            published_by="nobody honest",
        )
        session.add(row)
        await session.flush()
        return (await offers.offer(session, home.id, row, DESK_USER)).id


@dataclass
class Street:
    """A cloud, its pages, and one owner of every oven in it."""

    cloud: Cloud
    folder: Path
    url: str
    owner: BrowserContext
    desk: BrowserContext
    first: Identity
    account: int
    count: int = 0

    @asynccontextmanager
    async def oven(self, case: Case) -> AsyncIterator[House]:
        """A new one, that its owner has and that has reached the cloud."""
        self.count += 1
        identity = await self.cloud.enrol(MODEL)
        await self.app_accounts.add(self.account, identity.device, identity.claim_secret)
        device = Device(self.folder / f"oven-{self.count}")
        device.provision(replace(Provision.of(identity), roots=case.roots))
        device.put(case.flash)
        world = await asyncio.to_thread(lambda: World("oven", device, settings=REST, heap_kib=200))
        try:
            yield House(self.cloud, identity, world)
        finally:
            await asyncio.to_thread(world.close)

    app_accounts: Any = None

    async def offer(self, home: House, case: Case) -> int:
        planted = Planted(f"1.0.{self.count}", case.envelope, case.payloads, case.served)
        return await plant(home, planted)

    async def offer_row(self, number: int) -> OfferRow:
        async with self.cloud.store.reading() as session:
            return await session.get_one(OfferRow, number)

    async def until_told(self, home: House, number: int) -> OfferRow:
        """The oven's own last word on it has come."""

        async def told() -> bool:
            row = await self.offer_row(number)
            return row.ended_at is not None and row.report_boot is not None

        await home.serve(told, 60)
        return await self.offer_row(number)

    async def json(self, path: str, *, owner: bool = False) -> Any:
        auth = (OWNER, OWNER_PASSWORD) if owner else (DESK_USER, PASSWORD)
        async with httpx.AsyncClient(base_url=self.url, auth=auth) as web:
            answer = await web.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def text(self, context: BrowserContext, path: str) -> str:
        """What the card of updates says on a page."""
        page = await context.new_page()
        await page.goto(self.url + path)
        await page.wait_for_selector(".updates-card .lines")
        said = await page.locator(".updates-card").inner_text()
        await page.close()
        return said


async def _owner(chromium: Any, url: str) -> BrowserContext:
    context = await browser.new_context(chromium)
    page = await context.new_page()
    await page.goto(url + "/my/login")
    await page.get_by_label("Mail address").fill(OWNER)
    await page.get_by_label("Password").fill(OWNER_PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/my")
    await page.close()
    return context


async def _desk(chromium: Any, url: str) -> BrowserContext:
    context = await browser.new_context(chromium)
    page = await context.new_page()
    await browser.sign_in(page, url, DESK_USER, PASSWORD)
    await page.close()
    return context


@asynccontextmanager
async def street(folder: Path) -> AsyncIterator[Street]:
    settings = Settings(data_dir=folder / "cloud", http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        async with cloud.store.writing() as session:
            session.add(LoginRow(user=DESK_USER, password_hash=hash_password(PASSWORD), role="engineer"))
        app = api.create(cloud)
        desk.mount(app)
        first = await cloud.enrol(MODEL, "oven")
        person = Person("Ada Feldmann", OWNER, "+49 30 5550 142", "en")
        account = await app.state.accounts.open(first.device, first.claim_secret, person, OWNER_PASSWORD)
        async with browser.serving(app) as url, browser.chromium() as chromium:
            owner, at_the_desk = await _owner(chromium, url), await _desk(chromium, url)
            made = Street(cloud, folder, url, owner, at_the_desk, first, account)
            made.app_accounts = app.state.accounts
            yield made


def flash(home: House) -> dict[str, bytes]:
    """Everything that could make it another version: files, and the images of both slots. Not its journal, in which it
    notes that it refused."""
    folder = home.world.device.folder
    return read_files(home.world.device.image) | {one.name: one.read_bytes() for one in sorted(folder.glob("ota*"))}
