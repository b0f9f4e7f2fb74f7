"""A power cut before, during or after any flash operation leaves the old or the new state, and the appliance starts.

A sample of what `tools/bench cuts` does whole; and the judge itself, tried on stores that do it wrong.
"""

import random
from collections.abc import Iterator

import pytest
from appliance.store import records
from appliance.store.boot import count_boot
from appliance.store.journal import Journal, JournalFull
from powercut.cutting import History, Run, State, cut_everywhere, replay
from powercut.flash import PowerCut, StrictFlash
from powercut.histories import HISTORIES
from powercut.journal_lives import everything, mounted, read_journal
from trivet.bench import cuts

SAMPLE = 29  # of the operations, one in so many
QUICK = 5  # of the histories, one in so many whenever tests run
NAMES = [
    pytest.param(name, marks=[] if at % QUICK == 0 else pytest.mark.slow, id=name) for at, name in enumerate(HISTORIES)
]


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_leaves_the_old_or_the_new_state(name: str) -> None:
    figures = cut_everywhere(HISTORIES[name], SAMPLE)
    assert figures.failures == []
    assert figures.cuts == figures.recovered
    assert figures.cuts > figures.torn > 0


def test_a_whole_appliance_is_cut_with_every_kind_of_record_that_it_keeps() -> None:
    r = records
    kept = {r.BOOT, r.STATUS, r.TOTALS, r.ENTRY, r.FRAME, r.TOMBSTONE, r.SPOOL, r.CONSENT, r.LIFE, r.LEARNED}
    steps = [step for name, history in HISTORIES.items() if name.startswith("appliance") for step in Run(history).steps]
    assert kept <= {key[0] for step in steps for key, _ in step.new if isinstance(key, tuple)}


def test_there_are_forty_different_histories() -> None:
    assert len(HISTORIES) >= 40


def half_way(flash: StrictFlash) -> Iterator[None]:
    """Two records that belong together, without a group."""
    journal = mounted(flash)
    yield None
    journal.put(1, 1, b"debit")
    journal.put(1, 2, b"credit")
    yield None


def erases_first(flash: StrictFlash) -> Iterator[None]:
    """Takes the old away before the new is there."""
    journal = mounted(flash)
    journal.put(1, 1, b"old")
    yield None
    journal.delete(1, 1)
    journal.put(1, 1, b"new")
    yield None


def goes_back(flash: StrictFlash) -> Iterator[None]:
    """Passes through a value that was replaced long ago."""
    journal = mounted(flash)
    for value in (b"first", b"second"):
        journal.put(1, 1, value)
        yield None
    journal.put(1, 1, b"first")
    journal.put(1, 1, b"third")
    yield None


def never_starts(flash: StrictFlash) -> State:
    found = read_journal(flash)
    if len(found) == 1:
        raise RuntimeError("one record alone")
    return found


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        (History("half way", half_way, read_journal), "third_state"),
        (History("erases first", erases_first, read_journal), "lost"),
        (History("goes back", goes_back, read_journal), "lost"),
        (History("never starts", half_way, never_starts), "no_start"),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_a_store_that_does_it_wrong_is_found_out_and_the_cut_replays(history: History, verdict: str) -> None:
    figures = cut_everywhere(history)
    assert getattr(figures, verdict) > 0
    assert figures.cuts > figures.recovered > 0
    spec, _, said = figures.failures[0].partition(": ")
    assert said == verdict
    assert f": {verdict}" in replay(history, spec).splitlines()[1]


@pytest.mark.parametrize("name", ["spool 1", cuts.LITTLEFS + "identity", cuts.LITTLEFS + "configuration"])
def test_the_bench_cuts_and_replays_on_both_kinds_of_flash(name: str) -> None:
    bench = cuts.Bench(23, 1, cuts.image())
    figures = bench.cut(name)
    assert figures["cuts"] == figures["recovered"] > figures["torn"] > 0
    assert "recovered" in bench.replay(f"{name}@3.2")


def test_the_figures_are_sound_only_when_every_cut_recovered() -> None:
    good = {"cuts": 9, "torn": 4, "recovered": 9, "failures": []}
    assert cuts.sound(good)
    assert not cuts.sound(good | {"recovered": 8, "failures": ["spool 1@3.2: lost"]})
    assert not cuts.sound(good | {"torn": 0})


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
    for (kind, key), payload in everything(journal):  # type: ignore[misc]  # a record's key is a pair
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
