"""The dishwasher: its world loses no litre and no joule, its monitors tell its faults apart, and else are silent."""

import random
from pathlib import Path

import machine
import pytest
from appliance.sense.monitors.balance import Balance
from bake import Kitchen
from trivet import boards
from trivet_wire.ids import NOT_RUN, PREFAILED, PREPASSED, VALID

BOARD = boards.load("dishwasher")
PHYSICS = boards.plant(BOARD)
QUICK = ("heater_open", "ntc_short", "level_lies", "flow_dead", "tap_closed", "pump_dead", "drain_jammed", "leak")
VALVE, CIRCULATE, HEAT = [1, 0, 0, 0, 0, 0, 2], [0, 1, 0, 0, 0, 0, 3], [0, 1, 0, 1, 1, 0, 4]


def random_levels(dice: random.Random) -> list[int]:
    return [dice.randrange(2) for _ in range(6)] + [0]


@pytest.mark.parametrize("fault", [None, "valve_leaking", "leak", "heater_welded", "filter_blocked", "drain_slow"])
def test_water_and_energy_balance(fault: str | None) -> None:
    plant = machine.balances("dishwasher", fault, random_levels)
    assert plant.account.came > 1
    assert plant.account.drained > 1
    assert (plant.account.leaked > 0) == (fault == "leak")


def filled(seconds: float, **settings: float) -> PHYSICS.Plant:  # type: ignore[name-defined]
    plant = PHYSICS.Plant(1, {"noise": 0.0, **settings})
    for _ in range(int(seconds * 2)):
        plant.step(0.5, VALVE)
    return plant


def test_four_litres_come_in_eighty_seconds_and_stand_in_the_sump() -> None:
    plant = filled(80)
    assert plant.volume == pytest.approx(4.1, abs=0.1)
    assert plant.truth()["level"] == pytest.approx(plant.volume * 16)
    for _ in range(40):
        plant.step(0.5, CIRCULATE)
    assert plant.truth()["level"] == pytest.approx((plant.volume - 1) * 16, abs=0.5), "a litre is in the spray arms"


def test_two_kilowatts_heat_what_they_can() -> None:
    plant = filled(80, load_kg=9.0)
    for _ in range(1200):
        plant.step(0.5, HEAT)
    assert plant.heater_amps * plant.volts == pytest.approx(1950, rel=0.06)
    held = plant.volume * 4186 + 9 * 800 + 6000
    assert plant.water - 14 == pytest.approx(600 * 1950 / held, rel=0.2)


def test_finer_steps_give_the_same_wash() -> None:
    coarse, fine = filled(80), PHYSICS.Plant(1, {"noise": 0.0})
    for _ in range(800):
        fine.step(0.1, VALVE)
    for _ in range(600):
        coarse.step(0.5, HEAT)
        for _ in range(5):
            fine.step(0.1, HEAT)
    assert coarse.volume == pytest.approx(fine.volume, abs=0.05)
    assert coarse.water == pytest.approx(fine.water, abs=0.5)


def test_files_are_complete() -> None:
    machine.readings_fit("dishwasher")
    machine.says_what_it_is("dishwasher")
    machine.fits_the_flash("dishwasher")


def test_unknown_faults_and_settings_are_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="heater_open"):
        PHYSICS.Plant(1).inject("heater")
    with pytest.raises(KeyError, match="mains_v"):
        PHYSICS.Plant(1, {"mains": 230.0})


@pytest.mark.parametrize(("program", "mains_v"), [(1, 207.0), (3, 253.0)])
def test_a_sound_wash_has_no_code_at_all(program: int, mains_v: float) -> None:
    kitchen = Kitchen("dishwasher", program, {"program": program, "mains_v": mains_v, "peeks": 2})
    kitchen.run(4300 if program == 1 else 2200)
    assert kitchen.seen.failed == {}
    assert kitchen.seen.inhibited == set()
    assert kitchen.manager.state.cycles == 1
    assert not kitchen.tick.in_cycle, "it ends by itself"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_healthy_in_any_kitchen(seed: int) -> None:
    dice = random.Random(seed)
    settings = {
        "mains_v": dice.uniform(207, 253),
        "ambient_c": dice.uniform(12, 33),
        "inlet_c": dice.uniform(5, 24),
        "pressure_bar": dice.uniform(0.8, 8),
        "load_kg": dice.uniform(0, 14),
        "soil": dice.uniform(0, 2),
        "peeks": dice.choice([0, 1, 3]),
        "door_s": dice.choice([5, 25, 120]),
        "program": dice.choice([1, 2, 3]),
        "noise": dice.choice([0, 1, 1.5]),
    }
    assert machine.cycle("dishwasher", seed, **settings).failed == {}, settings


@pytest.mark.parametrize("fault", QUICK)
def test_each_fault_gives_its_code_and_no_wrong_one(fault: str) -> None:
    machine.gives_its_code_alone("dishwasher", fault, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("fault", PHYSICS.FAULTS)
def test_each_fault_gives_its_code_with_any_seed(fault: str, seed: int) -> None:
    machine.gives_its_code_alone("dishwasher", fault, seed)


def test_without_a_level_it_takes_no_water_and_gets_rid_of_what_it_has() -> None:
    kitchen = Kitchen("dishwasher", 1)
    kitchen.run(50)
    kitchen.plant.inject("level_lies")
    most = 0.0
    while kitchen.now_ms < 600_000:
        kitchen.step()
        most = max(most, kitchen.plant.volume)
    assert most < 6, "litres: it never runs over"
    assert kitchen.plant.volume < 0.5
    assert kitchen.levels[BOARD.output("inlet_valve")] == 0


def test_it_washes_on_cold_when_the_heater_is_open() -> None:
    kitchen = Kitchen("dishwasher", 1, {"program": 3})
    kitchen.run(400)
    kitchen.plant.inject("heater_open")
    kitchen.run(2400)
    assert "heater_open" in kitchen.seen.confirmed
    assert kitchen.plant.account.came > 7, "litres: the second water too"
    assert not kitchen.tick.in_cycle


def test_a_valve_that_leaks_never_floods() -> None:
    kitchen = Kitchen("dishwasher", 1, {"off_s": 900.0})
    kitchen.run(300)
    kitchen.plant.inject("valve_leaking")
    most = 0.0
    while kitchen.now_ms < 2_400_000:
        kitchen.step()
        most = max(most, kitchen.plant.volume)
    assert most < 6.5


@pytest.mark.parametrize(("mains_v", "program", "inlet_c"), [(212.0, 2.0, 6.0), (248.0, 3.0, 22.0)])
def test_another_day_with_another_mains_is_no_wear(mains_v: float, program: float, inlet_c: float) -> None:
    """The pump's normal is learned in the first wash; the second one finds it in another home."""
    kitchen = Kitchen("dishwasher", 2)
    kitchen.run(4600)
    [pump] = kitchen.monitors.learners
    assert len(pump.learned()) > 0
    kitchen.plant.set |= {"mains_v": mains_v, "program": program, "inlet_c": inlet_c, "start_s": 4700, "off_s": 9200}
    kitchen.run(9200)
    assert not kitchen.seen.failed


@pytest.mark.parametrize("fault", ["level_lies", "heater_open", "drain_blocked"])
def test_the_tick_in_micropython_allocates_nothing_and_is_the_same(fault: str, tmp_path: Path) -> None:
    machine.is_the_same_in_micropython("dishwasher", fault, tmp_path)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_leaves_the_small_integers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.stays_within_small_integers("dishwasher", seed, monkeypatch)


def verdicts(flows: list[int], levels: list[int]) -> list[int]:
    """A litre a minute for two ticks adds ten to the level; the first tick only takes the level."""
    balance = Balance(machine.ints(0, 1, 10, 2, 1, -8, 8, 15, 40))
    return [
        balance.check(machine.ints(level, flow), bytearray([VALID, VALID]))
        for flow, level in zip(flows, levels, strict=True)
    ]


def test_balance_passes_when_the_level_rises_by_what_the_flow_brought() -> None:
    said = verdicts([2] * 8, [0, 10, 20, 30, 40, 50, 60, 70])
    assert said == [NOT_RUN, NOT_RUN, *[PREPASSED] * 6]


def test_balance_says_nothing_while_neither_moves() -> None:
    assert verdicts([0] * 8, [5] * 8) == [NOT_RUN] * 8


def test_balance_finds_a_level_that_does_not_follow_and_a_flow_that_is_not_counted() -> None:
    assert verdicts([2] * 5, [5] * 5)[2:] == [PREFAILED] * 3
    assert verdicts([0] * 5, [0, 10, 20, 30, 40])[2:] == [PREFAILED] * 3


def test_balance_counts_anew_after_a_pause() -> None:
    balance = Balance(machine.ints(0, 1, 10, 2, 1, -8, 8, 15, 40))
    valid = bytearray([VALID, VALID])
    for level in (0, 0, 0):
        balance.check(machine.ints(level, 2), valid)
    assert balance.rest(machine.ints(0, 2), True) == NOT_RUN
    assert balance.check(machine.ints(0, 2), valid) == NOT_RUN
