"""Reads [[care]] of catalogue.toml: what an owner is to do after so many operation cycles. Takes the file, gives
models; the appliance carries nothing of it.
"""

from __future__ import annotations

from .models import Care
from .reader import Table

MOST_CYCLES = 100_000


def read_care(table: Table) -> tuple[Care, ...]:
    """In the order of the file; each name once."""
    made: list[Care] = []
    for one in table.tables("care"):
        care = Care(one.name(), one.integer("every", 1, MOST_CYCLES, usual=40), one.texts("title"), one.texts("now"))
        if care.name in [other.name for other in made]:
            one.fail("name", f'"{care.name}" stands twice', "one [[care]] for each name", stand=f"{care.name}_2")
        one.done()
        made.append(care)
    return tuple(made)
