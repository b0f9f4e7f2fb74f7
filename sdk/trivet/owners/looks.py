"""Who looked at an owner's data. Takes an `Own`, gives the lines of the log of uses, without the owner's own looks and
without anything of an earlier owner.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from trivet.consent import uses
from trivet.consent.access import OWN
from trivet.owners.own import Own


async def lines(session: AsyncSession, own: Own, *, limit: int = 200) -> list[uses.Line]:
    """The newest first."""
    found = await uses.of(session, own.device, limit=2 * limit)
    theirs = [line for line in found if line.purpose != OWN and (own.after is None or line.at > own.after)]
    return theirs[:limit]
