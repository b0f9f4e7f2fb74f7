"""Who looked at an owner's data. Takes an `Own`, gives the lines of the log of uses, without the owner's own looks and
without anything of an earlier owner.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from trivet.consent import uses
from trivet.consent.access import OWN, Access
from trivet.owners.own import Own


def name_of(owner: int) -> str:
    """An owner as the log of uses names them: by number, so that it holds no address."""
    return f"owner {owner}"


def own_access(owner: int, why: str) -> Access:
    """With which an owner reads what is theirs."""
    return Access(OWN, name_of(owner), why)


async def lines(session: AsyncSession, own: Own, *, limit: int = 200) -> list[uses.Line]:
    """The newest first."""
    found = await uses.of(session, own.device, limit=2 * limit)
    themselves = (OWN, name_of(own.owner))
    others = [line for line in found if (line.purpose, line.who) != themselves]
    return [line for line in others if own.after is None or line.at > own.after][:limit]
