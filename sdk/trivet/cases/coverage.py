"""Which cases their owners' consent covers now. Takes a `Reading` and records, gives those that may be shown, or since
when one is not; shows none.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, true
from trivet_wire import ids

from trivet.cases import views
from trivet.consent import state
from trivet.consent.access import OWN, Reading
from trivet.store.privacy import PENDING, RequestRow
from trivet.store.tables import CaseRecord, DeviceRow


def covering(read: Reading) -> ColumnElement[bool]:
    """Whether a case may be shown for what is read. The query joins DeviceRow."""
    if read.access.purpose == OWN:
        return true()
    purpose = ids.PURPOSE_NAMES.index(read.access.purpose)
    safe = CaseRecord.purpose == ids.SAFETY
    return safe if purpose == ids.SAFETY else or_(safe, and_(CaseRecord.purpose == purpose, agreed(read, purpose)))


def agreed(read: Reading, purpose: int) -> ColumnElement[bool]:
    """Whether what an appliance sent under `purpose` may be shown: as `Reading.covers`. The query joins DeviceRow."""
    if read.access.purpose == OWN:
        return true()
    if purpose != ids.SAFETY and ids.PURPOSE_NAMES[purpose] != read.access.purpose:
        return ~true()
    row = RequestRow
    taken_back = exists().where(
        row.device == DeviceRow.id, row.purpose == purpose, row.state == PENDING, row.granted.is_(False)
    )
    return and_(DeviceRow.consent_mask.bitwise_and(1 << purpose) != 0, ~taken_back)


async def covered(read: Reading, records: Sequence[CaseRecord]) -> list[CaseRecord]:
    """Those that may be shown for what is read."""
    await read.ask({record.device for record in records})
    return [record for record in records if read.covers(record.device, record.purpose)]


async def withheld(read: Reading, record: CaseRecord) -> views.Withheld | None:
    """Since when it is not shown: the decision that withdrew it, at the appliance or in the account. None: it is."""
    if await covered(read, [record]):
        return None
    standing = await state.of(read.session, record.device)
    assert standing is not None  # foreign key
    purpose = ids.PURPOSE_NAMES[record.purpose]
    one = standing.of(purpose)
    since = one.pending.at if one.pending and not one.pending.granted else one.decision.at if one.decision else None
    return views.Withheld(record.id, record.device, purpose, since if not one.allowed else None)
