"""The wear budget: its arithmetic holds for days lived on a real journal, and gives more than fifteen years."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from appliance.outbox.spool import Spool
from appliance.store import wear
from appliance.store.binary import calcsize
from appliance.store.boot import count_boot
from appliance.store.wear import day_bytes, ledger_years, wear_years
from appliance.trust import chain
from appliance.trust.ledger import Ledger
from rig import RamFlash, Rig
from trivet_wire.envelope import Key
from trivet_wire.ids import EVIDENCE, FAILED, FAULT, HEARTBEAT, IMPROVE, OPERATION, PASSED, PERSONAL, SERVICE

DAYS = 4


class CountingFlash(RamFlash):
    def __init__(self, sectors: int) -> None:
        super().__init__(sectors)
        self.erases = [0] * sectors

    def erase(self, sector: int) -> None:
        super().erase(sector)
        self.erases[sector] += 1


class Clock:
    def wall_s(self) -> int:
        return 1_795_600_000

    def ticks_ms(self) -> int:
        return 0


def noting(rig: Rig, flash: CountingFlash) -> Ledger:
    ledger = Ledger(flash, rig.journal, Key(bytes(32), bytes(8), 0), Clock())
    ledger.load()
    assert ledger.note(chain.STARTED, rig.boot, 1)
    return ledger


def lived_days() -> tuple[CountingFlash, CountingFlash]:
    """50 faults, 24 heartbeats, 10 cycles, 10 starts a day, each saved, noted and told on its own, as an appliance
    does."""
    chance = random.Random(1)
    flash, noted = CountingFlash(16), CountingFlash(8)
    rig = Rig([{"confirm": 1, "warning": 1, "heal": 3, "age": 40} for _ in range(30)], flash=flash, pool_signals=8)
    spool = Spool(rig.journal, 1)
    ledger = noting(rig, noted)

    def tell(kind: int, purpose: int, size: int) -> None:
        seq = spool.append(kind, purpose, chance.randbytes(size))
        assert ledger.note(chain.SENT, kind, 1 << purpose, size, rig.boot, seq, 7100, chance.randbytes(8))
        if seq > 3:
            spool.ack(rig.boot, seq - 3)
        while rig.journal.service() or ledger.service():
            pass

    for hour in range(DAYS * 24):
        rig.now += 3_600_000
        if hour % 3 == 0:
            rig.restart()
            assert count_boot(rig.journal)
            spool = Spool(rig.journal, rig.boot)
            spool.load()
            ledger = noting(rig, noted)
        tell(HEARTBEAT, IMPROVE, 48)
        for _ in range(2 + hour % 12 % 2):
            event = chance.randrange(30)
            rig.values[0] += 977
            for verdict in (FAILED, PASSED):
                rig.manager.report(event, verdict, rig.now)
                rig.save()
                tell(FAULT, SERVICE, 48)
            tell(EVIDENCE, SERVICE, 420)
        if hour % 2:
            rig.manager.cycle_start(rig.now)
            rig.save()
            for event in range(30):
                rig.manager.report(event, PASSED, rig.now)
            rig.save()
            rig.manager.cycle_end(rig.now)
            rig.save()
            tell(OPERATION, PERSONAL, 48)
    return flash, noted


def test_more_than_fifteen_years_and_no_day_costs_more_than_the_budget_says() -> None:
    flash, noted = lived_days()
    assert wear_years() > 15
    assert ledger_years() > 15
    assert max(flash.erases) - min(flash.erases) <= 1
    assert max(noted.erases) - min(noted.erases) <= 1
    assert 100_000 / (sum(noted.erases) / len(noted.erases) / DAYS) / 365.25 > ledger_years() * 0.8
    lived_years = 100_000 / (max(flash.erases) / DAYS) / 365.25
    assert lived_years > wear_years() * 0.8
    assert day_bytes() > 0


def test_the_budget_knows_the_ledgers_layout() -> None:
    assert chain.TIME + calcsize(chain.FORMATS[chain.SENT]) + chain.MAC == wear.NOTED
    assert wear.SUMMED == chain.LONGEST
