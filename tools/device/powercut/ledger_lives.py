"""Lives of the ledger beside its journal: notes of every kind, heads told and receipted, sectors that give way, a
change of owner, restarts. A start must find the ledger as it was written, and go on.
"""

import hashlib
import random
from collections.abc import Iterator

from appliance.store.journal import Journal
from appliance.store.log import Log
from appliance.trust import chain, look
from appliance.trust.ledger import ANCHOR, FIRST, NUMBER, TOLD, UNDER_WAY, Ledger
from trivet_wire.envelope import Key

from .cutting import State
from .flash import Part, StrictFlash
from .journal_lives import mounted

JOURNAL = LEDGER = 6  # sectors of the partitions, one behind the other
SECTORS = JOURNAL + LEDGER
KEY = Key(b"\x5a" * 32, bytes(range(8)), 0)
_OWN = (TOLD, ANCHOR, UNDER_WAY)


class _Clock:
    def wall_s(self) -> int:
        return 1_795_600_000

    def ticks_ms(self) -> int:
        return 60_000


class _Marking(Ledger):
    """A summary and the record behind it are two steps: each is whole or not there."""

    def _append(self, log: Log, kind: int, body: bytes) -> bool:
        done = super()._append(log, kind, body)
        log.ring.flash.mark()
        return done

    def keep(self) -> None:
        super().keep()
        self.log.ring.flash.mark()  # type: ignore[union-attr]


def opened(flash: StrictFlash) -> tuple[Journal, Ledger]:
    """A start: it must find everything as it was written."""
    journal = mounted(Part(flash, 0, JOURNAL))
    ledger = _Marking(Part(flash, JOURNAL, LEDGER), journal, KEY, _Clock())
    ledger.load()
    if ledger.dead or ledger.end[FIRST]:
        raise AssertionError(f"record {ledger.end[FIRST]} is not as it was written")
    return journal, ledger


def read_ledger(flash: StrictFlash) -> State:
    """Number, h and each record; what an unknown end of the journal would make of them is a failure of its own."""
    _, ledger = opened(flash)
    facts: list[tuple[object, object]] = [("end", (ledger.end[NUMBER], ledger.h))]
    facts += [("told", tuple(ledger.end[at] for at in _OWN))]
    walk = look.Walk(ledger)
    while walk.step():
        if walk.number > walk.cut_off:
            facts.append((("record", walk.number), (walk.kind, bytes(walk.body))))
    return tuple(facts)  # type: ignore[arg-type]  # keys and values are hashable


def play_ledger(
    flash: StrictFlash, *, seed: int, notes: int = 60, filled: int = 0, resets: bool = False
) -> Iterator[None]:
    """Notes as chance has it, behind so many that nobody cuts."""
    chance = random.Random(seed)
    log, flash.log = flash.log, None
    journal, ledger = opened(flash)
    for at in range(filled):
        ledger.note(chain.STARTED, at, 1)
        while journal.service() or ledger.service():
            pass
    flash.log = log
    yield None
    for at in range(notes):
        while journal.service() or ledger.service():
            yield None
        what = chance.random()
        if what < 0.1:
            journal, ledger = opened(flash)
        elif what < 0.2:
            ledger.end[TOLD] = ledger.end[UNDER_WAY] = ledger.end[NUMBER]
            ledger.keep()
        elif what < 0.3:
            ledger.end[ANCHOR] = ledger.end[UNDER_WAY]
            ledger.keep()
        elif what < 0.5:
            ledger.note(chain.DECIDED, at, 1 + at % 4, at % 2, 0, chance.getrandbits(32))
        elif resets and what < 0.53:
            look.reset(ledger, 3)
        else:
            digest = hashlib.sha256(bytes([at % 256])).digest()[:8]
            ledger.note(chain.SENT, 1 + at % 12, 1 << at % 5, 49, 1, at, 7100, digest)
        yield None
