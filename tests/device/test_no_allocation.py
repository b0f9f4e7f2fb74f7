"""What runs in the tick allocates nothing: proved with the heap locked, in the real MicroPython."""

from appliance.faults.inhibit import Inhibit
from rig import Rig
from runner import allocates_nothing, run
from trivet_wire.ids import FAILED, NOT_RUN, PASSED, PREFAILED, PREPASSED

EVENTS = 32
VERDICTS = (PREFAILED, PREPASSED, FAILED, PASSED, NOT_RUN)


class Tick:
    def __init__(self):
        configs = []
        for event in range(EVENTS):
            configs.append(
                {
                    "kind": event % 2,
                    "fail": 500 if event % 2 else 3,
                    "good": 500 if event % 2 else -3,
                    "confirm": 1 + event % 3,
                    "heal": 1,
                    "age": 1,
                    "warning": event % 2,
                    "priority": event,
                    "trigger": event % 4,
                    "on_disable": event % 2,
                }
            )
        self.rig = Rig(configs, slots=6)
        self.inhibit = Inhibit(b"\x01\x00\x01", bytes((0, 3, 0, 1, 4, 1, 2, 9, 2, 2, 10, 3)))
        self.turn = 0

    def __call__(self):
        rig = self.rig
        manager = rig.manager
        self.turn += 1
        rig.now += 500
        rig.memory.uptime_s = self.turn
        if self.turn % 16 == 1:
            manager.cycle_start(rig.now)
        for signal in range(3):
            rig.values[signal] = (self.turn * 7919 + signal) % 5000
        for event in range(EVENTS):
            manager.report(event, VERDICTS[(self.turn // 4 + event) % 5], rig.now)
        manager.tick(rig.now)
        self.inhibit.update(manager.status)
        rig.history.sample(rig.now)
        if self.turn % 16 == 12:
            manager.cycle_end(rig.now)
        if self.turn % 16 == 14:
            manager.storage(1 << self.turn % 8)


def test_the_tick_of_the_fault_room_allocates_nothing():
    tick = Tick()
    for turn in range(400):
        assert allocates_nothing(tick), "turn %d" % turn
        if turn % 8 == 0:
            tick.rig.save()
    assert any(tick.rig.manager.status)
    assert tick.rig.state.overflow or any(tick.rig.memory.holds(event) for event in range(EVENTS))


run(globals()) if __name__ == "__main__" else None
