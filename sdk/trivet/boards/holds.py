"""What an update waits for, from `[update]` of board.toml. Takes a table, gives models; mistakes are BoardErrors.

A hold is written by what makes it wait, `hot = { signal = "cavity_temp", above = 60 }`, and not as a condition: a
condition on a signal that is not valid is false, while a sensor in doubt must hold an update back.
"""

from __future__ import annotations

from .convert import LIMIT
from .models import Hold
from .monitors import Space
from .reader import Table, nearest

WHYS = ("hot", "locked", "wet")  # firmware/appliance/update/gates.py has a word for each, in this order


def read_holds(table: Table, space: Space) -> tuple[Hold, ...]:
    """Each key at most once; without the table nothing but the appliance's own gates holds."""
    update = table.table("update", default={})
    made = []
    for key in update.keys():  # noqa: SIM118
        if key not in WHYS:
            update.fail(key, "is nothing that an update waits for", nearest(key, WHYS))
        made.append(_hold(update.table(key), space, WHYS.index(key)))
    update.done()
    return tuple(sorted(made, key=lambda one: one.why))


def _hold(table: Table, space: Space, why: int) -> Hold:
    source = space.find(table, "signal", table.text("signal"))
    scale = space.scale(source)
    limit = round(table.number("above") * scale)
    if abs(limit) >= LIMIT:
        table.fail("above", "is too large", "a value that the signal can take", stand=0)
    table.done()
    return Hold(why, source, limit, scale)
