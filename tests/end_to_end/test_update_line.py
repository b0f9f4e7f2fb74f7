"""An oven without a cloud takes an update from a service tool at its line: offered, asked for, judged, tried, confirmed
or taken back; each refusal with its own number and words, and nothing changed by it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_technician import VENDOR, Technician
from trivet.sim.device import Device, Provision
from trivet.sim.world import World
from trivet_wire import ids
from update_kit import Maker, Service, world

REST = {"start_s": 1e6}  # nobody bakes
FASTER = ("DOOR_MS = 2_000", "DOOR_MS = 3_000")
ALL = ["offered", "downloading", "verified", "staged", "on trial"]


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def newer(maker: Maker) -> Any:
    """A feature: the door's pause is longer."""
    return maker.release(maker.board(change=lambda text: text.replace(*FASTER)), "1.1.0")


@pytest.fixture
def oven(maker: Maker, tmp_path: Path) -> Iterator[Service]:
    with world(maker, tmp_path / "oven", settings=REST) as made:
        yield Service(made, {})


def test_a_feature_waits_for_its_owner_s_yes_and_is_then_on_trial(oven: Service, newer: Any) -> None:
    oven.offer(newer)
    oven.run(lambda: bool(oven.waits))
    assert (oven.states, oven.waits) == (["offered"], ["Update 1.1.0 waits for your yes"])
    oven.world.step()
    assert oven.world.state.display == "Update 1.1.0 waits for your yes"
    oven.world.say("update yes")
    oven.run(oven.reached("on trial"))
    assert oven.states == ALL
    assert not [event for event in oven.world.events if event.kind in ("crash", "no_heap", "reduced")]


def test_blocks_that_get_lost_are_asked_for_again(oven: Service, newer: Any) -> None:
    oven.lose = lambda number: number % 3 == 0
    oven.offer(newer)
    oven.run(oven.reached("offered"))
    oven.world.say("update yes")
    oven.run(oven.reached("on trial"), turns=400)
    assert len({(start, at) for start, at, _ in oven.asked}) > 6


def test_it_is_confirmed_after_a_whole_cycle_without_a_new_fault(maker: Maker, newer: Any, tmp_path: Path) -> None:
    with world(maker, tmp_path / "oven", settings={"start_s": 600, "off_s": 1500}) as made:
        oven = Service(made, {})
        oven.offer(newer)
        oven.run(oven.reached("offered"))
        made.say("update yes")
        oven.run(oven.reached("on trial"))
        made.run_until(1480)
        assert oven.last["state"] == "on trial"
        made.run_until(1600)
        assert oven.last["state"] == "confirmed"
        made.say("update")
        assert made.events[-1].data["text"] == "Update 1.1.0 is installed"
        made.restart()
        made.run_until(1620)
        assert [event for event in made.events if event.kind == "started"][-1]
        assert oven.last["state"] == "confirmed"


def technician(oven: Service) -> Technician:
    who = Technician(oven.world)
    who.device = who.last("who")["device"]
    return who


class TestBesideATechnician:
    """Somebody works at the port while an update is on its way."""

    @pytest.fixture
    def oven(self, maker: Maker, newer: Any, tmp_path: Path) -> Iterator[Service]:
        device = Device(tmp_path / "oven")
        device.provision(maker.provision(replace(Provision.alone("oven"), command_key=VENDOR.public)))
        with World("oven", device, settings=REST) as made:
            oven = Service(made, {})
            oven.offer(newer)
            oven.run(oven.reached("offered"))
            made.say("update yes")
            oven.run(lambda: len(oven.asked) > 6)
            yield oven
            assert not [event for event in made.events if event.kind in ("crash", "reduced", "unheard")]

    def test_the_technician_is_let_in_and_it_goes_on_at_its_block(self, oven: Service) -> None:
        who = technician(oven)
        before = len(oven.asked)
        assert who.enter()["serial"] == 7
        assert who.last("test fan", 30)["result"] == 0
        assert who.last("bye")["done"] == 1
        oven.run(oven.reached("on trial"))
        assert oven.asked[before][1] > 0, "what was there is not fetched again"
        assert oven.states == ALL

    def test_asking_how_it_stands_leaves_nothing_in_the_heap_that_it_needs(self, oven: Service) -> None:
        who = technician(oven)
        before = who.last("who")["heap_free"]
        said: list[dict[str, Any]] = []
        while len(said) < 6 and (not said or said[-1].get("refused") == ids.R_BUSY):
            said.append(who.ask("update")[0])
        assert said[-1].get("state") == "downloading", said
        assert who.last("who")["heap_free"] > before - 512

    def test_it_does_not_restart_under_their_hands_and_does_when_they_left(self, oven: Service) -> None:
        who = technician(oven)
        who.enter()
        until = oven.world.now_s + 240
        while oven.world.now_s < until:  # a word a minute
            assert who.last("clear all")["done"] == 1, "the grant holds, so nothing restarted"
            stop = oven.world.now_s + 60
            oven.run(lambda stop=stop: oven.world.now_s >= stop)  # type: ignore[misc]
        assert oven.waits[-1] == "Update 1.1.0 waits until the technician has finished"
        who.last("bye")
        oven.run(oven.reached("on trial"))

    def test_whoever_only_forgot_to_leave_holds_it_up_for_two_minutes(self, oven: Service) -> None:
        who = technician(oven)
        who.enter()
        assert who.last("clear all")["done"] == 1
        began = oven.world.now_s
        oven.run(oven.reached("on trial"))
        assert 120 <= oven.world.now_s - began < 200


REFUSALS = {
    "another board's": ("model", ids.R_CLASS, "for another board"),
    "signed by nobody it knows": ("stranger", ids.R_SIGNATURE, "signature does not fit"),
    "changed on the way": ("changed", ids.R_DIGEST, "content is damaged"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused_is_told_with_its_number_and_in_words(
    maker: Maker, oven: Service, newer: Any, tmp_path: Path, case: str
) -> None:
    how, reason, words = REFUSALS[case]
    release = newer
    if how == "model":
        release = maker.release(maker.board("washer"), "3.0.0")
    elif how == "stranger":
        other = Maker(tmp_path)
        release = other.release(other.board(change=lambda text: text.replace(*FASTER)), "1.1.0")
    oven.offer(release)
    if how == "changed":
        name = next(iter(oven.stock))
        oven.stock[name] = oven.stock[name][:-1] + bytes([oven.stock[name][-1] ^ 1])
    oven.run(oven.reached("refused"))
    assert oven.last["reason"] == reason
    assert words in oven.last["why"]
    oven.world.step()
    assert f"({reason})" in oven.world.state.display
    oven.world.say("update")
    said = [event.data for event in oven.world.events if event.kind == "said"][-1]
    assert (said["state"], said["reason"]) == ("refused", reason)
