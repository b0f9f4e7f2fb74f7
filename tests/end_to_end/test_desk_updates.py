"""Updates at the desk in a real browser: what is installed, offered and reported; a release is offered after a second
look, in the name of who is logged in, and only by those whose role it is."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import browser
import pytest
import pytest_asyncio
import seeded
import updates_seed as seed
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from seeded import PASSWORD, USER, Vendor
from sqlalchemy import select
from trivet import api, desk
from trivet.passwords import hash_password
from trivet.registry import Identity
from trivet.store.tables import LoginRow
from trivet.store.updates import DOWNLOADING, ROLLED_BACK, KeyManifestRow, OfferRow
from trivet.updates import give, keyring
from trivet_wire import ids

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]
ENGINEER = "ines"


@dataclass
class Desk:
    vendor: Vendor
    url: str
    oven: Identity
    past: Identity
    contexts: dict[str, BrowserContext]

    @asynccontextmanager
    async def page(
        self, oven: Identity, who: str = ENGINEER, *, dark: bool = False, language: str = "en"
    ) -> AsyncIterator[Page]:
        context = self.contexts[who]
        await context.add_cookies([{"name": "trivet_language", "value": language, "url": self.url}])
        page = await context.new_page()
        await page.emulate_media(color_scheme="dark" if dark else "light")
        await page.goto(f"{self.url}/device/{oven.device}")
        await page.wait_for_selector(".updates-card h2")
        await page.wait_for_function("() => window.socket?.connected")
        yield page
        await page.close()

    async def offers(self) -> list[OfferRow]:
        async with self.vendor.store.reading() as session:
            query = select(OfferRow).where(OfferRow.device == self.oven.device).order_by(OfferRow.id)
            return list(await session.scalars(query))


async def context_of(chromium: Browser, url: str, user: str, **how: bool) -> BrowserContext:
    context = await browser.new_context(chromium, **how)
    page = await context.new_page()
    await browser.sign_in(page, url, user, PASSWORD)
    await page.close()
    return context


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with seeded.open_vendor(tmp_path_factory.mktemp("cloud")) as vendor:
        async with vendor.store.writing() as session:
            session.add(LoginRow(user=ENGINEER, password_hash=hash_password(PASSWORD), role="engineer"))
        oven, past = [await seeded.add_oven(vendor, name, "Ada Feldmann") for name in ("Oven A", "Oven B")]
        old = await seed.add_release(vendor, "1.5.0", 5)
        await seed.add_release(vendor, "1.6.0", 6, days=12)
        what = {"event": seeded.ELEMENT, "trial_s": 5400, "trial_cycles": 2}
        await seed.ended(vendor, past.device, old, ROLLED_BACK, ids.R_FAULT, **what)
        app = api.create(vendor)
        desk.mount(app)
        async with browser.serving(app) as url, browser.chromium() as chromium:
            contexts = {user: await context_of(chromium, url, user) for user in (ENGINEER, USER)}
            contexts["phone"] = await context_of(chromium, url, ENGINEER, phone=True)
            yield Desk(vendor, url, oven, past, contexts)


@pytest.fixture(autouse=True)
def believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """These releases are rows without a maker: that signatures are judged is shown by tests/sdk/test_publish.py."""
    monkeypatch.setattr(keyring, "believed", lambda *_: ["00"])


def card(page: Page) -> Locator:
    return page.locator(".updates-card")


async def test_offering_needs_a_second_look_and_stands_under_the_login(served: Desk) -> None:
    async with served.page(served.oven) as page:
        shown = card(page)
        await expect(shown).to_contain_text("Nothing is offered to it now.")
        await expect(shown).to_contain_text("as delivered")
        choice = shown.get_by_label("Release", exact=True)
        await expect(choice.locator("option")).to_have_text(["1.6.0 · security · 20 kB", "1.5.0 · feature · 20 kB"])
        await choice.select_option("1.5.0")
        await shown.get_by_role("button", name="Offer release").click()
        await expect(shown).to_contain_text("Offer 1.5.0 to this appliance?")
        await expect(shown).to_contain_text(f"You do this as {ENGINEER}")
        await expect(shown.get_by_role("button", name="Yes, do it")).to_be_focused()
        await shown.get_by_role("button", name="Back").click()
        assert await served.offers() == []
        await choice.select_option("1.6.0")
        await shown.get_by_role("button", name="Offer release").click()
        await browser.shot(page, "desk_updates_ask")
        await page.keyboard.press("Enter")
        await expect(shown).to_contain_text("not heard of yet")
        [row] = await served.offers()
        assert (row.version, row.who) == ("1.6.0", ENGINEER)


async def test_it_is_followed_live_and_can_be_withdrawn(served: Desk) -> None:
    async with served.page(served.oven, dark=True) as page:
        shown = card(page)
        row = (await served.offers())[-1]
        assert row.counter is not None
        await seed.answer(served.vendor, served.oven.device, row.counter)
        await expect(shown).to_contain_text("taken, waits")
        release = (await seed_release(served, row))["digest"]
        await seed.change(served.vendor, row.id, state=DOWNLOADING, fetched_json={release: 8192}, served=8192)
        await expect(shown).to_contain_text("40 % of 20 kB")
        report = {"report_boot": 7, "report_seq": 12, "report_signed": False, "from_version": "1.4.2"}
        await seed.change(served.vendor, row.id, **report)
        await expect(shown).to_contain_text("Report without a signature · from 1.4.2")
        await browser.shot(page, "desk_updates_dark")
        await shown.get_by_role("button", name="Withdraw").click()
        await expect(shown).to_contain_text("Withdraw 1.6.0?")
        await shown.get_by_role("button", name="Yes, do it").click()
        await expect(shown).to_contain_text("being withdrawn")
        row = (await served.offers())[-1]
        assert row.withdraw_counter is not None
        await seed.answer(served.vendor, served.oven.device, row.withdraw_counter)
        await expect(shown).to_contain_text(f"withdrawn by {ENGINEER}")


async def seed_release(served: Desk, row: OfferRow) -> dict[str, str]:
    from trivet.store.updates import ReleaseRow

    async with served.vendor.store.reading() as session:
        release = await session.get_one(ReleaseRow, row.release)
    return dict(release.components_json[0])


async def test_what_the_trial_saw_is_said_in_words_with_its_evidence(served: Desk) -> None:
    async with served.page(served.past, language="de") as page:
        shown = card(page)
        for text in (
            "1.5.0 · zurückgerollt: eine Störung trat auf, die vorher nicht da war",
            "auf Probe 1 Std., Läufe: 2",
        ):
            await expect(shown).to_contain_text(text)
        await expect(shown).to_contain_text(seeded.CODES[seeded.ELEMENT])
        await expect(shown).to_contain_text("Bericht vom Gerät unterschrieben")
        await expect(shown).to_contain_text(f"{served.past.device}/7/")


async def test_an_agent_sees_everything_and_offers_nothing(served: Desk) -> None:
    async with served.page(served.oven, USER) as page:
        await expect(card(page)).to_contain_text("Updates")
        await expect(card(page).locator("button:visible")).to_have_count(0)


async def test_what_cannot_be_offered_says_why(served: Desk) -> None:
    async with served.page(served.oven) as page:
        shown = card(page)
        await expect(shown.get_by_role("button", name="Offer release")).to_be_visible()
        number = await give.release(
            served.vendor.store, served.vendor.settings.updates_dir, served.oven.device, "1.5.0", "somebody else"
        )
        await expect(shown.get_by_role("button", name="Withdraw")).to_be_visible()
        await give.withdraw(served.vendor.store, served.oven.device, number, "somebody else")
        await expect(shown.get_by_role("button", name="Offer release")).to_be_visible()
        await shown.get_by_role("button", name="Offer release").click()
        await served.vendor.registry.revoke(served.oven.device)
        await shown.get_by_role("button", name="Yes, do it").click()
        await expect(shown).to_contain_text("Not done:")
        await expect(shown).to_contain_text("revoked")


async def test_release_keys_are_offered_beside_a_release(served: Desk) -> None:
    async with served.vendor.store.writing() as session:
        payload = hashlib.sha256(b"a key manifest").hexdigest()
        session.add(KeyManifestRow(number=2, payload=payload, size=300, taken_by="maker"))
    oven = await seeded.add_oven(served.vendor, "Oven C", None)
    await give.release(served.vendor.store, served.vendor.settings.updates_dir, oven.device, "1.5.0", "somebody else")
    async with served.page(oven) as page:
        shown = card(page)
        choice = shown.get_by_label("Release", exact=True)
        await expect(choice.locator("option")).to_have_text(["release keys · set 2"])
        await shown.get_by_role("button", name="Offer release").click()
        await expect(shown).to_contain_text("Offer set 2 of the release keys to this appliance?")
        await page.keyboard.press("Enter")
        await expect(shown.locator("article.update")).to_have_count(2)
        await expect(choice).to_be_hidden()
        await shown.get_by_role("button", name="Withdraw").click()
        await expect(shown).to_contain_text("Withdraw 1.5.0?")
    async with served.vendor.store.reading() as session:
        query = select(OfferRow).where(OfferRow.device == oven.device).order_by(OfferRow.id)
        rows = list(await session.scalars(query))
    assert [(row.what, row.version, row.who) for row in rows][1] == (ids.W_KEYS, "keys 2", ENGINEER)


async def test_a_phone_never_scrolls_sideways_and_every_text_has_contrast(served: Desk) -> None:
    for oven in (served.oven, served.past):
        async with served.page(oven, "phone", language="de") as page:
            for dark in (False, True):
                await page.emulate_media(color_scheme="dark" if dark else "light")
                await page.wait_for_timeout(250)  # colours move
                assert await page.evaluate(browser.FAINT) == []
            assert await page.evaluate(browser.OVERFLOW) == [0, []]
            await browser.shot(page, f"desk_updates_phone_{oven.device == served.past.device}")
