"""Storage conditions of board.toml. Takes `[[storage]]` tables, gives models; mistakes are BoardErrors.

What AUTOSAR Dem calls a storage condition is written here the other way round, by what withholds entries: a condition
on a signal that is not valid never holds, so a sensor that broke cannot keep faults out of the memory.
"""

from __future__ import annotations

from .models import Storage
from .monitors import Space, find_events
from .reader import Table

MOST = 8  # a bit each in a byte per event


def read_storage(table: Table, space: Space, events: list[str]) -> tuple[Storage, ...]:
    """All storage conditions; each is of the events it names, of all but those it excepts, or of all."""
    made: list[Storage] = []
    for one in table.tables("storage"):
        if len(made) == MOST:
            table.fail("storage", "there are too many", f"at most {MOST}", stand=table.raw("storage")[:MOST])
        storage = _storage(one, space, events)
        if storage.name in [other.name for other in made]:
            stand = f"{storage.name}_{len(made)}"
            one.fail("name", f'"{storage.name}" stands twice', "another name", stand=stand)
        made.append(storage)
    return tuple(made)


def _storage(table: Table, space: Space, events: list[str]) -> Storage:
    conditions = space.conditions(table, "withhold_while")
    if not conditions:
        write = 'while what holds no entry is written, as in withhold_while = ["mains_voltage < 170"]'
        table.fail("withhold_while", "is empty or missing", write, stand=[f"{space.names()[0]} < 0"])
    if table.has("events") and table.has("except"):
        table.fail("except", "says again what events says", "one of the two")
    chosen = find_events(table, "events", table.strings("events", []), events)
    if not table.has("events"):
        excepted = find_events(table, "except", table.strings("except", []), events)
        chosen = tuple(event for event in range(len(events)) if event not in excepted)
    if not chosen:
        key = "events" if table.has("events") else "except"
        table.fail(key, "leaves no event", "events = […], except = […], or neither for all")
    made = Storage(table.name(), conditions, chosen)
    table.done()
    return made
