"""A power cut before, during or after any flash operation leaves the old or the new state, and the appliance starts."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from appliance.store.boot import count_boot
from appliance.store.journal import Journal, JournalFull
from cutting import cut_everywhere
from flash import PowerCut, StrictFlash
from histories import HISTORIES, History, everything


@pytest.mark.parametrize("history", HISTORIES, ids=[history.name for history in HISTORIES])
def test_a_cut_leaves_the_old_or_the_new_state(history: History) -> None:
    figures = cut_everywhere(history)
    assert figures.failures == []
    assert figures.cuts == figures.recovered
    assert figures.torn > 500


@pytest.mark.parametrize("seed", range(6))
def test_cuts_at_random_in_a_row_never_stop_the_start_and_never_turn_the_boot_counter_back(seed: int) -> None:
    chance = random.Random(seed)
    flash = StrictFlash(6)
    flash.random = chance
    given = 0
    model: dict[int, set[bytes]] = {}
    for _ in range(250):
        flash.fuse = chance.choice([0, 1, 2, 3, 5, 8, 20, 60])
        try:
            journal = Journal(flash)
            journal.mount()
            boot = count_boot(journal)
            assert boot > given
            given = boot
            _live(journal, chance, model)
        except PowerCut:
            pass
    flash.fuse = None
    journal = Journal(flash)
    journal.mount()
    for kind, key, payload in everything(journal):  # type: ignore[attr-defined]
        if kind == 2:
            assert payload in model[key]


def _live(journal: Journal, chance: random.Random, model: dict[int, set[bytes]]) -> None:
    """Write until the power goes; `model` has, per key, what may stand there: the last finished value or the one
    being written."""
    while True:
        key, payload = chance.randrange(10), chance.randbytes(chance.randrange(300))
        model.setdefault(key, set()).add(payload)
        journal.put(2, key, payload)
        model[key] = {payload}
        for _ in range(chance.randrange(4)):
            journal.service()


def test_an_append_never_erases() -> None:
    flash = StrictFlash(8)
    journal = Journal(flash)
    journal.mount()
    for i in range(2000):
        before = sum(flash.erase_counts)
        try:
            journal.put(1, i % 20, bytes(i % 256))
        except JournalFull:
            assert i > 20
        assert sum(flash.erase_counts) == before
        while i % 7 == 0 and journal.service():
            pass


def test_wear_is_level() -> None:
    flash = StrictFlash(8)
    journal = Journal(flash)
    journal.mount()
    journal.put(9, 1, bytes(500))  # never written again: it must not pin its sector
    for i in range(6000):
        journal.put(1, i % 12, bytes(100))
        while journal.service():
            pass
    assert max(flash.erase_counts) - min(flash.erase_counts) <= 1
    assert journal.wear() == max(flash.erase_counts)


@pytest.mark.parametrize("fill", [b"\x00", b"\xff", b"\x5a", None])
def test_whatever_the_partition_holds_the_journal_starts(fill: bytes | None) -> None:
    size = 8 * 4096
    flash = StrictFlash(8, image=random.Random(5).randbytes(size) if fill is None else fill * size)
    journal = Journal(flash)
    journal.mount()
    assert journal.fresh
    assert count_boot(journal) == 1
