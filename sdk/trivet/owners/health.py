"""How the appliance is, for its owner. Takes an `Own`, gives its open cases in the catalogue's words for owners; never
shows what only a technician can use.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases import rich
from trivet.owners.own import Own
from trivet.store.tables import RESOLVED, CaseRecord, CatalogueRow

Texts = dict[str, str]


@dataclass(frozen=True)
class Trouble:
    """One open case. `text`: language -> title, owner (what it means), now (what to do)."""

    case: int
    code: str
    text: dict[str, Texts]
    ne107: str
    severity: int  # 1 worst … 5
    hazard: bool
    state: str
    next_step: str
    opened_at: dt.datetime
    off: list[Texts]  # functions that are switched off

    def texts(self, name: str) -> Texts:
        """One of the text's parts by language."""
        return {language: parts[name] for language, parts in self.text.items() if parts.get(name)}


async def troubles(session: AsyncSession, own: Own) -> list[Trouble]:
    """Hazards first, then the worst."""
    query = select(CaseRecord, CatalogueRow.rich_json).join(CatalogueRow, CatalogueRow.id == CaseRecord.catalogue)
    query = query.where(CaseRecord.device == own.device, CaseRecord.state != RESOLVED)
    if own.after is not None:
        query = query.where(CaseRecord.opened_at > own.after)
    query = query.order_by(CaseRecord.hazard.desc(), CaseRecord.severity, CaseRecord.opened_at.desc())
    return [trouble(case, rich.load(catalogue)) for case, catalogue in await session.execute(query)]


def trouble(case: CaseRecord, catalogue: rich.Catalogue) -> Trouble:
    """One case as its owner reads it, open or not."""
    code = catalogue.code(case.event)
    return Trouble(
        case=case.id,
        code=case.code,
        text=code.text if code else {},
        ne107=case.ne107,
        severity=case.severity,
        hazard=case.hazard,
        state=case.state,
        next_step=case.next_step,
        opened_at=case.opened_at,
        off=[function.text for at, function in enumerate(catalogue.functions) if case.inhibited >> at & 1],
    )
