"""What a restart in the middle of a trial means: by the power, by a crash, again and again; and what a factory reset
does to an update that waits.
"""

import pytest
from appliance.update import gates, kept, memory
from lived import Oven
from lived_flash import Maker
from trivet_wire import ids

TO_TRIAL = ["offered", "downloading", "verified", "staged", "on trial"]


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


def on_trial(maker: Maker, name: str = "feature") -> Oven:
    oven = Oven(maker)
    oven.offer(name)
    oven.answer(ids.A_YES)
    oven.until(lambda: oven.states[-1:] == ["on trial"])
    assert oven.states == TO_TRIAL
    return oven


def baked(oven: Oven) -> None:
    """A cycle, and long enough for a trial."""
    oven.turns(3)
    oven.cycles += 1
    oven.passes(700_000)
    oven.turns(5)


@pytest.mark.parametrize("cause", [ids.RESET_POWER_ON, ids.RESET_BROWN_OUT, ids.RESET_SOFT])
def test_a_restart_in_the_trial_of_a_base_that_is_no_crash_costs_time_and_not_the_update(
    maker: Maker, cause: int
) -> None:
    oven = on_trial(maker)
    oven.start(cause)
    assert oven.ports.running == 0  # the boot loader went back
    oven.temperature = 200
    oven.turns(40)
    assert oven.states == [*TO_TRIAL, "verified"]  # and it waits for the gates as before
    assert oven.row[kept.REASON] == 0
    oven.temperature = 20
    oven.until(lambda: oven.states.count("on trial") == 2)
    assert oven.ports.running == 1
    baked(oven)
    assert oven.states[-1] == "confirmed"


@pytest.mark.parametrize("cause", [ids.RESET_WATCHDOG, ids.RESET_CRASH])
def test_a_crash_in_the_trial_of_a_base_counts_as_tried(maker: Maker, cause: int) -> None:
    oven = on_trial(maker)
    oven.start(cause)
    oven.turns(5)
    assert oven.states == [*TO_TRIAL, "rolled back"]
    assert oven.row[kept.REASON] == ids.R_CRASHED
    oven.offer("feature")
    oven.turns(400)
    assert oven.row[kept.REASON] == ids.R_TRIED


def test_a_base_whose_trial_is_cut_again_and_again_is_let_go_of(maker: Maker) -> None:
    oven = on_trial(maker)
    for trial in (2, 3):
        oven.start(ids.RESET_POWER_ON)
        oven.until(lambda trial=trial: oven.states.count("on trial") == trial)
    oven.start(ids.RESET_POWER_ON)
    oven.turns(5)
    assert oven.states[-1] == "rolled back"


def test_a_second_cut_before_the_first_was_noted_changes_nothing(maker: Maker) -> None:
    oven = on_trial(maker)
    oven.start(ids.RESET_POWER_ON)  # the chooser ends the trial, and nobody writes down why
    oven.start(ids.RESET_POWER_ON)
    oven.until(lambda: oven.states.count("on trial") == 2)
    baked(oven)
    assert oven.states[-1] == "confirmed"


def test_what_was_decided_is_not_undone_by_a_cut(maker: Maker) -> None:
    oven = on_trial(maker)
    oven.cycle = oven.faulty = True
    oven.cycles += 1
    oven.turns(30)
    assert oven.row[kept.REASON] == ids.R_FAULT
    assert (oven.state, oven.ports.running) == (ids.U_TRIAL, 1)  # it waits for the end of the cycle
    oven.start(ids.RESET_POWER_ON)
    oven.turns(5)
    assert oven.states[-1] == "rolled back"
    assert memory.tried(oven.house.journal, oven.row[kept.NAME])


def test_a_bundle_alone_stays_on_trial_over_two_cuts(maker: Maker) -> None:
    oven = on_trial(maker, "drivers")
    for _ in range(2):
        oven.start(ids.RESET_POWER_ON)
        oven.turns(5)
    assert oven.states == TO_TRIAL
    baked(oven)
    assert oven.states[-1] == "confirmed"


def test_after_a_factory_reset_its_next_owner_is_asked(maker: Maker) -> None:
    oven = Oven(maker)
    oven.offer("feature")
    oven.answer(ids.A_YES)
    oven.exclude(1 << 12, 0)  # it is noon
    oven.until(lambda: oven.states[-1:] == ["verified"])
    oven.factory_reset()
    oven.turns(30)
    assert oven.states[-1] == "verified"
    assert oven.row[kept.ANSWER] == gates.NO_ANSWER
    oven.answer(ids.A_YES)
    oven.until(lambda: oven.states[-1] == "on trial")
