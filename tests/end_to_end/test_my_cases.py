"""The owner's cases in a real browser: what happened, what we do, what they can do; yes and no to what is proposed,
visits and how they are told; by keyboard, on a phone, dark and light, in both languages, live."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import browser
import pytest
import pytest_asyncio
import seeded
from my_kit import OwnPages, signed_in
from playwright.async_api import Locator, Page, expect
from seeded import Vendor
from sqlalchemy import select
from trivet import api, desk
from trivet.cases import outcomes, proposals
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.registry import Identity
from trivet.store.care import CareRow
from trivet.store.cases import ProposalRow
from trivet.store.notices import NotifyChoiceRow
from trivet.store.tables import CaseEventRow, CatalogueRow, DeviceRow, OwnerRow
from trivet.store.visits import CANCELLED, AreaRow, VisitRow
from trivet.visits import book
from trivet.visits.windows import Window
from trivet_wire import ids

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]
NASTY = "<img src=x onerror=\"document.title='owned'\"> {{ 7 * 7 }}"
PART = "HE-2217-03"


@dataclass(kw_only=True)
class House(OwnPages):
    """A served cloud, Ada with an oven whose element is broken, a browser and a phone of hers."""

    vendor: Vendor
    oven: Identity
    case: int

    @asynccontextmanager
    async def hand(self, who: str = "desk") -> AsyncIterator[Hand]:
        async with self.vendor.store.writing() as session:
            yield Hand(session, self.case, DEFAULT, Actor("agent", who))

    async def propose(self, why: str, *, approve: bool = True) -> int:
        """A visit with the element, put up and checked by the desk."""
        async with self.hand() as hand:
            row = await proposals.propose(hand, proposals.Wish(why, "visit", PART, despite=True))
            if approve:
                await proposals.decide(hand, row.id, proposals.APPROVE, "the evidence carries it")
            return row.id

    async def book(self) -> None:
        soon = dt.date.today() + dt.timedelta(days=3)
        async with self.hand() as hand:
            offer = await book.offer(hand, "10115")
            window = next(one for one in offer.windows if one.day >= soon)
            wish = book.Wish(Window(window.day, window.hour), "10115", "Ackerstr. 1", offer.quote.total_minor)
            await book.book(hand, wish)

    async def state(self, number: int) -> str:
        async with self.vendor.store.reading() as session:
            return (await session.get_one(ProposalRow, number)).state


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with seeded.open_vendor(tmp_path_factory.mktemp("cloud")) as vendor:
        vendor.settings.data_dir.joinpath("notify.toml").write_text(
            'zone = "Europe/Berlin"\n[channels.mail]\nurl = "json://127.0.0.1:1/mail?-to={address}"\n'
        )
        app = api.create(vendor)
        desk.mount(app)
        oven = await seeded.add_oven(vendor, "Oven in the kitchen", None)
        await seeded.add_owner(vendor, app.state.accounts, oven)
        case = await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        async with vendor.store.writing() as session:
            session.add(
                AreaRow(name="Berlin", postcodes_json=["10"], zone="Europe/Berlin", a_day=8, a_window=2, fee_minor=8900)
            )
        async with browser.serving(app) as url, browser.chromium() as chromium:
            desktop, phone = await signed_in(chromium, url), await signed_in(chromium, url, phone=True)
            yield House(vendor=vendor, url=url, oven=oven, case=case, desktop=desktop, phone=phone)


async def tab_to(page: Page, target: Locator) -> None:
    """By keyboard alone."""
    for _ in range(80):
        if await target.evaluate("(one) => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    await expect(target).to_be_focused()


async def test_a_case_says_what_happened_what_we_do_and_what_you_can_do(house: House) -> None:
    async with house.page() as page:
        case = page.locator(".case")
        heads = await case.get_by_role("heading", level=4).all_text_contents()
        assert heads == ["What happened", "What we do", "What you can do"]
        await expect(case).to_contain_text("The upper element does not heat")
        await expect(case).to_contain_text("Support offers you a visit with the right part.")
        await expect(case.get_by_role("button")).to_have_count(0)


async def test_a_proposal_comes_live_with_price_warranty_and_what_a_no_means(house: House) -> None:
    async with house.page(dark=True) as page:
        first = await house.propose(NASTY, approve=False)
        offer = page.locator(".offer").first
        await expect(offer).to_contain_text("A person here still checks this.")
        await expect(offer).to_contain_text(NASTY)
        assert await page.title() != "owned"
        await expect(offer.get_by_role("button", name="Yes, please")).to_be_hidden()
        async with house.hand() as hand:
            await proposals.decide(hand, first, proposals.APPROVE, "checked")
        await expect(offer.get_by_role("button", name="Yes, please")).to_be_visible()
        for words in ("It waits for your word", "nothing · your warranty bears it", "If you say no: Nobody comes"):
            await expect(offer).to_contain_text(words)
        await expect(offer).to_contain_text("Your warranty stays as it is")
        await browser.shot(page, "my_offer_dark")


async def test_a_no_is_kept_with_its_words_and_the_warranty_unchanged(house: House) -> None:
    """By keyboard alone; what is typed stays while the page draws itself anew."""
    async with house.page() as page:
        offer = page.locator(".offer").first
        words = offer.get_by_label("Anything we should know?")
        await tab_to(page, words)
        await page.keyboard.type("not while we are ")
        async with house.hand() as hand:
            hand.session.add(CaseEventRow(case=house.case, actor="agent", kind="note", text="called them"))
        await page.wait_for_timeout(900)
        await expect(words).to_be_focused()
        await page.keyboard.type("away")
        await expect(words).to_have_value("not while we are away")
        await tab_to(page, offer.get_by_role("button", name="No, thank you"))
        await page.keyboard.press("Enter")
        await expect(offer).to_contain_text("Declined, warranty unchanged")
        await expect(page.locator(".case")).to_contain_text("You said no, and we leave it at that")
        await expect(offer.get_by_role("button", name="Yes, please")).to_be_hidden()
        await browser.shot(page, "my_declined_light")
    async with house.vendor.store.reading() as session:
        entry = await session.scalar(select(CaseEventRow).where(CaseEventRow.kind == "declined"))
    assert entry is not None
    assert (entry.actor, entry.data_json["why"]) == ("owner", "not while we are away")


async def test_a_yes_and_the_visit_that_comes_of_it_and_its_end(house: House) -> None:
    number = await house.propose("The element carries no current.")
    async with house.page(phone=True, language="de") as page:
        offer = page.locator(".offer").nth(1)
        await offer.get_by_role("button", name="Ja, bitte").tap()
        await expect(offer).to_contain_text("Sie haben Ja gesagt.")
        await house.book()
        visit = page.locator(".visit").first
        await expect(visit).to_contain_text("Ein Techniker kommt")
        await expect(visit).to_contain_text("nichts zu zahlen")
        await expect(visit).to_contain_text("Ackerstr. 1")
        calendar = visit.get_by_role("link", name="In meinen Kalender")
        answer = await page.request.get(house.url + str(await calendar.get_attribute("href")))
        assert (answer.status, "BEGIN:VEVENT" in await answer.text()) == (200, True)
        assert await page.evaluate(browser.OVERFLOW) == [0, []]
        for dark in (False, True):
            await page.emulate_media(color_scheme="dark" if dark else "light")
            await page.wait_for_timeout(250)
            assert await page.evaluate(browser.FAINT) == []
        await browser.shot(page, "my_visit_phone_de")
        await visit.get_by_role("button", name="Absagen …").tap()
        await expect(visit).to_contain_text("Es kommt niemand, und es kostet nichts.")
        await visit.get_by_role("button", name="Behalten").tap()
        await expect(visit.get_by_role("button", name="Ja, absagen")).to_be_hidden()
        await offer.get_by_role("button", name="Doch nicht").tap()  # the visit goes with it
        await expect(visit).to_contain_text("Abgesagt")
    assert await house.state(number) == "declined"
    async with house.vendor.store.reading() as session:
        assert list(await session.scalars(select(VisitRow.state))) == [CANCELLED]


async def test_a_visit_is_cancelled_with_a_word_why(house: House) -> None:
    number = await house.propose("Once more.")
    async with house.page() as page:
        await page.locator(".offer").nth(2).get_by_role("button", name="Yes, please").click()
        await house.book()
        visit = page.locator(".visit").nth(1)
        await visit.get_by_role("button", name="Cancel it …").click()
        await visit.get_by_label("Why?").fill("we are away")
        await browser.shot(page, "my_cancel_light")
        await visit.get_by_role("button", name="Yes, cancel it").click()
        await expect(visit).to_contain_text("Cancelled")
    assert await house.state(number) == "accepted"
    async with house.vendor.store.reading() as session:
        query = select(CaseEventRow).where(CaseEventRow.kind == "visit_cancelled").order_by(CaseEventRow.id.desc())
        entry = (await session.scalars(query)).first()
    assert entry is not None
    assert (entry.actor, entry.data_json["why"]) == ("owner", "we are away")


@pytest.mark.parametrize(("language", "phone"), [("en", False), ("de", True)])
async def test_how_they_are_told_is_theirs_to_choose(house: House, language: str, phone: bool) -> None:
    async with house.page(phone=phone, language=language) as page:
        name = "How you are told" if language == "en" else "Wie Sie es erfahren"
        await page.get_by_role("link", name=name).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(name)
        box = page.get_by_role("checkbox")
        await expect(box).to_be_checked()
        await page.locator("select[name=from]").select_option("20")
        await page.locator("select[name=until]").select_option("9")
        await page.locator("select[name=language]").select_option(language)
        await page.locator("#zone").fill("Europe/Nowhere")
        await page.locator("button.primary").click()
        await expect(page.get_by_role("alert")).to_contain_text("Europe/Berlin")
        await expect(page.locator("select[name=from]")).to_have_value("20")
        await page.locator("#zone").fill("Europe/Madrid")
        assert await page.evaluate(browser.OVERFLOW) == [0, []]
        await page.locator("button.primary").click()
        await expect(page.get_by_role("status")).to_be_visible()
        assert await page.evaluate(browser.FAINT) == []
        await browser.shot(page, f"my_notify_{language}")
    async with house.vendor.store.reading() as session:
        row = await session.scalar(select(NotifyChoiceRow))
        owner = await session.scalar(select(OwnerRow))
    assert row is not None
    assert (row.zone, row.quiet_from, row.quiet_until, list(row.channels_json)) == ("Europe/Madrid", 20, 9, ["mail"])
    assert owner is not None
    assert owner.language == language


async def test_after_closing_one_question_is_asked_and_a_no_opens_it_again(house: House) -> None:
    async with house.page(phone=True, dark=True) as page:
        async with house.hand("tom") as hand:
            await outcomes.close(hand, outcomes.Form("fixed", "element_top_open", PART))
        closed = page.locator(".closed")
        await expect(closed).to_contain_text("Is it mended?")
        await expect(page.locator(".card.state")).to_contain_text("Everything is fine")
        await closed.get_by_label("Anything you would like to say?").fill("still cold on top")
        assert await page.evaluate(browser.FAINT) == []
        assert await page.evaluate(browser.OVERFLOW) == [0, []]
        await browser.shot(page, "my_feedback_phone_dark")
        await closed.get_by_role("button", name="No, it is not").tap()
        await expect(page.locator(".case")).to_contain_text("The upper element does not heat")
        await expect(closed).to_have_count(0)


async def test_care_is_counted_only_with_a_yes_and_done_with_one_press(house: House) -> None:
    tip = {"name": "clean", "every": 3, "title": {"en": "Clean it", "de": "Reinigen"}}
    async with house.vendor.store.writing() as session:
        row = await session.get_one(CatalogueRow, seeded.CATALOGUE)
        row.rich_json = {**row.rich_json, "care": [{**tip, "now": {"en": "Wipe the seal.", "de": "Dichtung wischen."}}]}
    async with house.page() as page:
        care = page.locator(".care-card")
        await expect(care).to_contain_text("Without it nothing is counted")
        await expect(care.get_by_role("button", name="Done", exact=True)).to_be_hidden()
        async with house.vendor.store.writing() as session:
            (await session.get_one(DeviceRow, house.oven.device)).consent_mask |= 1 << ids.PERSONAL
            session.add(CareRow(device=house.oven.device, name="clean", cycles=4))
            session.add(CaseEventRow(case=house.case, actor="system", kind="note", text="so that it is drawn"))
        await expect(care).to_contain_text("It is time: 4 runs, due after 3")
        await expect(care).to_contain_text("Wipe the seal.")
        await browser.shot(page, "my_care_light")
        await tab_to(page, care.get_by_role("button", name="Do not remind me of it"))
        await page.keyboard.press("Enter")
        await expect(care).to_contain_text("You want no reminder of this.")
        await care.get_by_role("button", name="Done", exact=True).click()
        await expect(care).to_contain_text("0 of 3 runs")
        await page.goto(f"{house.url}/my/care/stop?t=half")
        await expect(page.get_by_role("heading", level=1)).to_have_text("No more of this reminder?")
        await page.get_by_role("button", name="No more of this").click()
        await expect(page.get_by_role("alert")).to_contain_text("This link is not whole")
        await browser.shot(page, "my_stop_light")


async def test_whose_appliance_it_is_not_says_nothing_to_a_proposal(house: House) -> None:
    """The page stays open while it is given away: a press on it does nothing."""
    number = await house.propose("A last time.")
    async with house.page() as page:
        yes = page.locator(".offer").last.get_by_role("button", name="Yes, please")
        await expect(yes).to_be_visible()
        async with house.vendor.store.writing() as session:
            (await session.get_one(DeviceRow, house.oven.device)).name = "Oven"
        await house.vendor.registry.release(house.oven.device)
        await expect(page.get_by_role("heading", name="This is none of your appliances")).to_be_visible()
    async with house.vendor.store.reading() as session:
        assert await session.get(ProposalRow, number) is None  # it went with its owner
