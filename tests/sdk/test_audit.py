"""`trivet audit`: it finds what is wrong with a cloud, tells no secret, and claims nothing that nothing shows."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import seeded
from seeded import Vendor
from sqlalchemy import update
from trivet import api
from trivet.audit import AuditError, Report, checks, etsi, make
from trivet.audit.page import html
from trivet.cli import app
from trivet.consent import periods
from trivet.keys import Passphrase, Safe
from trivet.store import Store
from trivet.store.privacy import ErasureRow, UseRow
from trivet.store.tables import ConsentRow, DeviceRow, LoginRow, MessageRow, utcnow
from typer.testing import CliRunner

pytestmark = pytest.mark.usefixtures("database")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def vendor(tmp_path: Path) -> AsyncIterator[Vendor]:
    """A cloud as it should be: closed to others, its keys under a passphrase, one oven with a week of life."""
    tmp_path.chmod(0o700)
    async with seeded.open_vendor(tmp_path) as vendor:
        oven = await seeded.add_oven(vendor, "Oven in the kitchen", None)
        await seeded.add_owner(vendor, api.create(vendor).state.accounts, oven)
        await seeded.add_past(vendor, oven.device)
        safe = Safe(vendor.settings.secrets_dir, Passphrase("correct horse battery"))
        for name in ("master.key", "command.key", "ca.key"):
            safe.read(name)  # what lies plain is sealed
        yield vendor


async def audit(vendor: Vendor) -> Report:
    return await make(vendor.settings, vendor.store)


def held(report: Report) -> dict[str, bool]:
    return {check.name: check.ok for check in report.checks}


async def test_a_sound_cloud_passes_every_check(vendor: Vendor) -> None:
    report = await audit(vendor)
    assert report.sound, [check for check in report.checks if not check.ok]
    assert etsi.STANDARD in report.standard
    assert "fails now" not in report.count()


async def test_the_report_counts_what_happened(vendor: Vendor) -> None:
    report = await audit(vendor)
    [oven] = report.appliances
    assert (oven.owned, oven.consents, oven.decision) == (True, ["safety", "service"], len(seeded.DECISIONS))
    assert [(one.name, one.messages) for one in report.refusals] == [("no consent", 1)]
    assert [(one.kind, one.count) for one in report.security] == [("consent", 1)]
    assert {(use.purpose, use.who, use.subject) for use in report.uses} == {
        ("service", seeded.USER, "case"),
        ("service", seeded.USER, "contact"),
    }
    kept = {one.purpose: one for one in report.retention}
    assert kept["service"].messages == 5
    assert kept["service"].days == periods.DEFAULT.service
    assert kept["service"].oldest_days == pytest.approx(149.9 / 24, abs=0.05)


async def test_an_audit_stands_in_the_owners_log(vendor: Vendor) -> None:
    await audit(vendor)
    report = await audit(vendor)
    assert ("safety", "audit", "audit") in {(use.purpose, use.who, use.subject) for use in report.uses}


async def _open_key(vendor: Vendor) -> None:
    (vendor.settings.secrets_dir / "issuer.seed").chmod(0o644)


async def _open_folder(vendor: Vendor) -> None:
    vendor.settings.data_dir.chmod(0o755)


async def _plain_key(vendor: Vendor) -> None:
    (vendor.settings.secrets_dir / "command.key").write_bytes(bytes(32))


async def _plain_password(vendor: Vendor) -> None:
    async with vendor.store.writing() as session:
        session.add(LoginRow(user="old", password_hash="5f4dcc3b5aa765d61d8327deb882cf99", role="agent"))


async def _same_claim(vendor: Vendor) -> None:
    await seeded.add_oven(vendor, "Twin", None)
    async with vendor.store.writing() as session:
        await session.execute(update(DeviceRow).values(claim_hash=b"same"))


async def _message_under_a_no(vendor: Vendor) -> None:
    async with vendor.store.writing() as session:
        await session.execute(update(ConsentRow).where(ConsentRow.consent_seq == 3).values(mask=1))


async def _old_message(vendor: Vendor) -> None:
    async with vendor.store.writing() as session:
        old = utcnow() - dt.timedelta(days=periods.DEFAULT.improve + 2)
        await session.execute(update(MessageRow).where(MessageRow.purpose == 2).values(received_at=old))


async def _unproven(vendor: Vendor) -> None:
    async with vendor.store.writing() as session:
        session.add(ErasureRow(device=None, cause="erasure", by="owner", rows_json={}, proof_json=None))


async def _unknown_text(vendor: Vendor) -> None:
    async with vendor.store.writing() as session:
        await session.execute(update(ConsentRow).where(ConsentRow.consent_seq == 1).values(text_hash=4711))


BREACHES = {
    "keys_private": _open_key,
    "keys_sealed": _plain_key,
    "folder_closed": _open_folder,
    "passwords_hashed": _plain_password,
    "identities_unique": _same_claim,
    "messages_covered": _message_under_a_no,
    "retention_kept": _old_message,
    "erasures_proven": _unproven,
    "texts_kept": _unknown_text,
}


@pytest.mark.parametrize("name", BREACHES)
async def test_each_check_finds_its_breach_and_what_rests_on_it_is_not_met(vendor: Vendor, name: str) -> None:
    await BREACHES[name](vendor)
    report = await audit(vendor)
    assert {check for check, ok in held(report).items() if not ok} == {name}
    resting = [one for one in report.provisions if name in one.checks]
    assert all(one.now == ("fails now" if one.state == etsi.MET else one.state) for one in resting)


def test_a_private_key_in_the_source_is_found() -> None:
    text = "-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY\n"
    assert checks._PEM.search(text.encode())


def test_every_check_is_tried_on_a_breach() -> None:
    assert set(BREACHES) | {"no_keys_in_source"} == set(checks.CHECKS)


async def test_no_secret_is_in_the_report(vendor: Vendor) -> None:
    report = await audit(vendor)
    text = msgspec.json.encode(report).decode() + html(report)
    for path in vendor.settings.secrets_dir.iterdir():
        content = path.read_bytes()
        if path.suffix == ".key" or path.suffix == ".seed":
            assert content.hex() not in text
            assert content[:24].decode("latin-1") not in text
    for personal in ("Ada", seeded.OWNER, "5550"):
        assert personal not in text


async def test_the_page_needs_nothing_else(vendor: Vendor) -> None:
    page = html(await audit(vendor))
    assert "<script" not in page
    assert "src=" not in page
    assert "<link" not in page
    assert page.count("<tr") > len(etsi.PROVISIONS)


def _tests() -> set[str]:
    """Every test function of the repository, as `file::name`."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def test_every_provision_has_a_state_a_reason_and_what_shows_it() -> None:
    known = _tests() | set(checks.CHECKS)
    for one in etsi.PROVISIONS:
        assert one.state in etsi.STATES, one.number
        assert one.how, one.number
        assert one.clause in etsi.CLAUSES
        assert set(one.shown) <= known, f"{one.number}: {set(one.shown) - known} is neither a check nor a test"
        assert one.shown or one.state != etsi.MET, f"{one.number} is said to be met, and nothing shows it"


def test_no_provision_is_left_out() -> None:
    """As annex B of V3.1.3 numbers them."""
    counts = {"5.0": 1, "5.1": 5, "5.2": 3, "5.3": 16, "5.4": 4, "5.5": 8, "5.6": 9, "5.7": 2, "5.8": 3, "5.9": 3}
    counts |= {"5.10": 1, "5.11": 4, "5.12": 3, "5.13": 1, "6": 8}
    split = {"5.1-2": ["", "A"], "6-3": "AB"} | dict.fromkeys(("5.3-4", "5.3-6", "5.3-15", "5.6-4", "5.13-1"), "AB")
    wanted = [
        f"{clause}-{number}{letter}"
        for clause, count in counts.items()
        for number in range(1, count + 1)
        for letter in split.get(f"{clause}-{number}", [""])
    ]
    assert [one.number for one in etsi.PROVISIONS] == wanted


async def test_a_database_of_another_version_is_left_alone(vendor: Vendor, tmp_path: Path) -> None:
    async with vendor.store.writing() as session:
        await session.execute(update(_version()).values(version_num="9999_future"))
    with pytest.raises(AuditError, match="9999_future"):
        await audit(vendor)
    async with vendor.store.reading() as session:
        assert await session.scalar(_version().select()) == "9999_future"


def _version():  # type: ignore[no-untyped-def]
    import sqlalchemy as sa

    return sa.table("alembic_version", sa.column("version_num"))


def _provision(folder: Path) -> list[str]:
    return ["provision", "oven", "--device", str(folder / "oven"), "--data", str(folder / "cloud")]


def test_the_command_reports_and_says_when_there_is_nothing(tmp_path: Path) -> None:
    run = CliRunner()
    nothing = run.invoke(app, ["audit", "--data", str(tmp_path / "nowhere")])
    assert nothing.exit_code == 2
    assert "trivet serve --data" in nothing.output
    assert not (tmp_path / "nowhere").exists()
    assert run.invoke(app, _provision(tmp_path)).exit_code == 0
    page = tmp_path / "audit.html"
    done = run.invoke(app, ["audit", "--data", str(tmp_path / "cloud"), "--json", "--html", str(page)])
    report = json.loads(done.stdout)
    failing = [check["name"] for check in report["checks"] if not check["ok"]]
    assert failing == ["keys_sealed"]  # no passphrase was given, and the report says so
    assert done.exit_code == 1
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert os.stat(tmp_path / "cloud").st_mode & 0o077 == 0


async def test_a_read_that_is_not_the_owners_is_named(vendor: Vendor) -> None:
    async with vendor.store.writing() as session:
        [oven] = (await audit(vendor)).appliances
        base = {"device": oven.device, "purpose": "own", "subject": "page", "why": "-"}
        session.add(UseRow(window=1, who="owner 1", **base))
        session.add(UseRow(window=1, who="privacy", **base))
    whose = {use.who for use in (await audit(vendor)).uses if use.purpose == "own"}
    assert whose == {"the owner", "privacy"}


async def test_an_audit_opens_a_store_that_nobody_opened(vendor: Vendor) -> None:
    store = Store(vendor.settings.url)
    try:
        assert (await make(vendor.settings, store)).appliances
    finally:
        await store.close()
