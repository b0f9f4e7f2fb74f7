"""Lives of what an appliance knows of itself: crashed starts in a row, what its drift monitors learned, what its
lifetime monitors counted.

A start reads a copy: counting itself is a step of the played life, which is cut like any other.
"""

import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.sense.monitors.drift import Drift
from appliance.sense.monitors.lifetime import Lifetime
from appliance.service.life import LIMIT, SOUND_MS, Life
from appliance.service.normals import Normals
from appliance.store.journal import Journal
from appliance.store.records import LIFE, REPLACED
from trivet_wire import ids

from .cutting import State
from .flash import StrictFlash
from .journal_lives import Watched, everything, mounted

_ENDS = (ids.RESET_POWER_ON, ids.RESET_WATCHDOG, ids.RESET_BROWN_OUT, ids.RESET_CRASH)
_FILLING = 2  # a record type that these lives fill sectors with, so that what they keep is reclaimed too
_CALIBRATE = 64


# -- crashed starts ----------------------------------------------------------------------------------------------------


def read_life(flash: StrictFlash) -> State:
    """The record; and whatever it says, the next start counts at most itself and finds no flash that rots: one cut
    tears one record."""
    journal = mounted(flash)
    buf = bytearray(8)
    length = journal.get(LIFE, 0, buf)
    crashes, stage = (buf[0], buf[1]) if length >= 2 else (0, 0)
    if flash.log is not None:
        copy = mounted(StrictFlash(flash.sectors, write_size=flash.write_size, image=bytes(flash.image)))
        life = Life(copy, ids.RESET_POWER_ON)
        if not crashes <= life.crashes <= min(crashes + 1, LIMIT) or life.rotten:
            raise AssertionError(f"{crashes} crashed starts became {life.crashes}, {life.rotten} records rotten")
    return (("life", (crashes, stage)), *_filling(journal))


def play_life(flash: StrictFlash, *, seed: int, starts: int = 40, fill: int = 2) -> Iterator[State | None]:
    """Starts that end in every way and at every stage, some of them forgiven; the model is two numbers."""
    chance = random.Random(seed)
    crashes, stage = 0, 0
    for start in range(starts):
        journal = mounted(flash)
        cause = chance.choice(_ENDS)
        if stage == 2 or (stage == 1 and cause != ids.RESET_POWER_ON):
            crashes = min(crashes + 1, LIMIT)
        life = Life(journal, cause)
        stage = 2
        yield _life(journal, crashes, stage)
        for key in range(fill):
            yield from _served(journal)
            journal.put(_FILLING, key, bytes([start]) * 700)
            yield _life(journal, crashes, stage)
        if chance.random() < 0.7:
            life.poll(0, False)
            stage = 1
            yield _life(journal, crashes, stage)
            if chance.random() < 0.4:
                life.poll(SOUND_MS, False)
                crashes, stage = (LIMIT - 1 if life.reduced else 0), 0
                yield _life(journal, crashes, stage)
        if chance.random() < 0.15:
            yield from _served(journal)
            life.forgive()
            crashes, stage = 0, 0
            yield _life(journal, crashes, stage)


def _life(journal: Journal, crashes: int, stage: int) -> State:
    return (("life", (crashes, stage)), *_filling(journal))


# -- what was learned and counted --------------------------------------------------------------------------------------


@dataclass
class Machine:
    """A board's learners: drifts of these many signals, and this many lifetimes. All signals are raw inputs."""

    drifts: tuple[int, ...] = (2,)
    lifetimes: int = 1
    n_signals: int = field(default=16)
    input_of: "array[int]" = field(default_factory=lambda: array("b", range(16)))
    scales: "array[int]" = field(default_factory=lambda: array("i", [1] * 16))
    table_at: "array[int]" = field(default_factory=lambda: array("h", range(17)))
    points_raw: "array[int]" = field(default_factory=lambda: array("i", range(16)))
    points_value: "array[int]" = field(default_factory=lambda: array("i", range(16)))

    def learners(self) -> "list[Drift | Lifetime]":
        made: list[Drift | Lifetime] = []
        made += [Drift(array("i", [1, _CALIBRATE, 6, *range(signals)])) for signals in self.drifts]
        made += [Lifetime(array("i", [0, 1 << 20, 4, signal])) for signal in range(self.lifetimes)]
        for event, learner in enumerate(made):
            learner.event = event * 3  # events between are judged by monitors that keep nothing
        return made


def read_kept(flash: StrictFlash, *, machine: Machine) -> State:
    """What each learner has after a start, empty while it has to learn; and what could be taken back."""
    journal = mounted(flash)
    learners = machine.learners()
    Normals(machine, learners, journal)
    return _kept(learners, journal)


def _kept(learners: "list[Drift | Lifetime]", journal: Journal) -> State:
    found = tuple((("learner", one.event), tuple(one.learned())) for one in learners)
    return (*found, *_rows(journal, REPLACED), *_filling(journal))


def play_kept(
    flash: StrictFlash, *, seed: int, machine: Machine, lives: int = 4, turns: int = 14
) -> Iterator[State | None]:
    """Learning ends, counts grow, somebody lets it learn anew and takes that back: all of one command, or nothing of
    it."""
    chance = random.Random(seed)
    for _ in range(lives):
        journal = Watched(flash)
        journal.mount()
        learners = machine.learners()
        normals = Normals(machine, learners, journal)
        for turn in range(turns):
            yield from _served(journal)
            _live(learners, chance)
            normals.poll()
            yield None
            if chance.random() < 0.3:
                journal.put(_FILLING, turn % 3, chance.randbytes(900))
                yield None
            for change in (normals.relearn, normals.undo):
                if chance.random() < 0.15:
                    marks = len(flash.marks)
                    change()
                    del flash.marks[marks:]  # however many records that are: it is one step
                    yield None


def _live(learners: "list[Drift | Lifetime]", chance: random.Random) -> None:
    """As many samples as a calibration takes, and some rises."""
    values = array("i", [0] * 16)
    for turn in range(chance.choice([8, _CALIBRATE])):
        for signal in range(16):
            values[signal] = chance.randint(900, 1100) * (turn & 1 or signal)
        for learner in learners:
            learner.check(values, bytearray(16))


def _served(journal: Journal) -> Iterator[None]:
    while journal.service():
        yield None


def _filling(journal: Journal) -> State:
    return _rows(journal, _FILLING)


def _rows(journal: Journal, kind: int) -> State:
    return tuple(row for row in everything(journal) if row[0][0] == kind)  # type: ignore[index]  # a pair
