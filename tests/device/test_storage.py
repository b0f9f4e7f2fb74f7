"""Storage conditions from board.cbor to the fault memory, in CPython and in MicroPython: while one is false the status
goes on and no entry is written; what still fails when it comes true is written then.
"""

import struct
from array import array

from appliance import wiring
from appliance.faults.manager import Manager
from appliance.faults.state import EventState
from appliance.sense.board import FORMAT, Board
from appliance.sense.monitors import KINDS, Monitors
from appliance.sense.signals import Signals
from appliance.tick import Tick
from rig import Rig
from runner import allocates_nothing, run
from trivet_wire import catalogue, cbor
from trivet_wire.ids import CONFIRMED, IMPLAUSIBLE, TEST_FAILED, VALID

BELOW, ABOVE = 0, 5
MAINS, AMPS, MODE, DOUBT = range(4)  # signals
NO_CURRENT, MAINS_LOW, DOUBTED = range(3)  # events
NO_LIMIT = 1 << 29
HELD = (MAINS, BELOW, 170, -1, 2)  # longer than two ticks
DEMO = (MODE, ABOVE, 0, -1, 0)


def ints(code, *numbers):
    return struct.pack("<%d%s" % (len(numbers), code), *numbers)


def packed(*tail):
    """Four readings as they come; NO_CURRENT fails below 1 A, MAINS_LOW below 195 V, and DOUBTED doubts the mains."""
    kind = [one.split(".")[1] for one in KINDS.split()].index("Range")
    rows = []
    params = []
    for event, signal, low, judges in (
        (DOUBTED, DOUBT, 1, MAINS),
        (NO_CURRENT, AMPS, 1, -1),
        (MAINS_LOW, MAINS, 195, -1),
    ):
        rows += (event, judges, IMPLAUSIBLE, 0, 0, len(rows) // 12, len(rows) // 12 + 1, 0, 0, kind)
        params += (signal, low, NO_LIMIT, 0)
        rows += (len(params) - 4, len(params))
    four = [0, 1, 2, 3]
    signals = [
        [["v", ""], ["a", ""], ["m", ""], ["d", ""]],
        ints("i", 1, 1, 1, 1),
        ints("b", 0, 0, 0, 0),
        ints("b", *four),
    ]
    signals += [ints("i", 0, 0, 0, 0), ints("i", 300, 300, 300, 300), ints("h", 0, 2, 4, 6, 8)]
    signals += [ints("i", *(-1, 301) * 4), ints("i", *(-1, 301) * 4)]
    judged = [ints("h", *rows), b"", ints("b", DOUBT, AMPS, MAINS), b"", ints("i", *params)]
    debounce = ints("i", *(0, 1, -1, 1, 1, -32768, -32768, 0, 1, 64) * 3)
    head = (
        [FORMAT, "test", 500, 500, 4, 4]
        + signals
        + [[], 3]
        + judged
        + [debounce, [], ints("i", 0, 4, 0, -1, 0), [], []]
    )
    return cbor.encode(head + list(tail))


class World:
    """A fault room on a simulated flash, ticking over readings that the test sets."""

    def __init__(self, *tail):
        board = Board(packed(*tail))
        self.rig = rig = Rig([{}, {}, {}])
        self.board = board
        self.raw = array("i", [230, 5, 0, 1])
        self.signals = Signals(board)
        config = wiring.event_config(board, Catalogue3())
        self.manager = Manager(config, EventState(3), rig.memory)
        self.monitors = Monitors(board, self.manager.status)
        inhibit = wiring.inhibition(board)
        parts = (self, self, self.signals, self.monitors, self.manager, rig.memory, inhibit, rig.history, self)
        self.loop = Tick(board, *parts)

    def read(self, into):
        for i in range(4):
            into[i] = self.raw[i]

    def write(self, levels):
        pass

    def tick(self, now, values, validity, inhibit, levels):
        pass

    def turn(self):
        self.rig.now += 500
        self.loop.run(self.rig.now)

    def live(self, ticks, **readings):
        """`ticks` with these readings: v, a, m, d."""
        for name, value in readings.items():
            self.raw["vamd".index(name)] = value
        for _ in range(ticks):
            assert allocates_nothing(self.turn)

    def failed(self, event):
        return bool(self.manager.status[event] & TEST_FAILED)

    def entry(self, event):
        return self.rig.memory.holds(event)


def Catalogue3():
    rows = [
        catalogue.row(number, 0, 1, 0, 1, confirm=1, heal=0, aging=0, priority=9, freeze=()) for number in (1, 2, 3)
    ]
    return catalogue.Catalogue(catalogue.pack(rows))


def one_of(condition, events):
    """The end of a board's data: one storage condition for these events."""
    return (ints("i", *condition), ints("h", 1), bytes([1 if event in events else 0 for event in range(3)]))


def test_the_status_goes_on_while_no_entry_is_written_and_it_is_written_once_it_may_be():
    world = World(*one_of(HELD, (NO_CURRENT,)))
    world.live(4, v=150)
    world.live(3, a=0)
    assert world.manager.status[NO_CURRENT] & CONFIRMED and world.failed(NO_CURRENT) and not world.entry(NO_CURRENT)
    assert world.entry(MAINS_LOW)
    world.live(1, v=230)
    assert world.entry(NO_CURRENT)
    world.rig.restart()
    assert world.rig.memory.holds(NO_CURRENT)


def test_what_has_passed_by_then_leaves_no_entry():
    world = World(*one_of(HELD, (NO_CURRENT,)))
    world.live(4, v=150)
    world.live(3, a=0)
    world.live(3, a=5)
    world.live(3, v=230)
    assert world.manager.status[NO_CURRENT] & CONFIRMED and not world.failed(NO_CURRENT)
    assert not world.entry(NO_CURRENT)


def test_it_withholds_only_after_its_time():
    world = World(*one_of(HELD, (NO_CURRENT,)))
    world.live(2, v=150, a=0)
    assert world.entry(NO_CURRENT)


def test_an_event_waits_for_all_of_its_conditions():
    tail = (ints("i", *(HELD + DEMO)), ints("h", 1, 2), bytes((3, 0, 0)))
    world = World(*tail)
    world.live(4, v=150, m=1)
    world.live(2, a=0)
    assert not world.entry(NO_CURRENT)
    world.live(2, v=180)
    assert not world.entry(NO_CURRENT)
    world.live(1, m=0)
    assert world.entry(NO_CURRENT)


def test_a_sensor_in_doubt_withholds_nothing():
    world = World(*one_of(HELD, (NO_CURRENT,)))
    world.live(4, v=150)
    world.live(2, d=0, a=0)
    assert world.signals.validity[MAINS] != VALID
    assert world.entry(DOUBTED) and world.entry(NO_CURRENT)


def test_a_board_from_before_there_were_any_writes_every_entry():
    world = World()
    world.live(4, v=150, a=0)
    assert world.entry(NO_CURRENT) and world.entry(MAINS_LOW)


run(globals()) if __name__ == "__main__" else None
