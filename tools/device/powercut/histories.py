"""The histories that are cut, by name. Each differs from every other in its seed, its shape or its geometry."""

from functools import partial

from .appliance_lives import SECTORS, play_bake, read_bake
from .composed_lives import play_house, read_house
from .cutting import History
from .journal_lives import play_boots, play_journal, read_boot, read_journal
from .kept_lives import Machine, play_kept, play_life, read_kept, read_life
from .ledger_lives import SECTORS as BOTH
from .ledger_lives import play_ledger, read_ledger
from .memory_lives import Shape, play_memory, read_memory
from .queue_lives import play_consent, play_refusals, play_spool, read_consent, read_spool

_SHAPES = {
    "as usual": Shape(),
    "much fails": Shape(busy=0.7),
    "little fails": Shape(busy=0.08, age=3),
    "one slot": Shape(slots=1, busy=0.5),
    "room for all": Shape(slots=8, busy=0.5),
    "cleared often": Shape(clears=1, busy=0.5),
    "never ages": Shape(heal=0, age=0),
    "slow to confirm": Shape(confirm=4, heal=2, age=2, busy=0.5),
    "many events": Shape(events=40, slots=6, busy=0.15),
}


def _journals() -> list[History]:
    shapes = {
        "journal": {"seed": 1, "steps": 160},
        "journal, no groups": {"seed": 2, "groups": 0.0},
        "journal, all groups": {"seed": 3, "groups": 1.0, "largest": 200},
        "journal, short records": {"seed": 4, "largest": 30, "steps": 260, "keys": 20},
        "journal, longest records": {"seed": 5, "largest": 1024, "keys": 4},
        "journal, nearly full": {"seed": 6, "largest": 700, "keys": 14},
        "journal, few keys": {"seed": 7, "keys": 2},
    }
    made = [History(name, partial(play_journal, **shape), read_journal) for name, shape in shapes.items()]
    life = partial(play_journal, seed=8)
    made.append(History("journal, smallest partition", life, read_journal, sectors=6))
    made.append(History("journal, units of 16", partial(play_journal, seed=9), read_journal, write_size=16))
    made.append(History("journal, units of 4", partial(play_journal, seed=10), read_journal, write_size=4))
    return made


def _memories() -> list[History]:
    return [
        History(
            f"fault memory, {name}", partial(play_memory, seed=20 + at, shape=shape), partial(read_memory, shape=shape)
        )
        for at, (name, shape) in enumerate(_SHAPES.items())
    ]


def _queues() -> list[History]:
    made = [History(f"spool {at}", partial(play_spool, seed=30 + at), read_spool) for at in range(1, 4)]
    made += [History(f"spool with refusals {at}", partial(play_refusals, seed=40 + at), read_spool) for at in (1, 2)]
    made += [History(f"consent {at}", partial(play_consent, seed=50 + at), read_consent) for at in range(1, 5)]
    return made


def _boots() -> list[History]:
    return [
        History("boot counter", play_boots, read_boot),
        History("boot counter, full sectors", partial(play_boots, starts=12, fill=8, size=900), read_boot),
        History("boot counter, alone", partial(play_boots, starts=400, fill=0), read_boot, sectors=6),
    ]


def _lives() -> list[History]:
    made = [History(f"crashed starts {at}", partial(play_life, seed=80 + at), read_life) for at in (1, 2)]
    full = partial(play_life, seed=83, starts=60, fill=3)
    return [*made, History("crashed starts, full sectors", full, read_life, sectors=6)]


def _learners() -> list[History]:
    machines = {
        "one drift": Machine((2,), 0),
        "lifetimes": Machine((), 3),
        "drift and lifetime": Machine((3,), 1),
        "a drift of 16 signals": Machine((16,), 0),
        "four drifts": Machine((2, 3, 16, 4), 1),
    }
    return [
        History(
            f"learned, {name}", partial(play_kept, seed=90 + at, machine=machine), partial(read_kept, machine=machine)
        )
        for at, (name, machine) in enumerate(machines.items())
    ]


def _ledgers() -> list[History]:
    shapes = {
        "ledger": {"seed": 100},
        "ledger, a change of owner": {"seed": 101, "resets": True},
        "ledger, a new sector": {"seed": 102, "filled": 60, "notes": 40},
        "ledger, old records give way": {"seed": 103, "filled": 440, "notes": 60},
        "ledger, a change of owner of a full one": {"seed": 104, "filled": 420, "notes": 60, "resets": True},
    }
    return [History(name, partial(play_ledger, **shape), read_ledger, sectors=BOTH) for name, shape in shapes.items()]


def _houses() -> list[History]:
    return [
        History(f"everything {at}", partial(play_house, seed=60 + at), read_house, sectors=16) for at in range(1, 9)
    ]


def _bakes() -> list[History]:
    faults = ("ntc_open", "fan_seized", "door_switch")
    return [
        History(f"appliance, {fault}", partial(play_bake, seed=70 + at, fault=fault), read_bake, sectors=SECTORS)
        for at, fault in enumerate(faults)
    ]


HISTORIES: dict[str, History] = {
    history.name: history
    for history in (
        *_journals(),
        *_boots(),
        *_memories(),
        *_queues(),
        *_lives(),
        *_learners(),
        *_ledgers(),
        *_houses(),
        *_bakes(),
    )
}
