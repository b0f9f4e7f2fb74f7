"""ESP-IDF's otadata and what its boot loader makes of it."""

import pytest
from appliance.update import otadata
from appliance.update.otadata import ABORTED, INVALID, NEW, PENDING, UNDEFINED, VALID, entry

ERASED = b"\xff" * otadata.ENTRY


def test_an_entry_is_laid_out_as_esp_idf_lays_it_out() -> None:
    # `otatool.py switch_ota_partition --slot 0` on erased otadata writes this sequence number and CRC
    assert entry(1, UNDEFINED) == bytes.fromhex("01000000" + "ff" * 24 + "9a984347")
    assert otadata.sound(entry(7, NEW))
    assert not otadata.sound(ERASED)
    assert not otadata.sound(entry(7, NEW)[:28] + bytes(4))


@pytest.mark.parametrize(
    ("first", "second", "slot", "left"),
    [
        (ERASED, ERASED, 0, [(0, 1, VALID)]),  # the first start of all
        (entry(1, VALID), ERASED, 0, []),
        (entry(1, VALID), entry(2, NEW), 1, [(1, 2, PENDING)]),
        (entry(1, VALID), entry(2, PENDING), 0, [(1, 2, ABORTED)]),  # it said nothing: back
        (entry(1, VALID), entry(2, VALID), 1, []),
        (entry(3, VALID), entry(2, VALID), 0, []),
        (entry(1, VALID), entry(2, INVALID), 0, []),
        (entry(1, VALID), entry(2, ABORTED), 0, []),
        (entry(1, INVALID), entry(2, ABORTED), 0, []),  # neither is wanted, and none is said to be good
        (ERASED, entry(2, PENDING), 0, [(1, 2, ABORTED)]),  # what a cut of going back by hand may leave
        (entry(1, VALID), entry(2, UNDEFINED), 1, []),  # a build without rollback
    ],
)
def test_the_boot_loader_starts_the_image_that_is_chosen_and_not_given_up(
    first: bytes, second: bytes, slot: int, left: list
) -> None:
    started, writes = otadata.started(first, second)
    assert started == slot
    assert writes == [(sector, entry(seq, state)) for sector, seq, state in left]


def test_an_image_that_never_says_it_is_good_runs_once() -> None:
    flash = [entry(1, VALID), ERASED]
    sector, data = otadata.chosen(*flash, 1)
    flash[sector] = data
    seen = []
    for _ in range(4):
        slot, writes = otadata.started(*flash)
        for at, data in writes:
            flash[at] = data
        seen.append((slot, otadata.state_of(*flash, slot)))
    assert seen == [(1, PENDING), (0, VALID), (0, VALID), (0, VALID)]


def test_one_that_does_stays() -> None:
    flash = [entry(1, VALID), ERASED]
    for wanted in (1, 0, 1, 1, 0):
        sector, data = otadata.chosen(*flash, wanted)
        flash[sector] = data
        slot, writes = otadata.started(*flash)
        for at, data in writes:
            flash[at] = data
        now = otadata.active(*flash)
        flash[now] = otadata.with_state(flash[now], VALID)
        assert slot == wanted
        assert otadata.started(*flash) == (wanted, [])


def test_a_choice_goes_beside_the_entry_that_counts() -> None:
    assert otadata.chosen(entry(1, VALID), entry(2, VALID), 0) == (0, entry(3, NEW))
    assert otadata.chosen(entry(5, VALID), entry(2, VALID), 1) == (1, entry(6, NEW))
    assert otadata.chosen(ERASED, entry(2, ABORTED), 1) == (0, entry(2, NEW))
