"""The desk by keyboard alone, its smaller pages, its looks, and what others type: text on every page, never more."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import browser
import pytest
import pytest_asyncio
import seeded
from desk_kit import PLAN, House, form, live, open_house
from playwright.async_api import Page, expect
from sqlalchemy import select
from trivet.cases import proposals
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.consent import export, tables
from trivet.consent.access import OWN, Access, reading
from trivet.desk import browse, letters_page
from trivet.inbound import letters
from trivet.inbound.letters import Letter
from trivet.store.cases import OutcomeRow
from trivet.store.tables import CaseEventRow, CaseRecord, CatalogueRow, utcnow
from trivet.store.visits import VisitRow

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]
NASTY = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "{{7*7}} ${7*7} {% raw %}",
    "=cmd|' /C calc'!A0",
    "\u202egnp.exe",
    "w" * 10_240,
)
FOCUSED = "document.activeElement.closest('form')?.dataset.form + '.' + (document.activeElement.name || '')"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("desk")) as made:
        yield made


def today() -> dt.date:
    """Where the area's technicians are."""
    return dt.datetime.now(ZoneInfo(PLAN.zone)).date()


async def visit_of(house: House, case: int, number: int, address: str = "Kantstraße 5") -> None:
    """A visit on the case, today, as booking leaves it."""
    async with house.vendor.store.writing() as session:
        record = await session.get_one(CaseRecord, case)
        row = {"case": case, "device": record.device, "area": "berlin", "day": today(), "hour": 8 + 2 * number}
        row |= {"uid": f"visit-{case}-{number}", "place": number + 1, "seat": 1, "address": address}
        row |= {"price_minor": 8900, "currency": "EUR", "warranty": False, "agreed_at": utcnow()}
        session.add(VisitRow(**row, why="evidence", booked_by="agent"))


async def test_from_queue_to_an_approved_proposal_by_keyboard_alone(house: House) -> None:
    oven = await seeded.add_oven(house.vendor, "Oven by keys", "Kaja Keys", "en")
    await seeded.add_case(house.vendor, oven.device, seeded.FAN)
    async with house.page("/") as page:
        press, type_ = page.keyboard.press, page.keyboard.type
        await press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("propose a step")
        await browser.shot(page, "keys_help", whole=False)
        await press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await press("/")
        await type_("kaja keys")
        await expect(page.locator(".list > a")).to_have_count(1)
        await press("Escape")
        await press("j")
        await expect(page.locator(".list > a").first).to_be_focused()
        await press("Enter")
        await page.wait_for_url("**/case/*")
        await live(page)
        await expect(page.locator('[data-card="work"]')).to_contain_text("Nobody has it yet")
        await press("t")
        await press("Enter")
        await expect(page.locator('[data-card="work"]')).to_contain_text("You have it")
        await press("p")
        assert await page.evaluate(FOCUSED) == "propose.step"
        await type_("Watch")
        for name in ("part", "fix", "why"):
            await press("Tab")
            assert await page.evaluate(FOCUSED) == f"propose.{name}"
        await type_("it may pass by itself")
        await press("Enter")
        await expect(page.locator("[data-proposal] [data-state]")).to_have_text("To be decided")
        await press("Escape")
        await press("a")
        assert await page.evaluate(FOCUSED) == "decide.why"
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert await page.evaluate(outline) == "solid"
        await type_("agreed")
        await press("Enter")  # the first button
        await expect(page.locator("[data-proposal] [data-state]")).to_have_text("Approved")
        await press("Escape")
        await press("u")
        await page.wait_for_url(f"{house.url}/")


async def test_tab_passes_everything_and_never_stays(house: House) -> None:
    oven = await seeded.add_oven(house.vendor, "Oven for tab", "Tabea Tab", "en")
    case = await seeded.add_case(house.vendor, oven.device, seeded.ELEMENT)
    async with house.page(f"/case/{case}") as page:
        await page.evaluate("document.querySelectorAll('details').forEach((fold) => fold.open = true)")
        await page.evaluate("window.passed = []")
        for _ in range(120):
            await page.keyboard.press("Tab")
            at = await page.evaluate("""() => { const at = document.activeElement;
              if (at === document.body) return "end";
              const again = window.passed.includes(at) ? "again" : ""; window.passed.push(at); return again; }""")
            if at:
                break
        assert at in ("end", "again")
        assert await page.evaluate("window.passed.length") > 40
        assert await page.evaluate("window.passed.every((one) => one.getClientRects().length > 0)")


async def test_a_day_of_visits_is_paged_moved_and_cancelled(house: House) -> None:
    oven = await seeded.add_oven(house.vendor, "Oven of a day", "Vera Visit", "en")
    case = await seeded.add_case(house.vendor, oven.device, seeded.ELEMENT)
    await visit_of(house, case, 0)
    async with house.page("/visits") as page:
        await expect(page.locator("[data-visit]")).to_have_count(1)
        await expect(page.get_by_role("main")).to_contain_text("of 4 visits")
        await browser.shot(page, "visits_light")
        await page.get_by_role("button", name="Day after").click()
        await expect(page.get_by_text("Nobody is visited on this day")).to_be_visible()
        await page.get_by_role("button", name="Day before").click()
        line = page.locator("[data-visit]")
        await line.locator("summary").click()
        await line.locator('[data-act="move"]').click()
        await expect(line.get_by_role("alert")).to_contain_text("Choose one of the free windows")
        await line.locator('[name="why"]').fill("she is away")
        await line.locator('[data-act="cancel"]').click()
        await expect(page.get_by_text("Nobody is visited on this day")).to_be_visible()
        assert "day=" in page.url


async def test_a_letter_lands_on_a_case_or_is_dismissed(house: House) -> None:
    oven = await seeded.add_oven(house.vendor, "Oven of letters", "Lena Letter", "en")
    case = await seeded.add_case(house.vendor, oven.device, seeded.FAN)
    async with house.page("/letters") as page:
        await expect(page.get_by_text("No letter")).to_be_visible()
        async with house.vendor.store.writing() as session:
            for number in (1, 2):
                await letters.receive(session, "crm", f"m{number}", Letter("mail", "x@example.com", f"Hello {number}"))
        first, second = (page.locator("[data-letter]", has_text=f"Hello {number}") for number in (1, 2))
        await expect(first).to_be_visible()
        await first.locator('[name="case"]').fill("999999")
        await first.locator('[data-act="land"]').click()
        await expect(first.get_by_role("alert")).to_contain_text("There is no case 999999")
        await first.locator('[name="case"]').fill("twelve")
        await first.locator('[data-act="land"]').click()
        await expect(first.get_by_role("alert")).to_contain_text("Fill in or correct: Case number")
        await browser.shot(page, "letters_light")
        await first.locator('[name="case"]').fill(str(case))
        await first.locator('[data-act="land"]').click()
        await expect(first).to_have_count(0)
        await second.locator('[name="why"]').fill("an advertisement")
        await second.locator('[data-act="dismiss"]').click()
        await expect(page.get_by_text("No letter")).to_be_visible()
        await page.get_by_role("button", name="Dismissed").click()
        await expect(page.locator("[data-letter]")).to_contain_text("an advertisement")
        await page.goto(f"{house.url}/case/{case}")
        await expect(page.locator(".timeline")).to_contain_text("Hello 1")


async def test_figures_are_of_everything_or_of_one_model(house: House) -> None:
    async with house.vendor.store.writing() as session:
        for kind, cause in (("fixed", "a"), ("fixed", "b"), ("no_fault_found", None)):
            row = {"by": "agent", "kind": kind, "cause": cause, "model": "oven", "code": "X1", "predicted": "a"}
            row |= {"confidence": 0.9, "visit": True, "attempt": 1, "stated_json": {}, "taught_json": {}}
            session.add(OutcomeRow(**row))
    async with house.page("/rates") as page:
        shown = page.locator('[data-card="rates"]')
        await expect(shown.locator(".rate").nth(0)).to_contain_text("33 %")
        await expect(shown.locator(".rate").nth(1)).to_contain_text("67 %")
        await expect(shown.locator(".rate").nth(2)).to_contain_text("33 %")
        await browser.shot(page, "rates_light")
        await form(page, "rates").locator('[name="model"]').fill("kettle")
        await page.keyboard.press("Enter")
        await expect(shown.locator(".rate").nth(0)).to_contain_text("–")
        await expect(form(page, "rates").locator('[name="model"]')).to_have_value("kettle")


async def poisoned(house: House, text: str, number: int) -> tuple[int, str]:
    """A case in which everything that people or appliances fill says `text`."""
    short = text[:60]
    oven = await seeded.add_oven(house.vendor, text[:128], text[:128], "en")
    store = house.vendor.store
    async with store.writing() as session:
        rich = (await session.get_one(CatalogueRow, seeded.CATALOGUE)).rich_json
        rich = rich | {"parts": [*rich["parts"], {"number": short[:20], "text": {"en": short}, "price": "1 EUR"}]}
        session.add(CatalogueRow(id=900 + number, model=short, packed=b"", rich_json=rich))
    case = await seeded.add_case(house.vendor, oven.device, seeded.ELEMENT)
    async with store.writing() as session:
        record = await session.get_one(CaseRecord, case)
        record.catalogue = 900 + number
        judged = record.triage_json | {"sensor_why": [text], "next_step": {"text": text}}
        record.triage_json, record.sensor_doubt = judged, 0.9
        for kind in ("note", "mail", "visit_booked"):
            data = {"who": short, "why": text}
            session.add(CaseEventRow(case=case, actor="owner", kind=kind, text=text, data_json=data))
        hand = Hand(session, case, DEFAULT, Actor("agent", short))
        await proposals.propose(hand, proposals.Wish(text[:2000], "watch"))
        await letters.receive(session, "crm", f"n{number}", Letter("mail", text[:250], text, text[:500]))
    await visit_of(house, case, 1 + number % 4, text)
    async with store.writing() as session:
        row = await session.scalar(select(VisitRow).where(VisitRow.case == case))
        assert row is not None
        row.day = utcnow().date() + dt.timedelta(days=1 + number)
    return case, oven.device


async def clean(page: Page, text: str, where: str) -> None:
    """It stands there as text, and nothing of it was run, loaded or computed."""
    start = text[:20].replace("\u202e", "\N{REPLACEMENT CHARACTER}")  # nothing turns its neighbours round
    said = await page.evaluate("document.body.innerText + [...document.querySelectorAll('option')].map((o) => o.text)")
    assert start in said, where
    assert "\u202e" not in said + await page.title(), where
    assert "owned" not in await page.title() or "document.title" in await page.title(), where
    assert await page.locator("main img, main script, main iframe").count() == 0, where
    if "7*7" in text:
        assert "{{7*7}}" in said, where
    assert await page.evaluate(browser.OVERFLOW) == [0, []], where


@pytest.mark.parametrize("number", range(len(NASTY)))
async def test_what_anybody_types_is_text_on_every_page(house: House, number: int) -> None:
    text = NASTY[number]
    case, device = await poisoned(house, text, number)
    day = utcnow().date() + dt.timedelta(days=1 + number)
    dialogs: list[str] = []
    async with house.page(f"/case/{case}", phone=True) as page:
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for path in (
            f"/case/{case}",
            f"/device/{device}",
            "/",
            "/devices",
            f"/visits?area=berlin&day={day}",
            "/letters",
        ):
            await page.goto(house.url + path)
            await live(page)
            await page.wait_for_timeout(300)
            await clean(page, text, path)
    assert dialogs == []


async def test_in_a_table_for_spreadsheets_no_cell_is_a_formula(house: House) -> None:
    case, device = await poisoned(house, "=cmd|' /C calc'!A0", 7)
    async with reading(house.vendor.store, Access(OWN, "ada", "An export")) as read:
        archive = zipfile.ZipFile(io.BytesIO(tables.zipped(await export.of(read, device))))
    cells = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "'=cmd|" in cells
    assert ",=cmd|" not in cells
    assert "\n=cmd|" not in cells
    assert f"{case}," in cells


@pytest.mark.parametrize("language", ["en", "de"])
async def test_new_pages_fit_a_phone_and_can_be_read_in_light_and_dark(house: House, language: str) -> None:
    oven = await seeded.add_oven(house.vendor, "Oven of looks", "Lou Looks", "en")
    case = await seeded.add_case(house.vendor, oven.device, seeded.ELEMENT)
    async with house.vendor.store.writing() as session:
        hand = Hand(session, case, DEFAULT, Actor("agent", "agent"))
        await proposals.propose(hand, proposals.Wish("as it says", "watch"))
    await visit_of(house, case, ("en", "de").index(language), "Kantstraße 5, 10623 Berlin")
    paths = {"case": f"/case/{case}", "queue": "/", "visits": "/visits", "letters": "/letters", "rates": "/rates"}
    async with house.page("/", phone=True, language=language) as page:
        for name, path in paths.items():
            await page.goto(house.url + path)
            await live(page)
            await page.evaluate("document.querySelectorAll('details').forEach((fold) => fold.open = true)")
            await page.wait_for_timeout(200)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                assert await page.evaluate(browser.FAINT) == [], f"{path} {scheme}"
                await browser.shot(page, f"phone_{name}_{language}_{scheme}")
            assert await page.evaluate(browser.OVERFLOW) == [0, []], path


async def test_a_fleet_is_searched_and_paged(house: House) -> None:
    for number in range(browse.PAGE + 5):
        await seeded.add_oven(house.vendor, f"Fleetling {number}", "Flo Fleet" if number == 7 else None)
    async with house.page("/devices") as page:
        lines = page.locator(".list > a")
        box = page.get_by_role("searchbox")
        await box.fill("fleetling")
        await expect(page.locator(".pager")).to_contain_text(f"1 to {browse.PAGE}")
        await expect(lines).to_have_count(browse.PAGE)
        await browser.shot(page, "devices_fleet")
        await page.locator("[data-page=next]").click()
        await expect(lines).to_have_count(5)
        await expect(page.locator(".pager")).to_contain_text(f"{browse.PAGE + 1} to {browse.PAGE + 5}")
        await page.locator("[data-page=back]").click()
        await expect(lines).to_have_count(browse.PAGE)
        await box.fill("flo fleet")
        await expect(lines).to_have_count(1)
        await expect(page).to_have_url(re.compile(r"/devices\?find=flo"))
        await page.reload()
        await live(page)
        await expect(lines).to_have_count(1)
        await box.fill("nobody at all")
        await expect(page.get_by_role("status").first).to_contain_text("No appliance matches")


async def test_letters_are_paged_newest_first(house: House) -> None:
    async with house.vendor.store.writing() as session:
        for number in range(letters_page.PAGE + 2):
            await letters.receive(session, "crm", f"p{number}", Letter("mail", "x@example.com", f"Page of {number}"))
    async with house.page("/letters") as page:
        lines, pager = page.locator("[data-letter]"), page.locator(".pager")
        await expect(lines).to_have_count(letters_page.PAGE)
        await expect(pager).to_contain_text(f"1 to {letters_page.PAGE}")
        await expect(lines.first).to_contain_text(f"Page of {letters_page.PAGE + 1}")
        await page.locator("[data-page=next]").click()
        await expect(pager).to_contain_text(f"{letters_page.PAGE + 1} to")
        await expect(lines.filter(has_text="Page of 0")).to_be_visible()
        await expect(page.locator("[data-page=next]")).to_be_hidden()
        for tab in ("Dismissed", "Waiting"):
            await page.get_by_role("button", name=tab, exact=True).click()
        await expect(pager).to_contain_text(f"1 to {letters_page.PAGE}")
        await browser.shot(page, "letters_paged")
