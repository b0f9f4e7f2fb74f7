"""Declining costs nobody their warranty: two appliances that differ in nothing but what their owners declined are told
the same prices, parts and last day, and no module that says so can reach what was decided.
"""

from __future__ import annotations

import ast
import asyncio
import datetime as dt
import tempfile
from pathlib import Path

import seeded
import trivet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seeded import Vendor
from sqlalchemy import update
from trivet.cases import proposals, warranty, works
from trivet.cases.terms import Terms
from trivet.cases.timeline import Actor, Hand
from trivet.consent.access import Access, reading
from trivet.store.tables import OwnershipRow, utcnow
from trivet.store.visits import AreaRow
from trivet.visits import book
from trivet.visits.quote import Quote

ROOT = Path(trivet.__file__).parent
PART = "HE-2217-03"
DECIDED = {"ProposalRow", "CaseEventRow", "OutcomeRow", "FeedbackRow", "VisitRow", "CaseRecord"}


def imported(module: str) -> set[str]:
    """Everything of this SDK that a module names in an import, and the names it takes from there."""
    tree = ast.parse(ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py").read_text("utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trivet"):
            found |= {str(node.module), *(alias.name for alias in node.names)}
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_nothing_that_the_warranty_is_made_from_reaches_a_decision() -> None:
    """From module to module, as far as imports go; tables are named by name, so those count."""
    seen, ahead = set[str](), {"trivet.cases.warranty", "trivet.visits.quote"}
    while ahead:
        module = ahead.pop()
        seen.add(module)
        names = imported(module)
        assert not names & DECIDED, module
        assert not {name for name in names if name.endswith((".proposals", ".outcomes", ".feedback", ".works"))}, module
        files = {name for name in names if ROOT.joinpath(*name.split(".")[1:]).with_suffix(".py").is_file()}
        ahead |= {name for name in files if name.startswith("trivet.")} - seen - {"trivet.store.tables"}
    assert "trivet.cases.terms" in seen


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    age=st.integers(0, 1600),
    months=st.integers(0, 48),
    declines=st.lists(st.sampled_from(["open", "approved", "accepted"]), min_size=1, max_size=4),
)
def test_with_and_without_declines_everybody_is_told_the_same(age: int, months: int, declines: list[str]) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with seeded.open_vendor(Path(folder)) as vendor:
                await compare(vendor, age, Terms(warranty_months=months), declines)

    asyncio.run(run())


async def compare(vendor: Vendor, age: int, terms: Terms, declines: list[str]) -> None:
    async with vendor.store.writing() as session:
        session.add(AreaRow(name="B", postcodes_json=["10"], zone="UTC", a_day=8, a_window=2, fee_minor=8900))
    cases = []
    for name in ("Ada Feldmann", "Bea Lind"):
        oven = await seeded.add_oven(vendor, f"Oven of {name}", name)
        cases.append(await seeded.add_case(vendor, oven.device, seeded.ELEMENT))
    async with vendor.store.writing() as session:
        await session.execute(update(OwnershipRow).values(since=utcnow() - dt.timedelta(days=age)))
    for state in declines:
        await decline(vendor, cases[0], terms, state)
    assert await told(vendor, cases[0], terms) == await told(vendor, cases[1], terms)


async def decline(vendor: Vendor, case: int, terms: Terms, state: str) -> None:
    """A visit is proposed, gets as far as `state`, and the owner says no."""
    async with vendor.store.writing() as session:
        hand = Hand(session, case, terms, Actor("agent", "desk"))
        row = await proposals.propose(hand, proposals.Wish("it carries no current", "visit", PART, despite=True))
        for act in {"open": [], "approved": ["approve"], "accepted": ["approve", "accept"]}[state]:
            await proposals.decide(hand, row.id, act, "so")
        owner = Hand(session, case, terms, Actor("owner", "owner 1"))
        assert (await proposals.decide(owner, row.id, "decline", "no")).state == proposals.DECLINED


async def told(
    vendor: Vendor, case: int, terms: Terms
) -> tuple[list[warranty.Standing], str | None, str | None, Quote]:
    """Parts and prices; the next proposal's price and standing; the visit's quote."""
    async with reading(vendor.store, Access("service", "desk", "to compare")) as read:
        parts = await works.parts(read, case, terms)
    assert isinstance(parts, list)
    async with vendor.store.writing() as session:
        hand = Hand(session, case, terms, Actor("agent", "desk"))
        row = await proposals.propose(hand, proposals.Wish("once more", "visit", PART, despite=True))
        await proposals.decide(hand, row.id, "approve", "so")
        return parts, row.price, row.warranty, (await book.offer(hand, "10115")).quote
