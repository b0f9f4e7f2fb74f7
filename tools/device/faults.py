"""The appliance's side of `tools/heap`'s rows on faults: a module of a board's ROM image, for MicroPython alone. Prints
one JSON line: bytes of heap that each part of the fault room takes.

The parts are built in the order of the firmware's start, each measured after a collection.
"""

import gc
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What of EventConfig comes from a catalogue row; the rest is the board's debounce.
_COLUMNS = ("confirm", "heal", "age", "priority", "immediate", "warning", "cycle", "freeze")


class Meter:
    """What the heap has grown by since the last look."""

    def __init__(self) -> None:
        self.took: "dict[str, int]" = {}
        gc.collect()
        self._last = gc.mem_alloc()

    def note(self, part: str) -> None:
        gc.collect()
        now: int = gc.mem_alloc()
        self.took[part] = now - self._last
        gc.collect()
        self._last = gc.mem_alloc()


def packed(name: str) -> memoryview:
    with open("/rom/board/" + name, "rb") as file:
        return memoryview(file)


def main(arguments: "list[str]") -> None:
    from appliance.faults.history import History
    from appliance.faults.manager import Manager
    from appliance.faults.memory import Memory
    from appliance.faults.state import EventState
    from appliance.sense.board import Board
    from appliance.sense.signals import Signals
    from appliance.store.journal import Journal
    from appliance.wiring import event_config
    from ram import Ram
    from trivet_wire.catalogue import Catalogue

    board = Board(packed("board.cbor"))
    journal = Journal(Ram())
    journal.mount()
    signals = Signals(board)
    meter = Meter()
    catalogue = Catalogue(packed("catalogue.bin"))
    meter.note("catalogue")
    config = event_config(board, catalogue)
    meter.note("config")
    columns: "list[Any]" = [None] * len(_COLUMNS)
    meter.note("a list")
    for i in range(len(_COLUMNS)):
        column = getattr(config, _COLUMNS[i])
        columns[i] = type(column)(column) if isinstance(column, bytearray) else column[:]
    meter.note("columns of the rows")
    columns = []
    meter.note("given back")
    state = EventState(board.n_events)
    meter.note("state")
    history = History(config.frozen(), signals.values, signals.validity, board.history_period_ms, board.history_depth)
    meter.note("history")
    memory = Memory(journal, config, state, history, 1)
    memory.load()
    meter.note("memory")
    manager = Manager(config, state, memory)
    meter.note("manager")
    print(json.dumps({"events": manager.events, "took": meter.took}))
