"""Which bundle runs with which base, for every slot record and every base that the boot loader may have started."""

import itertools
from typing import Any

import pytest
from appliance.update import chooser, joint
from appliance.update.chooser import (
    B_BROKEN,
    B_NOT,
    B_NOT_BEGUN,
    B_OTHER_BASE,
    B_TOLD,
    B_USED_UP,
    TRIES,
    Choice,
    choose,
)
from appliance.update.otadata import ABORTED, INVALID, NEW, PENDING, UNDEFINED, VALID
from slots_kit import DIGEST, record

OLD = [1, 0, 5, "1.0"]  # bundle, base, sequence, version


class Flash:
    """Files and base slots, in memory. `writes` None: any number; else the disk is full from then on."""

    def __init__(self, running: int = 0, state: int = VALID, kept: "bytes | None" = None, folders: str = "ab") -> None:
        self.files = self.slots = self
        self.running = running
        self._state = state
        self.kept: dict[str, bytes] = {f"{folder}/index": b"" for folder in folders}
        if kept is not None:
            self.kept[chooser.FILE] = kept
        self.writes: int | None = None
        self.boot = running
        self.bootable = True

    def read(self, name: str) -> "bytes | None":
        return self.kept.get(name)

    def write(self, name: str, data: "bytes | bytearray | memoryview") -> None:
        if self.writes is not None:
            if not self.writes:
                raise OSError(28)
            self.writes -= 1
        self.kept[name] = bytes(data)

    def state(self) -> int:
        return self._state

    def set_boot(self, slot: int) -> None:
        if not self.bootable:
            raise OSError(22)
        self.boot = slot

    def mark_valid(self) -> None:
        self._state = VALID

    def record(self) -> Any:
        return chooser.read(self.kept[chooser.FILE])


def trial(bundle: int, base: int, left: int = TRIES) -> list:
    return [bundle, base, 6, "1.1", left, DIGEST]


def chosen(flash: Flash) -> Choice:
    choice = choose(flash)  # type: ignore[arg-type]
    assert choice is not None
    return choice


def test_where_nothing_was_installed_the_base_slots_are_not_even_asked() -> None:
    class Files:
        files = property(lambda self: Flash())

    assert choose(Files()) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", [b"", b"torn", record(OLD)[:-1], record(OLD)[:-5] + bytes(5), b"\xff" * 40])
def test_a_damaged_record_leads_to_the_firmwares_own_bundle(damage: bytes) -> None:
    choice = chosen(Flash(kept=damage))
    assert (choice.bundle, choice.base, choice.trial, choice.restart) == (0, 0, False, False)


def test_a_trial_has_three_starts_then_the_old_bundle_runs_for_good() -> None:
    flash = Flash(kept=record(OLD, trial(2, 0)))
    seen = [(choice.bundle, choice.left, choice.back) for choice in (chosen(flash) for _ in range(5))]
    assert seen == [(2, 2, B_NOT), (2, 1, B_NOT), (2, 0, B_NOT), (1, -1, B_USED_UP), (1, -1, B_NOT)]


def test_a_try_is_counted_before_the_bundle_is_known_to_run_and_without_room_to_count_it_is_not_tried() -> None:
    flash = Flash(kept=record(OLD, trial(2, 0)))
    flash.writes = 0
    choice = chosen(flash)
    assert (choice.bundle, choice.back, choice.trial) == (1, B_BROKEN, False)


def test_a_base_that_was_never_started_is_told_apart_from_one_that_went_back() -> None:
    assert chosen(Flash(kept=record(OLD, trial(2, 1)))).back == B_NOT_BEGUN
    assert chosen(Flash(kept=record(OLD, trial(2, 1, TRIES - 1)))).back == B_OTHER_BASE
    assert chosen(Flash(kept=record(OLD, trial(2, 1, 0)))).back == B_USED_UP
    assert chosen(Flash(kept=record(OLD, trial(2, 1), back=True))).back == B_TOLD


def test_a_confirmation_that_was_cut_between_its_two_steps_is_finished() -> None:
    flash = Flash(1, VALID, record(OLD, trial(2, 1, 0)))
    choice = chosen(flash)
    assert (choice.bundle, choice.base, choice.sequence, choice.trial) == (2, 1, 6, False)
    assert flash.record()[1:] == [False, [2, 1, 6, "1.1"], None, OLD]


def test_the_old_base_is_marked_good_when_the_boot_loader_came_back_to_it() -> None:
    flash = Flash(0, PENDING, record(OLD, trial(2, 1, 2), back=True))
    assert chosen(flash).bundle == 1
    assert flash.state() == VALID


def test_what_runs_on_a_base_that_is_given_up_chooses_the_other_one_and_asks_for_a_reset() -> None:
    for state, left, back in ((ABORTED, 2, False), (UNDEFINED, 0, False), (PENDING, 2, True)):
        flash = Flash(1, state, record(OLD, trial(2, 1, left), back=back))
        choice = chosen(flash)
        assert (choice.restart, flash.boot, choice.trial) == (True, 0, False)
        flash.running, flash._state = flash.boot, PENDING
        choice = chosen(flash)
        assert (choice.bundle, choice.restart, flash.state()) == (1, False, VALID)
        assert flash.record()[chooser.TRIAL] is None


def test_where_the_other_base_cannot_start_the_one_that_runs_goes_on_with_its_own_bundle() -> None:
    flash = Flash(1, ABORTED, record(OLD, trial(2, 1, 2)))
    flash.bootable = False
    choice = chosen(flash)
    assert (choice.bundle, choice.base, choice.restart) == (0, 1, False)


def test_previous_runs_where_its_base_does() -> None:
    flash = Flash(1, VALID, record(OLD, None, [2, 1, 4, "0.9"]))
    assert (chosen(flash).bundle, chosen(flash).sequence) == (2, 4)


ENTRIES = [list(pair) for pair in itertools.product((0, 1, 2), (0, 1))]


@pytest.mark.parametrize("state", [NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED])
@pytest.mark.parametrize("running", [0, 1])
def test_whatever_stands_in_the_record_a_bundle_runs_with_its_own_base_or_not_at_all(running: int, state: int) -> None:
    entries = [[*entry, 5, "x"] for entry in ENTRIES]
    trials = [None, *([*entry, left, DIGEST] for entry in entries for left in (0, 1, TRIES))]
    for one, two, three in itertools.product(entries, trials, [None, *entries]):
        for back, folders in itertools.product((False, True), ("", "a", "ab")):
            flash = Flash(running, state, record(one, two, three, back), folders)
            choice = chosen(flash)
            pairs = [tuple(entry[:2]) for entry in (one, two, three) if entry is not None] + [(0, running)]
            assert choice.base == running
            assert (choice.bundle, running) in pairs
            assert choice.bundle == 0 or " ab"[choice.bundle] in folders
            assert not choice.trial or (two is not None and not back and choice.left == two[4] - 1)


def test_the_steps_of_an_update_in_their_order() -> None:
    flash = Flash(kept=record(OLD, None, [2, 0, 4, "0.9"]))
    assert joint.inactive(flash, flash) == (2, 1)  # type: ignore[arg-type]
    joint.vacate(flash, flash, bundle=2, base=1)  # type: ignore[arg-type]
    assert flash.record()[chooser.PREVIOUS] is None
    joint.stage(flash, flash, 2, 1, 6, "1.1", DIGEST)  # type: ignore[arg-type]
    assert flash.boot == 1
    flash.running, flash._state = 1, PENDING
    assert chosen(flash).trial
    joint.confirm(flash, flash)  # type: ignore[arg-type]
    assert flash.state() == VALID
    assert joint.installed(flash, flash) == (2, 1, 6, "1.1")  # type: ignore[arg-type]
    assert flash.record()[chooser.PREVIOUS] == OLD


@pytest.mark.parametrize(("bundle", "base"), [(1, -1), (0, -1), (-1, 0)])
def test_what_runs_is_never_vacated(bundle: int, base: int) -> None:
    flash = Flash(kept=record(OLD))
    with pytest.raises(ValueError, match="in use"):
        joint.vacate(flash, flash, bundle=bundle, base=base)  # type: ignore[arg-type]


def test_nothing_is_vacated_while_a_trial_runs() -> None:
    flash = Flash(kept=record(OLD, trial(2, 0)))
    with pytest.raises(ValueError, match="trial"):
        joint.vacate(flash, flash, bundle=2)  # type: ignore[arg-type]
