"""Puts the audit together. Takes settings and an open store, gives one `Report`; its JSON is its public form.

A provision whose check fails in this very run is not met, whatever the table says: `now` tells.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from trivet.audit import checks, etsi, holdings, keyring
from trivet.config import Settings
from trivet.consent import periods
from trivet.consent.access import Access, reading
from trivet.store import Store, database
from trivet.store.tables import utcnow

WHO, WHY = "audit", "An audit counted consents, reads and refusals"
FAILED = "fails now"


class AuditError(ValueError):
    """This cloud cannot be audited as it is; the text says what to do."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A provision in this run. `now`: its state, or "fails now" where a check that shows it does not hold."""

    number: str
    clause: str
    status: str
    asks: str
    state: str
    now: str
    how: str
    checks: list[str]
    tests: list[str]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One audit."""

    made_at: dt.datetime
    trivet: str
    data: str
    database: str
    keys: list[keyring.Key]
    checks: list[checks.Check]
    appliances: list[holdings.Appliance]
    refusals: list[holdings.Refusal]
    security: list[holdings.Event]
    uses: list[holdings.Use]
    retention: list[holdings.Kept]
    erasures: list[holdings.Erasure]
    standard: str
    provisions: list[Standing]

    @property
    def sound(self) -> bool:
        """Whether every check of this run holds."""
        return all(check.ok for check in self.checks)

    def count(self) -> dict[str, int]:
        """Provisions by where they stand now."""
        counted = Counter(one.now for one in self.provisions)
        return {state: counted[state] for state in (FAILED, *etsi.STATES) if counted[state]}


async def make(settings: Settings, store: Store) -> Report:
    """Look at everything once. `store` need not be opened: an audit brings no database to another schema. AuditError
    where it has another one than this program."""
    await _same_schema(store)
    kept_for = periods.load(settings.data_dir)
    keys = keyring.keys(settings)
    async with reading(store, Access("safety", WHO, WHY)) as read:
        kept = await holdings.kept(read.session, kept_for)
        erased = await holdings.erasures(read.session)
        found = checks.Gathered(settings, read.session, kept_for, keys, kept, erased)
        done = await checks.run(found)
        return Report(
            made_at=utcnow(),
            trivet=_version(),
            data=str(settings.data_dir.absolute()),
            database="SQLite" if store.sqlite else "PostgreSQL",
            keys=keys,
            checks=done,
            appliances=await holdings.appliances(read),
            refusals=await holdings.refusals(read.session),
            security=await holdings.events(read.session),
            uses=await holdings.uses(read.session),
            retention=kept,
            erasures=erased,
            standard=etsi.STANDARD,
            provisions=[_standing(one, {check.name: check.ok for check in done}) for one in etsi.PROVISIONS],
        )


async def _same_schema(store: Store) -> None:
    newest = ScriptDirectory(str(Path(database.__file__).parent / "migrations")).get_heads()
    try:
        async with store.reading() as session:
            at = list(await session.scalars(text("SELECT version_num FROM alembic_version")))
    except (SQLAlchemyError, OSError) as error:
        raise AuditError(f"no database of a cloud answers at {store.url}: was it ever served?") from error
    if at != newest:
        raise AuditError(
            f"the database is at schema {', '.join(at)}, this program at {', '.join(newest)}: audit it with the "
            "version that serves it"
        )


def _standing(one: etsi.Provision, held: dict[str, bool]) -> Standing:
    named = [name for name in one.shown if name in held]
    return Standing(
        number=one.number,
        clause=one.clause,
        status=one.status,
        asks=one.asks,
        state=one.state,
        now=one.state if all(held[name] for name in named) or one.state != etsi.MET else FAILED,
        how=one.how,
        checks=named,
        tests=[name for name in one.shown if name not in held],
    )


def _version() -> str:
    try:
        return version("trivet")
    except PackageNotFoundError:
        return "from source"
