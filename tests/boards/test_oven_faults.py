"""The oven's monitors tell its faults apart, and say nothing of a sound bake."""

import random
from array import array

import pytest
from bake import Kitchen, bake, loaded
from trivet import boards

BOARD = boards.load("oven")
FAULTS = boards.plant(BOARD).FAULTS


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_healthy_bake_has_no_code_at_all(seed: int) -> None:
    """Not even a pending one, with mains anywhere the standard allows."""
    mains = 207 + (253 - 207) * (seed - 1) / 7
    seen = bake(seed, mains_v=mains)
    assert seen.failed == {}
    assert seen.inhibited == set()


@pytest.mark.parametrize("seed", range(20, 26))
def test_healthy_in_any_kitchen(seed: int) -> None:
    """Any programme, temperature, food, room and person."""
    dice = random.Random(seed)
    settings = {
        "mains_v": dice.uniform(207, 253),
        "ambient_c": dice.uniform(10, 35),
        "program": dice.choice([1.0, 2.0, 3.0, 4.0, 5.0]),
        "target_c": dice.choice([100.0, 150.0, 200.0, 250.0, 300.0]),
        "load_kg": dice.uniform(0.1, 3.5),
        "load_s": dice.choice([0.0, 70.0, 400.0, 1500.0]),
        "bake_s": dice.choice([600.0, 1200.0]),
        "door_s": dice.choice([10.0, 40.0, 90.0]),
        "peeks": dice.choice([0.0, 2.0, 6.0]),
        "probe_in_food": dice.choice([0.0, 0.0, 1.0]),
        "noise": dice.choice([0.0, 1.0, 2.0]),
    }
    assert bake(seed, until_s=2400, **settings).failed == {}, settings


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_gives_its_code_and_no_wrong_one(fault: str, seed: int) -> None:
    seen = bake(seed, fault)
    known = FAULTS[fault]
    assert set(seen.confirmed) == set(known.expected_events)
    assert set(seen.failed) <= set(known.expected_events) | set(known.symptoms)
    event = known.expected_events[0]
    assert known.at_s <= seen.confirmed[event] <= known.until_s
    inhibits = {one.name for one in BOARD.functions if BOARD.event(event) in dict(one.inhibited_by)}
    assert seen.inhibited == inhibits


@pytest.mark.parametrize("at_s", [70, 300, 1200])
@pytest.mark.parametrize("fault", ["element_bottom_open", "ntc_stuck", "mains_low"])
def test_a_fault_may_come_at_any_time_of_the_bake(fault: str, at_s: int) -> None:
    seen = bake(4, fault, at_s=at_s, until_s=at_s + 400)
    assert set(seen.confirmed) == set(FAULTS[fault].expected_events)


def test_only_what_needs_the_element_is_switched_off() -> None:
    kitchen = Kitchen("oven", 1)
    kitchen.run(600)
    kitchen.plant.inject("element_top_open")
    kitchen.run(800)
    main, top, bottom, fan, _ = kitchen.levels
    assert (main, top, bottom, fan) == (1, 0, 1, 1)


def test_a_lying_sensor_stops_all_heating() -> None:
    kitchen = Kitchen("oven", 1)
    kitchen.run(1200)
    kitchen.plant.inject("ntc_drift")
    kitchen.run(2000)
    assert "ntc_drift" in kitchen.seen.confirmed
    assert list(kitchen.levels)[:3] == [0, 0, 0]
    assert kitchen.plant.temps[0] < 345, "the true temperature"


def test_a_doubted_sensor_silences_what_depends_on_it() -> None:
    """Reading far too low, a stuck or drifting sensor would look like an oven that does not heat."""
    kitchen = Kitchen("oven", 2)
    kitchen.run(700)
    kitchen.plant.inject("ntc_open")
    kitchen.run(1500)
    assert set(kitchen.seen.failed) == {"ntc_open"}


def test_relays_that_switched_as_often_as_they_are_made_for_are_told_and_baking_goes_on() -> None:
    kitchen = Kitchen("oven", 3)
    [monitor] = kitchen.monitors.learners
    kitchen.run(120)
    assert monitor.learned()[0] > 0
    limit = next(one.params[1] for one in BOARD.monitors if one.kind == "lifetime")
    monitor.adopt(array("i", [limit - 3]))
    kitchen.run(600)
    assert set(kitchen.seen.confirmed) == {"relays_worn"}
    assert kitchen.seen.inhibited == set()
    assert kitchen.levels[0] == 1


def test_all_programmes_reach_and_hold_their_temperature() -> None:
    for program, target in ((1, 200), (2, 180), (3, 300), (4, 220), (5, 150)):
        kitchen = Kitchen("oven", 5, {"program": program, "target_c": target, "load_s": 0})
        kitchen.run(1800)
        readings = []
        while kitchen.now_ms < 2_100_000:
            kitchen.step()
            readings.append(kitchen.signals.values[0] / 10)
        assert max(readings) - min(readings) < 12, program
        assert sum(readings) / len(readings) == pytest.approx(target, abs=6), program


def test_the_board_comes_from_the_same_files_as_the_appliance() -> None:
    assert loaded("oven")[0].codes == BOARD.codes
