"""The thread of a case: who did what, when and why. Takes a transaction and one entry, appends it; changes none that is
there. What people decided is undone by a further entry, never by taking one away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases.terms import Terms
from trivet.store.tables import ACTORS, CaseEventRow

# Entries that say something which evidence brought: not shown while its owner's consent does not cover that.
FROM_EVIDENCE = ("evidence", "triage", "proposed", "tested")


@dataclass(frozen=True)
class Actor:
    """Who acts: `kind` is one of ACTORS, `who` their login (an owner's mail, "system")."""

    kind: str
    who: str

    def __post_init__(self) -> None:
        if self.kind not in ACTORS:
            raise ValueError(f"there is no actor {self.kind!r}: use one of {', '.join(ACTORS)}")


SYSTEM = Actor("system", "system")
APPLIANCE = Actor("appliance", "appliance")


class Hand(NamedTuple):
    """Somebody's hand on one case: the transaction, the case's number, the terms of the desk, and who it is."""

    session: AsyncSession
    case: int
    terms: Terms
    actor: Actor


def tell(session: AsyncSession, case: int, actor: Actor, kind: str, text: str, **data: Any) -> None:
    """Append one entry; `data` holds `why` and what else a program reads."""
    session.add(CaseEventRow(case=case, actor=actor.kind, kind=kind, text=text, data_json={"who": actor.who, **data}))
