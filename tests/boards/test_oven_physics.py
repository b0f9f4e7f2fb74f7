"""The oven's world obeys physics: no joule is lost, heat flows downhill, the numbers are those of a real oven."""

import itertools
import random
from array import array
from pathlib import Path

import pytest
from trivet import boards

BOARD = boards.load("oven")
PHYSICS = boards.plant(BOARD)
FULL = array("h", [1, 1, 1, 1, 1])
OFF = array("h", [0, 0, 0, 0, 0])


def heated(seconds: float, seed: int = 1, fault: str | None = None, **settings: float) -> PHYSICS.Plant:  # type: ignore[name-defined]
    plant = PHYSICS.Plant(seed, settings)
    if fault:
        plant.inject(fault)
    for _ in range(int(seconds / 0.5)):
        plant.step(0.5, FULL)
    return plant


@pytest.mark.parametrize("fault", [None, *PHYSICS.FAULTS])
def test_energy_balances(fault: str | None) -> None:
    """Also with food going in and out, the door opening, and whatever is broken; outputs at random."""
    plant = PHYSICS.Plant(3, {"start_s": 10, "load_s": 300, "bake_s": 400, "peeks": 5, "off_s": 1200, "load_kg": 2})
    dice = random.Random(5)
    levels = array("h", [1, 1, 1, 1, 1])
    for tick in range(2400):
        if tick == 400 and fault:
            plant.inject(fault)
        if tick % 40 == 0:
            levels = array("h", [1, *(dice.randrange(2) for _ in range(4))])
        plant.step(0.5, levels)
    assert plant.account.electric > 200_000
    assert plant.account.food != 0
    assert plant.account.door > 0
    assert abs(plant.imbalance()) < 1e-6 * plant.account.electric


def test_the_account_is_not_just_the_stored_heat() -> None:
    """Summed by hand from the meter: what the elements take is what the current and voltage say."""
    plant = PHYSICS.Plant(1, {"load_s": 0})
    meter = 0.0
    for _ in range(600):
        plant.step(0.5, FULL)
        meter += plant.volts * sum(plant.amps) * 0.5
    fan_and_lamp = plant.account.electric - meter
    assert 0.9 * 300 * (12 + 25) < fan_and_lamp <= 300 * (12 + 25) + 1


def test_a_cold_oven_stays_at_room_temperature() -> None:
    plant = PHYSICS.Plant(1, {"noise": 0, "ambient_c": 21, "load_s": 0})
    for _ in range(7200):
        plant.step(0.5, OFF)
    assert plant.temps[:5] == pytest.approx([21] * 5, abs=0.01)


def test_heat_flows_only_downhill_when_all_is_off() -> None:
    plant = heated(600)
    before = max(plant.temps)
    for _ in range(2000):
        plant.step(0.5, OFF)
        assert max(plant.temps) <= before + 1e-9
        before = max(plant.temps)


def test_it_is_as_powerful_and_as_leaky_as_an_oven() -> None:
    hot = next(at for at in itertools.count(300, 30) if heated(at, noise=0, load_s=0).temps[0] > 250)
    assert 480 <= hot <= 900, "seconds to 250 °C"
    plant = heated(600, noise=0)
    assert sum(plant.amps) * plant.volts == pytest.approx(2600, rel=0.06)


def test_finer_steps_give_the_same_bake() -> None:
    """The step of the tick is fine enough: a tenth of it changes little."""
    coarse = heated(900, noise=0, load_s=0)
    fine = PHYSICS.Plant(1, {"noise": 0, "load_s": 0})
    for _ in range(9000):
        fine.step(0.1, FULL)
    assert coarse.temps[0] == pytest.approx(fine.temps[0], abs=0.5)


def test_same_seed_same_bake_and_another_seed_another() -> None:
    def readings(seed: int) -> list[int]:
        return heated(60, seed).inputs()

    assert readings(1) == readings(1)
    assert readings(1) != readings(2)


def test_readings_stand_in_the_order_of_the_board_and_fit_its_converter() -> None:
    readings = heated(120).inputs()
    assert len(readings) == len(BOARD.inputs)
    for signal in BOARD.signals:
        assert signal.points[0][0] - 1 <= readings[signal.input] <= max(4095, signal.points[-1][0])


def test_faults_and_settings_say_what_they_are() -> None:
    for name, fault in PHYSICS.FAULTS.items():
        assert fault.text, name
        assert 0 < fault.at_s < fault.until_s
        assert fault.expected_events
        for event in (*fault.expected_events, *fault.symptoms):
            BOARD.event(event)
    for name, (default, _, text) in PHYSICS.SETTINGS.items():
        assert isinstance(default, float), name
        assert text, name


def test_unknown_faults_and_settings_are_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="element_top_open"):
        PHYSICS.Plant(1).inject("element_top")
    with pytest.raises(KeyError, match="mains_v"):
        PHYSICS.Plant(1, {"mains": 230.0})


def test_partitions_fit_the_flash_and_do_not_overlap() -> None:
    rows = [
        [field.strip() for field in line.split(",")]
        for line in Path(BOARD.folder / "partitions.csv").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    spans = sorted((int(row[3], 0), int(row[3], 0) + int(row[4], 0), row[0]) for row in rows)
    for (_, end, name), (start, _, following) in itertools.pairwise(spans):
        assert end <= start, f"{name} runs into {following}"
    assert spans[-1][1] <= 4 << 20
    assert all(start % 0x10000 == 0 for row, (start, _, _) in zip(rows, spans, strict=True) if row[1] == "app")
    assert {"journal", "ledger", "romfs", "ota_0", "ota_1", "vfs"} <= {name for _, _, name in spans}
