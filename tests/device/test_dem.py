"""Every rule of events, case by case, in CPython and in MicroPython."""

from appliance.faults.inhibit import Inhibit
from appliance.store import records
from dem_cases import CASES, RULES
from rig import Rig
from runner import run
from trivet_wire.ids import FAILED, NOT_RUN, PASSED, PREFAILED, PREPASSED

VERDICTS = {"F": FAILED, "P": PASSED, "f": PREFAILED, "p": PREPASSED, "n": NOT_RUN}
SHORT = {"ok": "( P )", "ko": "( F )"}


def play(given, script):
    configs = given if isinstance(given, list) else [given]
    rig = Rig(configs, slots=configs[0].get("slots", 16))
    rig.disabled = set()
    for word in script.split():
        event, _, what = word.rpartition(":")
        for step in SHORT.get(what, what).split():
            act(rig, int(event or 0), step)


def act(rig, event, step):
    manager = rig.manager
    first = step[0]
    if first.isdigit():
        times = int("".join([c for c in step if c.isdigit()]))
        for _ in range(times):
            for verdict in step.lstrip("0123456789"):
                report(rig, event, verdict)
    elif first in VERDICTS:
        report(rig, event, first)
    elif first == "+":
        rig.now += int(step[1:])
        manager.tick(rig.now)
    elif first == "(":
        manager.cycle_start(rig.now)
    elif first == ")":
        manager.cycle_end(rig.now)
    elif first == "x":
        rig.disabled.add(event)
        report(rig, event, "n")
    elif first == "o":
        rig.disabled.remove(event)
    elif first in "sS":
        manager.storage(0 if first == "S" else 1 << event)
    elif first == "C":
        manager.clear(event, 1, 4711)
    elif first == "R":
        rig.restart()
    else:
        check(rig, event, first, step[1:])


def report(rig, event, verdict):
    """A monitor whose enable conditions are not met does not run."""
    rig.manager.report(event, NOT_RUN if event in rig.disabled else VERDICTS[verdict], rig.now)


def check(rig, event, what, value):
    manager = rig.manager
    if what == "=":
        assert manager.status[event] == int(value, 16), "status %02X, expected %s" % (manager.status[event], value)
    elif what == "@":
        assert manager.fdc(event) == int(value), "FDC %d, expected %s" % (manager.fdc(event), value)
    elif what == "#":
        assert rig.state.occurrence[event] == int(value), rig.state.occurrence[event]
    elif what == "m":
        assert rig.state.near[event] == int(value), rig.state.near[event]
    elif what in "Ee":
        assert rig.memory.holds(event) == (what == "E"), "entry: %r" % rig.memory.holds(event)
    elif what in "Vv":
        assert rig.state.overflow == (what == "V"), "overflow: %r" % rig.state.overflow
    elif what == "i":
        inhibit = Inhibit(b"\x00", bytes((0, event, int(value[0]))))
        inhibit.update(manager.status)
        assert inhibit.allowed(0) == (value[1] == "-"), "inhibited by %r: %r" % (value, not inhibit.allowed(0))
    elif what == "r":
        assert records.read(records.ENTRY, rig.memory.entry(event))["flags"] & records.RETURNED
    else:
        check_saved(rig, event, what, value)


def check_saved(rig, event, what, value):
    rig.save()
    buf = bytearray(1024)
    if what == "T":
        assert rig.memory.tombstone(event, buf) > records.ENTRY_SIZE
        grave = records.read(records.TOMBSTONE, buf)
        assert (grave["who"], grave["grant"], grave["occurrence"]) == (1, 4711, 1)
    elif what == "j":
        length = rig.memory.frame(event, buf)
        assert (length > 0) == (value != "-"), "frame: %d" % length
        if length > 0:
            assert records.read(records.FRAME, buf)["trigger"] == int(value)
    else:
        raise ValueError(what)


def test_every_case():
    for rule, name, given, script in CASES:
        try:
            play(given, script)
        except AssertionError as error:
            raise AssertionError("%s: %s: %s" % (rule, name, error))


def test_there_are_enough_of_them_and_each_has_its_name_and_cites_its_rule():
    names = [(case[0], case[1]) for case in CASES]
    assert len(set(names)) == len(names) >= 120
    assert set([topic for topic, _ in names]) == set(RULES), "a topic without a rule, or a rule without a case"


run(globals()) if __name__ == "__main__" else None
