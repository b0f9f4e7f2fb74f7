"""The appliance's side of `tools/bench tick`: a module of a board's ROM image, for MicroPython alone. Takes a number of
ticks, prints one JSON line: what the board has, and bytes allocated by so many ticks.

Composes the very tick of the firmware, lets it learn and find faults for a while, then runs TICKS ticks with the heap
locked: an allocation ends the run with a MemoryError. Readings wander and jump, so that verdicts and status bytes move.
"""

import gc
import json

import micropython
from appliance.faults.history import History
from appliance.faults.manager import Manager
from appliance.faults.memory import Memory
from appliance.faults.state import EventState
from appliance.sense.board import Board
from appliance.sense.monitors import Monitors
from appliance.sense.signals import Signals
from appliance.store.journal import Journal
from appliance.tick import Tick
from appliance.wiring import event_config, inhibition
from drivers import Application
from ram import Ram
from trivet_wire.catalogue import Catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

WARM = 160  # ticks before anything is counted: learning monitors judge from then on
PERIOD = 250  # ms
SPAN = 4095


class World:
    """Readings by a fixed rule: each input wanders in its own rhythm, and some jump to an end for a while."""

    def __init__(self) -> None:
        self.turn = 0

    def read(self, raw: "array[int]") -> None:
        self.turn += 1
        for i in range(len(raw)):
            away = self.turn * (3 + i % 7) % 1600
            level = 1300 + (away if away < 800 else 1600 - away)
            if i % 5 == 0 and (self.turn + 31 * i) % 256 > 200:
                level = SPAN if i % 2 else 3
            raw[i] = level

    def write(self, levels: "array[int]") -> None:
        pass


def packed(name: str) -> memoryview:
    with open("/rom/board/" + name, "rb") as file:
        return memoryview(file)


def composed() -> "tuple[Tick, Board, Memory]":
    board = Board(packed("board.cbor"))
    config = event_config(board, Catalogue(packed("catalogue.bin")))
    journal = Journal(Ram())
    journal.mount()
    signals = Signals(board)
    state = EventState(board.n_events)
    period, depth = board.history_period_ms, board.history_depth
    history = History(config.frozen(), signals.values, signals.validity, period, depth)
    memory = Memory(journal, config, state, history, 1)
    memory.load()
    manager = Manager(config, state, memory)
    monitors = Monitors(board, manager.status, manager.settled)
    world = World()
    parts = (world, world, signals, monitors, manager, memory, inhibition(board), history, Application(board))
    return Tick(board, *parts), board, memory


def main(arguments: "list[str]") -> None:
    ticks = int(arguments[0])
    tick, board, memory = composed()
    now = 0
    for _ in range(WARM):
        now += PERIOD
        tick.run(now)
    memory.service(now, True)
    gc.collect()
    before = gc.mem_alloc()
    micropython.heap_lock()
    for _ in range(ticks):
        now += PERIOD
        tick.run(now)
    micropython.heap_unlock()
    grown = gc.mem_alloc() - before
    failed = sum([1 for status in memory._state.status if status & 0x20])
    told = {"signals": board.n_signals, "monitors": board.n_monitors, "ticks": ticks, "alloc": grown}
    told["events_that_failed"] = failed
    print(json.dumps(told))
