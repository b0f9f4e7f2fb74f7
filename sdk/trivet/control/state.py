"""What became of a command, in one word. Takes its row and the time, gives OPEN, DONE, REFUSED or EXPIRED."""

from __future__ import annotations

import datetime as dt

from trivet_wire import ids

from trivet.store.tables import CommandRow

OPEN, DONE, REFUSED, EXPIRED = "open", "done", "refused", "expired"


def state(row: CommandRow, now: dt.datetime) -> str:
    """A result that came is the truth, however late; without one a command ends with its time."""
    if row.reason is not None:
        return DONE if row.reason == 0 else EXPIRED if row.reason == ids.R_EXPIRED else REFUSED
    return EXPIRED if row.expires_at is not None and row.expires_at <= now else OPEN
