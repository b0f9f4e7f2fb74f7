"""Every rule of events, case by case, in CPython and in MicroPython."""

from appliance.store import records
from dem_cases import CASES
from rig import Rig
from runner import run
from trivet_wire.ids import FAILED, NOT_RUN, PASSED, PREFAILED, PREPASSED

VERDICTS = {"F": FAILED, "P": PASSED, "f": PREFAILED, "p": PREPASSED, "n": NOT_RUN}
SHORT = {"ok": "( P )", "ko": "( F )"}


def play(given, script):
    rig = Rig([given])
    for word in script.split():
        for step in SHORT.get(word, word).split():
            act(rig, step)


def act(rig, step):
    manager = rig.manager
    first = step[0]
    if first.isdigit():
        times = int("".join([c for c in step if c.isdigit()]))
        for _ in range(times):
            for verdict in step.lstrip("0123456789"):
                manager.report(0, VERDICTS[verdict], rig.now)
    elif first in VERDICTS:
        manager.report(0, VERDICTS[first], rig.now)
    elif first == "+":
        rig.now += int(step[1:])
        manager.tick(rig.now)
    elif first == "(":
        manager.cycle_start(rig.now)
    elif first == ")":
        manager.cycle_end(rig.now)
    elif first in "xo":
        manager.enable(0, first == "o", rig.now)
    elif first in "sS":
        manager.storage(0, first == "S")
    elif first == "C":
        manager.clear(0, 1, 4711)
    elif first == "R":
        rig.restart()
    else:
        check(rig, first, step[1:])


def check(rig, what, value):
    manager = rig.manager
    if what == "=":
        assert manager.status[0] == int(value, 16), "status %02X, expected %s" % (manager.status[0], value)
    elif what == "@":
        assert manager.fdc(0) == int(value), "FDC %d, expected %s" % (manager.fdc(0), value)
    elif what == "#":
        assert rig.state.occurrence[0] == int(value), rig.state.occurrence[0]
    elif what == "m":
        assert rig.state.near[0] == int(value), rig.state.near[0]
    elif what in "Ee":
        assert rig.memory.holds(0) == (what == "E"), "entry: %r" % rig.memory.holds(0)
    elif what == "r":
        assert records.read(records.ENTRY, rig.memory.entry(0))["flags"] & records.RETURNED
    else:
        rig.save()
        buf = bytearray(1024)
        if what == "T":
            assert rig.memory.tombstone(0, buf) > records.ENTRY_SIZE
            grave = records.read(records.TOMBSTONE, buf)
            assert (grave["who"], grave["grant"], grave["occurrence"]) == (1, 4711, 1)
        elif what == "j":
            assert rig.memory.frame(0, buf) > 0
            assert records.read(records.FRAME, buf)["trigger"] == (1 if value == "+" else 3)
        else:
            raise ValueError(what)


def test_every_case():
    for rule, name, given, script in CASES:
        try:
            play(given, script)
        except AssertionError as error:
            raise AssertionError("%s: %s: %s" % (rule, name, error))


def test_there_are_enough_of_them_and_each_has_its_name():
    names = [(case[0], case[1]) for case in CASES]
    assert len(set(names)) == len(names) >= 100


run(globals()) if __name__ == "__main__" else None
