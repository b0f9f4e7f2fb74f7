"""Displacement, freeze frames, tombstones and what a change of catalogue leaves, in CPython and in MicroPython."""

from appliance.faults.memory import CATALOGUE_CHANGED
from appliance.store import records
from rig import Rig
from runner import run
from trivet_wire import samples
from trivet_wire.ids import DISCONNECTED, FAILED, OUT_OF_RANGE, PASSED, TRIGGER_TEST_FAILED

# (rule, slots, priorities of events 0.., script, events that hold an entry, overflow); F0: event 0 fails, P0: passes
DISPLACEMENT = (
    ("room is used first", 3, (5, 5, 5), "F0 F1 F2", {0, 1, 2}, False),
    ("the oldest passive entry of equal priority goes", 2, (5, 5, 5), "F0 P0 F1 P1 F2", {1, 2}, False),
    ("the oldest passive entry of lower priority goes", 2, (9, 5, 5), "F1 P1 F0 P0 F2", {0, 2}, False),
    ("a passive entry of higher priority stays", 2, (1, 9, 5), "F0 P0 F1 P1 F2", {0, 2}, False),
    ("passive goes before active", 2, (9, 5, 5), "F0 F1 P1 F2", {0, 2}, False),
    ("else the oldest active entry of strictly lower priority", 2, (9, 8, 5), "F0 F1 F2", {1, 2}, False),
    ("an active entry of equal priority stays, the new one is refused", 2, (5, 5, 5), "F0 F1 F2", {0, 1}, True),
    ("nothing lower to displace: refused, overflow", 2, (1, 2, 5), "F0 P0 F1 P1 F2", {0, 1}, True),
    ("seen again is younger", 2, (5, 5, 5), "F0 F1 P0 P1 F0 P0 F2", {0, 2}, False),
    ("the lowest priority displaces no active entry", 2, (255, 255, 255), "F0 F1 F2", {0, 1}, True),
)


def act(rig, word):
    rig.now += 1000
    rig.memory.uptime_s += 1
    rig.manager.report(int(word[1:]), FAILED if word[0] == "F" else PASSED, rig.now)


def test_displacement():
    for rule, slots, priorities, script, held, overflow in DISPLACEMENT:
        for restart in (False, True):
            rig = Rig([{"priority": priority} for priority in priorities], slots=slots)
            for word in script.split():
                act(rig, word)
                if restart:
                    rig.restart()
            found = set([event for event in range(len(priorities)) if rig.memory.holds(event)])
            assert found == held, "%s: %r" % (rule, found)
            assert rig.state.overflow == overflow, rule


def test_a_displaced_entry_takes_its_frame_along_and_keeps_its_status():
    rig = Rig([{}, {}], slots=1)
    for word in ("F0", "P0"):
        act(rig, word)
    rig.save()
    act(rig, "F1")
    rig.restart()
    assert not rig.memory.holds(0) and rig.memory.frame(0, bytearray(1024)) < 0
    assert rig.memory.holds(1) and rig.manager.status[0] == 0x2E


def test_an_entry_says_when():
    rig = Rig([{}])
    rig.memory.uptime_s, rig.memory.wall_s = 5, 1_800_000_000
    rig.manager.report(0, FAILED, 0)
    rig.restart()
    rig.manager.report(0, PASSED, 0)
    rig.memory.uptime_s = 9
    rig.manager.report(0, FAILED, 0)
    rig.restart()
    entry = records.read(records.ENTRY, rig.memory.entry(0))
    assert (entry["first_boot"], entry["first_s"], entry["first_wall"]) == (1, 5, 1_800_000_000)
    assert (entry["last_boot"], entry["last_s"], entry["last_wall"]) == (2, 9, 0)
    assert (entry["occurrence"], entry["fdc_max"], entry["catalogue"]) == (2, 127, 77)
    assert entry["firmware"].rstrip(b"\0") == b"1.2.3"


def frames_of(rig, event):
    buf = bytearray(1024)
    length = rig.memory.frame(event, buf)
    head = records.read(records.FRAME, buf)
    found = []
    pos = records.FRAME_HEAD
    for _ in range(head["signals"]):
        end = pos + 3 + buf[pos + 2]
        found.append((buf[pos], buf[pos + 1], samples.unpack(buf, pos + 3, end)))
        pos = end
    assert pos + records.FRAME_TAIL == length
    return head, found


def test_a_frame_holds_what_came_before_and_the_trigger_itself():
    rig = Rig([{"freeze": 0b101}])
    for i in range(40):
        rig.now = i * 500
        rig.values[0] = i
        rig.values[2] = -70000 * i
        if i == 33:
            rig.validity[2] = DISCONNECTED
            rig.memory.uptime_s = 16
            rig.manager.report(0, FAILED, rig.now)
        rig.history.sample(rig.now)
    rig.save()
    head, found = frames_of(rig, 0)
    assert (head["trigger"], head["good"], head["uptime_s"], head["period_ms"]) == (TRIGGER_TEST_FAILED, 1, 16, 1000)
    ticks = list(range(4, 33, 2)) + [33]
    assert found == [(0, 0, ticks), (2, DISCONNECTED, [-70000 * i for i in ticks])]


def test_an_empty_recapture_never_overwrites_a_good_one():
    for saved in (False, True):
        rig = Rig([{"freeze": 1}])
        rig.values[0] = 42
        act(rig, "F0")
        if saved:
            rig.save()
        act(rig, "P0")
        rig.validity[0] = OUT_OF_RANGE
        rig.values[0] = -1
        act(rig, "F0")
        rig.save()
        assert frames_of(rig, 0)[1] == [(0, 0, [42])]
        act(rig, "P0")
        rig.validity[0] = 0
        act(rig, "F0")
        rig.save()
        assert frames_of(rig, 0)[1] == [(0, 0, [-1])]


def test_more_frames_than_room_are_counted():
    rig = Rig([{} for _ in range(6)])
    for event in range(6):
        act(rig, "F%d" % event)
    assert rig.memory.frames.missed == 2
    rig.save()
    assert [rig.memory.frame(event, bytearray(1024)) > 0 for event in range(6)] == [True] * 4 + [False] * 2


def test_a_tombstone_keeps_entry_and_frame_and_the_oldest_goes():
    rig = Rig([{} for _ in range(12)])
    for event in range(12):
        act(rig, "F%d" % event)
        rig.save()
        rig.manager.clear(event, 1, 1000 + event)
        rig.save()
    buf = bytearray(1024)
    assert [rig.memory.tombstone(event, buf) > 0 for event in range(12)] == [False] * 4 + [True] * 8
    grave = records.read(records.TOMBSTONE, buf)
    assert (grave["event"], grave["who"], grave["grant"], grave["status"]) == (11, 1, 1011, 0x2F)
    assert records.read(records.FRAME, buf, records.ENTRY_SIZE)["signals"] == 3
    assert rig.memory.frame(11, buf) < 0


def test_clear_all_clears_overflow_too():
    rig = Rig([{}, {}, {}], slots=2)
    for word in ("F0", "F1", "F2"):
        act(rig, word)
    assert rig.state.overflow
    rig.manager.clear_all(1)
    rig.restart()
    assert bytes(rig.manager.status) == b"\x50\x50\x50" and not rig.state.overflow


def test_another_catalogue_makes_tombstones_of_what_was():
    rig = Rig([{}, {}])
    act(rig, "F1")
    rig.save()
    rig.memory = None
    old = rig.flash
    from appliance.faults.manager import Manager
    from appliance.faults.memory import Memory
    from appliance.faults.state import EventState

    state = EventState(2)
    memory = Memory(rig.journal, rig.manager.config, state, rig.history, 2, 78)
    memory.load()
    Manager(rig.manager.config, state, memory).resume()
    assert bytes(state.status) == b"\x50\x50" and not memory.holds(1)
    assert memory.service(0, True)
    buf = bytearray(1024)
    assert memory.tombstone(1, buf) > 0 and old is rig.flash
    assert records.read(records.TOMBSTONE, buf)["who"] == CATALOGUE_CHANGED
    assert rig.journal.next_key(records.ENTRY) < 0


def test_changes_are_told_in_order_and_lost_ones_counted():
    rig = Rig([{"warning": 1}])
    out = bytearray(4)
    told = []
    for verdict in (FAILED, FAILED, PASSED):
        rig.manager.report(0, verdict, 0)
    while rig.manager.changes.take(out):
        told.append(bytes(out))
    assert told == [b"\x00\x50\x27\x01", b"\x00\x27\x2f\x03", b"\x00\x2f\xaf\x07", b"\x00\xaf\xae\x04"]
    for _ in range(20):
        rig.manager.report(0, FAILED, 0)
        rig.manager.report(0, PASSED, 0)
    assert len(rig.manager.changes) == 32 and rig.manager.changes.dropped == 8


def test_verdicts_of_this_cycle():
    rig = Rig([{} for _ in range(5)])
    rig.manager.report(1, PASSED, 0)
    rig.manager.report(4, FAILED, 0)
    buf = bytearray(2)
    assert rig.manager.verdicts(buf) == 2 and bytes(buf) == b"\x04\x02"


run(globals()) if __name__ == "__main__" else None
