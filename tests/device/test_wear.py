"""The wear budget: its arithmetic holds for days lived on a real journal, and gives more than fifteen years."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from appliance.outbox.spool import Spool
from appliance.store.boot import count_boot
from appliance.store.wear import day_bytes, wear_years
from rig import RamFlash, Rig
from trivet_wire.ids import EVIDENCE, FAILED, FAULT, HEARTBEAT, IMPROVE, OPERATION, PASSED, PERSONAL, SERVICE

DAYS = 4


class CountingFlash(RamFlash):
    def __init__(self, sectors: int) -> None:
        super().__init__(sectors)
        self.erases = [0] * sectors

    def erase(self, sector: int) -> None:
        super().erase(sector)
        self.erases[sector] += 1


def lived_days() -> CountingFlash:
    """50 faults, 24 heartbeats, 10 cycles, 10 starts a day, each saved and told on its own, as an appliance does."""
    chance = random.Random(1)
    flash = CountingFlash(16)
    rig = Rig([{"confirm": 1, "warning": 1, "heal": 3, "age": 40} for _ in range(30)], flash=flash, pool_signals=8)
    spool = Spool(rig.journal, 1)

    def tell(kind: int, purpose: int, size: int) -> None:
        seq = spool.append(kind, purpose, chance.randbytes(size))
        if seq > 3:
            spool.ack(rig.boot, seq - 3)
        while rig.journal.service():
            pass

    for hour in range(DAYS * 24):
        rig.now += 3_600_000
        if hour % 3 == 0:
            rig.restart()
            assert count_boot(rig.journal)
            spool = Spool(rig.journal, rig.boot)
            spool.load()
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
    return flash


def test_more_than_fifteen_years_and_no_day_costs_more_than_the_budget_says() -> None:
    flash = lived_days()
    assert wear_years() > 15
    assert max(flash.erases) - min(flash.erases) <= 1
    lived_years = 100_000 / (max(flash.erases) / DAYS) / 365.25
    assert lived_years > wear_years() * 0.8
    assert day_bytes() > 0
