"""The washer: its world loses no litre and no joule, its monitors tell its faults apart and are silent when sound."""

import random
from pathlib import Path

import machine
import pytest
from bake import Kitchen
from trivet import boards

BOARD = boards.load("washer")
PHYSICS = boards.plant(BOARD)
QUICK = ("heater_open", "ntc_drift", "level_unplugged", "motor_dead", "belt_off", "brushes_worn", "lock_dead", "leak")
IDLE = [0] * 8


def random_levels(dice: random.Random) -> list[int]:
    speed = dice.choice([0, 50, -50, 90, 400, 1200])
    return [dice.randrange(2), speed, *(dice.randrange(2) for _ in range(4)), 0, 0]


@pytest.mark.parametrize("fault", [None, "valve_leaking", "leak", "heater_welded", "belt_off", "drain_slow"])
def test_water_and_energy_balance(fault: str | None) -> None:
    plant = machine.balances("washer", fault, random_levels)
    assert plant.account.came > 10
    assert plant.account.drained > 5
    assert (plant.account.leaked > 0) == (fault == "leak")


def run(plant: PHYSICS.Plant, seconds: float, *levels: int) -> PHYSICS.Plant:  # type: ignore[name-defined]
    for _ in range(int(seconds * 2)):
        plant.step(0.5, [*levels, *IDLE[len(levels) :]])
    return plant


def test_laundry_drinks_and_gives_it_back_when_it_is_spun() -> None:
    plant = run(PHYSICS.Plant(1, {"noise": 0.0, "load_kg": 5.0}), 120, 1)
    run(plant, 600, 0, 50)
    assert plant.held == pytest.approx(10, rel=0.35), "litres, two a kilogram at most"
    run(plant, 300, 0, 1200, 1)
    assert plant.held == pytest.approx(5 * 0.55, rel=0.1)
    assert plant.free < 0.5


def test_the_drum_follows_and_the_motor_works_harder_with_wet_laundry() -> None:
    light = run(PHYSICS.Plant(1, {"noise": 0.0, "load_kg": 1.0}), 20, 0, 50)
    heavy = run(run(PHYSICS.Plant(1, {"noise": 0.0, "load_kg": 8.0}), 200, 1), 20, 0, 50)
    assert light.drum_rpm == heavy.drum_rpm == 50
    assert heavy.motor_amps > light.motor_amps + 0.3


def test_finer_steps_give_the_same_wash() -> None:
    coarse, fine = (PHYSICS.Plant(1, {"noise": 0.0}) for _ in range(2))
    run(coarse, 100, 1)
    run(coarse, 600, 0, 50, 0, 1, 1)
    for levels, ticks in (([1, *IDLE[1:]], 1000), ([0, 50, 0, 1, 1, 0, 0, 0], 6000)):
        for _ in range(ticks):
            fine.step(0.1, levels)
    assert coarse.free + coarse.held == pytest.approx(fine.free + fine.held, abs=0.1)
    assert coarse.water == pytest.approx(fine.water, abs=0.5)


def test_files_are_complete() -> None:
    machine.readings_fit("washer")
    machine.says_what_it_is("washer")
    machine.fits_the_flash("washer")


def test_unknown_faults_and_settings_are_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="heater_open"):
        PHYSICS.Plant(1).inject("heater")
    with pytest.raises(KeyError, match="mains_v"):
        PHYSICS.Plant(1, {"mains": 230.0})


@pytest.mark.parametrize(("program", "mains_v", "load_kg"), [(3, 207.0, 7.0), (4, 253.0, 1.0)])
def test_a_sound_wash_has_no_code_at_all(program: int, mains_v: float, load_kg: float) -> None:
    kitchen = Kitchen("washer", program, {"program": program, "mains_v": mains_v, "load_kg": load_kg})
    kitchen.run(2600 if program == 3 else 1500)
    assert kitchen.seen.failed == {}
    assert kitchen.seen.inhibited == set()
    assert kitchen.manager.state.cycles == 1
    assert not kitchen.tick.in_cycle, "it ends by itself"
    assert kitchen.plant.locked < 0.95, "and the door opens"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_healthy_in_any_house(seed: int) -> None:
    dice = random.Random(seed)
    settings = {
        "mains_v": dice.uniform(207, 253),
        "ambient_c": dice.uniform(10, 33),
        "inlet_c": dice.uniform(5, 24),
        "pressure_bar": dice.uniform(0.8, 8),
        "load_kg": dice.uniform(0.2, 8),
        "program": dice.choice([1, 2, 3, 4]),
        "noise": dice.choice([0, 1, 1.5]),
    }
    assert machine.cycle("washer", seed, until_s=5600, **settings).failed == {}, settings


@pytest.mark.parametrize("fault", QUICK)
def test_each_fault_gives_its_code_and_no_wrong_one(fault: str) -> None:
    machine.gives_its_code_alone("washer", fault, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("fault", PHYSICS.FAULTS)
def test_each_fault_gives_its_code_with_any_seed(fault: str, seed: int) -> None:
    machine.gives_its_code_alone("washer", fault, seed)


def test_worn_brushes_leave_washing_but_no_spinning() -> None:
    kitchen = Kitchen("washer", 1, {"program": 4.0})
    kitchen.run(500)
    kitchen.plant.inject("brushes_worn")
    fastest = 0.0
    while kitchen.now_ms < 1_400_000:
        kitchen.step()
        fastest = max(fastest, kitchen.plant.drum_rpm)
    assert kitchen.seen.inhibited == {"spin"}
    assert fastest < 100
    assert not kitchen.tick.in_cycle


def test_a_heap_that_does_not_spread_is_never_spun_fast() -> None:
    kitchen = Kitchen("washer", 2, {"program": 4.0, "duvet": 1.0})
    fastest = 0.0
    while kitchen.now_ms < 1_800_000:
        kitchen.step()
        fastest = max(fastest, kitchen.plant.drum_rpm)
    assert set(kitchen.seen.confirmed) == {"unbalance"}
    assert fastest <= 400


def test_the_door_stays_locked_while_water_stands_in_it() -> None:
    kitchen = Kitchen("washer", 1, {"off_s": 700.0})
    kitchen.run(690)
    assert kitchen.plant.truth()["level"] > 40
    kitchen.run(1200)
    assert kitchen.plant.locked == 1


@pytest.mark.parametrize("fault", ["brushes_worn", "drain_jammed"])
def test_the_tick_in_micropython_allocates_nothing_and_is_the_same(fault: str, tmp_path: Path) -> None:
    machine.is_the_same_in_micropython("washer", fault, tmp_path)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_leaves_the_small_integers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.stays_within_small_integers("washer", seed, monkeypatch)
