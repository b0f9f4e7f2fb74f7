"""Everything the interface can do with a case is done on its page: by hand, in words, with nothing lost on a no."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import browser
import pytest
import pytest_asyncio
import seeded
from desk_kit import House, form, live, open_house, unfold
from icalendar import Calendar
from playwright.async_api import Page, expect
from sqlalchemy import select, update
from trivet.store.tables import CaseEventRow, OwnershipRow, utcnow

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]
PART = "HE-2217-03"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("desk")) as made:
        yield made


async def new_case(house: House, event: int = seeded.ELEMENT, owner: str = "Ada Feldmann") -> int:
    oven = await seeded.add_oven(house.vendor, "Oven in the kitchen", owner, "en")
    return await seeded.add_case(house.vendor, oven.device, event)


async def propose(page: Page, step: str, why: str, **more: str) -> None:
    await unfold(page, "propose")
    wish = form(page, "propose")
    await wish.locator('[name="step"]').select_option(step)
    for name, value in more.items():
        await wish.locator(f'[name="{name}"]').select_option(value)
    await wish.locator('[name="why"]').fill(why)
    await wish.locator('[data-act="propose"]').click()


FIRST = {"refuse": "approve"}  # what goes on stands before what ends it: Enter means it


async def decide(page: Page, act: str, why: str) -> None:
    latest = page.locator("[data-proposal]").first
    await latest.locator('[name="why"]').fill(why)
    await latest.locator(f'[data-act="{act}"]').click()


async def test_a_case_is_taken_given_moved_escalated_and_noted(house: House) -> None:
    case = await new_case(house)
    async with house.page(f"/case/{case}") as page:
        card = page.locator('[data-card="work"]')
        await expect(card).to_contain_text("Nobody has it yet")
        await page.get_by_role("button", name="Take it").click()
        await expect(card).to_contain_text("You have it")
        await expect(page.get_by_role("button", name="Take it")).to_be_hidden()
        await unfold(page, "place")
        place = form(page, "place")
        await place.locator('[name="tier"]').select_option("3")
        await place.locator('[name="queue"]').select_option("engineering")
        await place.locator('[name="why"]').fill("needs the drawings")
        await page.keyboard.press("Enter")
        await expect(card).to_contain_text("Tier 3")
        await expect(card.locator(".pill", has_text="engineering")).to_be_visible()
        await unfold(page, "escalation")
        await form(page, "escalation").locator('[name="why"]').fill("a bakery stands still")
        await page.get_by_role("button", name="Escalate").click()
        await expect(card.locator(".pill", has_text="Escalated")).to_be_visible()
        await expect(page.get_by_role("button", name="Calm down")).to_be_visible()
        await unfold(page, "note")
        await form(page, "note").locator("textarea").fill("She bakes on Fridays.")
        await page.get_by_role("button", name="Write it down").dblclick()
        await expect(page.locator('.timeline [data-kind="note"]')).to_have_count(1)
        await expect(form(page, "note").locator("textarea")).to_have_value("")
        for text in ("agent gave it to agent", "Tier 1 → 3", "Queue desk → engineering", "a bakery stands still"):
            await expect(page.locator(".timeline")).to_contain_text(text)
        await unfold(page, "assign")
        await form(page, "assign").locator('[name="to"]').select_option("engineer")
        await form(page, "assign").locator('[name="why"]').fill("your oven")
        await page.get_by_role("button", name="Give it").click()
        await expect(card.locator(".lead")).to_have_text("engineer")
        await browser.shot(page, "work_case_light")


async def test_who_goes_on_while_the_database_is_busy_loses_nothing(house: House) -> None:
    case = await new_case(house)
    async with house.page(f"/case/{case}") as page:
        await unfold(page, "note")
        text, write = form(page, "note").locator("textarea"), page.get_by_role("button", name="Write it down")
        async with house.vendor.store.writing() as session:
            await session.execute(select(CaseEventRow.id).limit(1))  # SQLite's one writer
            await text.fill("The first.")
            await write.dblclick()
            await text.fill("The second.")
            await write.click()
            await text.fill("The third, not yet")
        notes = page.locator('.timeline [data-kind="note"]')
        await expect(notes).to_have_count(2)
        await expect(page.locator(".timeline")).to_contain_text("The second.")
        await expect(text).to_have_value("The third, not yet")
        await expect(form(page, "note").locator('[role="status"]')).to_contain_text("Done")


async def test_a_step_is_proposed_refused_put_up_again_and_done(house: House) -> None:
    case = await new_case(house, seeded.FAN)
    async with house.page(f"/case/{case}") as page:
        await propose(page, "self_help", "the filter is full")
        line = page.locator("[data-proposal]").first
        await expect(line).to_contain_text("To be decided")
        await line.get_by_text("What it rested on").click()
        await expect(line.locator(".basis")).to_contain_text("Sensor in doubt")
        for act, state in (
            ("refuse", "Refused"),
            ("reopen", "To be decided"),
            ("approve", "Approved"),
            ("finish", "Done"),
        ):
            await expect(line.locator("[data-act]").first).to_have_attribute("data-act", FIRST.get(act, act))
            await decide(page, act, f"because {act}")
            await expect(line.locator("[data-state]")).to_have_text(state)
        await expect(form(line, "decide")).to_be_hidden()
        await expect(page.locator(".timeline")).to_contain_text("because reopen")


async def test_no_van_without_evidence_and_the_refusal_loses_nothing(house: House) -> None:
    oven = await seeded.add_oven(house.vendor, "Oven", "Ada Feldmann", "en")
    case = await seeded.add_case(house.vendor, oven.device, seeded.ELEMENT, evidence_json=None)
    async with house.page(f"/case/{case}") as page:
        await propose(page, "visit", "she wants it", part=PART)
        wish = form(page, "propose")
        await expect(wish.get_by_role("alert")).to_contain_text("Not done: Nobody is sent yet.")
        await expect(wish.locator('[name="why"]')).to_have_value("she wants it")
        await expect(wish.locator('[name="part"]')).to_have_value(PART)
        await expect(wish.locator('[name="despite"]')).to_be_hidden()
        await expect(page.locator("[data-proposal]")).to_have_count(0)
    async with house.page(f"/case/{case}", language="de") as page:
        await propose(page, "visit", "sie will es", part=PART)
        await expect(form(page, "propose").get_by_role("alert")).to_contain_text("Es wird noch niemand geschickt")


@pytest.mark.parametrize(("days", "total"), [(30, "0.00 EUR"), (1000, "153.90 EUR")])
async def test_price_is_told_before_a_visit_is_booked_moved_and_made(house: House, days: int, total: str) -> None:
    case = await new_case(house, owner=f"Ada {days}")
    since = utcnow() - dt.timedelta(days=days)
    async with house.vendor.store.writing() as session:
        await session.execute(update(OwnershipRow).values(since=since))
    async with house.page(f"/case/{case}", "engineer") as page:
        visits = page.locator('[data-card="visits"]')
        await expect(visits).to_be_hidden()
        await unfold(page, "propose")
        await form(page, "propose").locator('[name="despite"]').check()
        await propose(page, "visit", "the element is open", part=PART)
        proposal = page.locator("[data-proposal]").first
        await expect(proposal).to_contain_text("under warranty" if days == 30 else "warranty is over")
        await decide(page, "approve", "as the current says")
        await form(visits, "offer").locator("input").fill("99999")
        await page.keyboard.press("Enter")
        await expect(form(visits, "offer").get_by_role("alert")).to_contain_text("99999")
        await form(visits, "offer").locator("input").fill("10623")
        await page.keyboard.press("Enter")
        await expect(visits.locator("[data-total]")).to_have_text(total)
        book = form(visits, "book")
        await book.locator('[name="address"]').fill("Kantstraße 5, 10623 Berlin")
        await browser.shot(page, f"work_offer_{days}")
        await book.locator('[data-act="book"]').click()
        await expect(book.get_by_role("alert")).to_contain_text("Tell the owner the price first")
        await expect(book.locator('[name="address"]')).to_have_value("Kantstraße 5, 10623 Berlin")
        await book.locator('[name="agreed"]').check()
        await book.locator('[data-act="book"]').click()
        visit = visits.locator("[data-visit]")
        await expect(visit).to_contain_text("Kantstraße 5")
        await expect(visit).to_contain_text("nothing to pay" if days == 30 else total)
        await expect(book).to_be_hidden()
        async with page.expect_download() as download:
            await visit.get_by_role("link", name="Calendar entry").click()
        [event] = Calendar.from_ical((await (await download.value).path()).read_bytes()).walk("VEVENT")
        assert event["LOCATION"] == "Kantstraße 5, 10623 Berlin"
        await visit.locator("summary").click()
        free = await visit.locator('[name="window"] option').all_text_contents()
        await visit.locator('[name="window"]').select_option(index=5)
        await visit.locator('[data-act="move"]').click()
        await expect(visit.locator("p").first).to_contain_text(free[5].strip())
        await visit.locator('[data-act="done"]').click()
        await expect(visit.locator("[data-state]")).to_have_text("Made")
        await expect(proposal.locator("[data-state]")).to_have_text("Done")


@pytest.mark.parametrize("kind", ["fixed", "wrong_part", "no_fault_found", "sensor", "use_error"])
async def test_an_outcome_is_reported_and_taken_back(house: House, kind: str) -> None:
    case = await new_case(house)
    async with house.page(f"/case/{case}") as page:
        await unfold(page, "close")
        outcome = form(page, "outcome")
        await outcome.locator('[name="kind"]').select_option(kind)
        await outcome.locator('[name="note"]').fill("as found")
        await outcome.locator('[data-act="close"]').click()
        line = page.locator("[data-outcome]")
        await expect(line).to_have_count(1)
        await expect(page.locator(".hero .pill").first).to_have_text("New" if kind == "wrong_part" else "Resolved")
        await unfold(page, "take_back")
        await form(line, "take_back").locator('[name="why"]').fill("another oven")
        await line.locator('[data-act="take_back"]').click()
        await expect(line).to_contain_text("taken back")
        await expect(page.locator(".timeline")).to_contain_text("another oven")
        await expect(page.locator(".hero .pill", has_text="Resolved")).to_have_count(0)


async def test_two_agents_at_once_read_what_the_other_did(house: House) -> None:
    case = await new_case(house)
    async with house.page(f"/case/{case}") as one, house.page(f"/case/{case}", "engineer") as two:
        await propose(one, "watch", "it may pass")
        await expect(two.locator("[data-proposal]")).to_have_count(1)
        await two.locator('[data-proposal] [name="why"]').fill("I think so too")
        await decide(one, "withdraw", "mistaken")
        await expect(two.locator("[data-proposal] [data-state]")).to_have_text("Withdrawn")
        await expect(two.locator('[data-proposal] [name="why"]')).to_have_value("I think so too")
        await expect(two.locator('[data-proposal] [data-act="approve"]')).to_be_hidden()
        # A press that was on its way when the other decided.
        await two.evaluate("""() => { const form = document.querySelector('[data-form="decide"]');
          const act = Object.assign(document.createElement("button"), { name: "act", value: "approve" });
          form.append(act); form.requestSubmit(act); }""")
        said = two.locator('[data-proposal] [role="alert"]')
        await expect(said).to_contain_text(
            "The proposal is withdrawn: it cannot be used for 'approve' now, but for reopen"
        )


async def test_who_may_only_look_sees_no_form_and_no_form_works_for_them(house: House) -> None:
    case = await new_case(house)
    async with house.page(f"/case/{case}", "privacy") as page:
        await expect(page.locator('[data-card="work"]')).to_contain_text("Nobody has it yet")
        assert [one for one in await page.locator("form.form").all() if await one.is_visible()] == []
        await page.evaluate("document.querySelector('[data-form=\"take\"]').requestSubmit()")
        refused = page.locator('[data-form="take"] [role="alert"]')
        await expect(refused).to_contain_text("Work on cases is for agent or engineer or admin, not for privacy")


async def test_a_year_of_history_is_folded(house: House) -> None:
    case = await new_case(house)
    async with house.vendor.store.writing() as session:
        for number in range(400):
            at = utcnow() - dt.timedelta(days=365) + dt.timedelta(hours=20 * number)
            session.add(CaseEventRow(case=case, at=at, actor="agent", kind="note", text=f"entry {number}"))
    async with house.page(f"/case/{case}") as page:
        await expect(page.locator(".timeline li")).to_have_count(25)
        await page.get_by_role("button", name="Show earlier").click()
        await expect(page.locator(".timeline li")).to_have_count(125)


async def test_while_the_owner_is_asked_the_clock_is_seen_to_stand(house: House) -> None:
    oven = await seeded.add_oven(house.vendor, "Oven that waits", "Wanda Waits", "en")
    case = await seeded.add_case(house.vendor, oven.device, seeded.ELEMENT)
    async with house.page(f"/case/{case}", "engineer") as page:
        stands = page.locator('[data-card="work"] [data-waits]')
        await unfold(page, "propose")
        await form(page, "propose").locator('[name="despite"]').check()
        await propose(page, "visit", "as it says", part=PART)
        await expect(stands).to_have_count(0)
        await decide(page, "approve", "worth it")
        await expect(stands).to_contain_text("The clock stands")
        await browser.shot(page, "work_case_waits")
        await page.goto(f"{house.url}/?find=wanda")
        await live(page)
        await expect(page.locator(f'a[data-key="{case}"]')).to_contain_text("Owner is asked")
        await browser.shot(page, "queue_waits")
        await page.goto(f"{house.url}/case/{case}")
        await live(page)
        await decide(page, "accept", "by phone")
        await expect(stands).to_have_count(0)
