"""A new version that does not heat: the oven finds it out by its own monitors, in the middle of a bake and without a
cloud, and goes back when the bake has ended; a cut in between changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from trivet.sim.world import World
from trivet_wire import ids
from update_kit import Maker, Service, world

BAKE = {"start_s": 300, "off_s": 2400, "load_s": 0}
HEATS = "on = (self._window - self._alone) * self._duty // 1000"  # of a window, each element


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def cold(maker: Maker) -> Any:
    """Its elements are never switched on."""
    board = maker.board(change=lambda text: text.replace(HEATS, "on = 0"))
    return maker.release(board, "1.3.0", security=True)


def tried(oven: Service, release: Any) -> None:
    oven.offer(release)
    oven.run(oven.reached("on trial"))


def through_the_bake(made: World, oven: Service) -> None:
    made.run_until(2390)
    assert oven.last["state"] == "on trial"  # while it bakes it waits for the end
    made.run_until(2460)


@pytest.mark.parametrize("cut", [False, True], ids=["undisturbed", "with a power cut after the decision"])
def test_drivers_that_never_heat_are_found_out_and_taken_back(
    maker: Maker, cold: Any, tmp_path: Path, cut: bool
) -> None:
    with world(maker, tmp_path / "oven", settings=BAKE) as made:
        oven = Service(made, {})
        tried(oven, cold)
        if cut:
            made.run_until(2000)
            made.restart()
            made.run_until(2010)
        else:
            through_the_bake(made, oven)
        assert oven.last["state"] == "rolled back"
        assert oven.last["reason"] == ids.R_FAULT
        assert made.board.codes[oven.last["event"]].event in ("slow_heat", "element_top_open", "heat_timeout")
        assert "a new fault appeared (46)" in made.state.display
        oven.offer(cold)
        oven.run(oven.reached("refused"))
        assert oven.last["reason"] == ids.R_TRIED


def test_a_version_whose_program_cannot_start_is_taken_back_at_once_and_the_old_one_is_whole(
    maker: Maker, tmp_path: Path
) -> None:
    board = maker.board(change=lambda text: text + "\nraise ValueError\n")
    broken = maker.release(board, "1.4.0", security=True, sequence=9)
    with world(maker, tmp_path / "oven", settings={"start_s": 1e6}) as made:
        oven = Service(made, {})
        oven.offer(broken)
        oven.run(oven.reached("rolled back"))
        assert oven.last["reason"] == ids.R_CRASHED
        assert made.state.inhibited == []  # nothing of the old version is switched off
