"""What holds of every machine that washes: balance of water and heat, readings, faults, codes, the chip's limits.

Takes a board's name; raises AssertionError. The tests of each machine call these with their own figures.
"""

import itertools
import random
import struct
import sys
from array import array
from pathlib import Path
from typing import Any

import upy
from bake import Kitchen, Seen, loaded
from trivet import boards

DEVICE = Path(__file__).parent.parent / "device"


def cycle(name: str, seed: int = 1, fault: str | None = None, until_s: float = 4800, **settings: float) -> Seen:
    """One programme; a fault breaks at its own time and is watched to its own end."""
    kitchen = Kitchen(name, seed, settings)
    if fault is not None:
        known = boards.plant(kitchen.model).FAULTS[fault]
        kitchen.run(known.at_s)
        kitchen.plant.inject(fault)
        until_s = known.until_s
    kitchen.run(until_s)
    return kitchen.seen


def gives_its_code_alone(name: str, fault: str, seed: int) -> None:
    """The right code confirmed in time, no other; only known symptoms pending; what is switched off is what must be."""
    board = boards.load(name)
    known = boards.plant(board).FAULTS[fault]
    seen = cycle(name, seed, fault, mains_v=random.Random(seed).uniform(207, 253))
    assert set(seen.confirmed) == set(known.expected_events)
    assert set(seen.failed) <= set(known.expected_events) | set(known.symptoms)
    event = known.expected_events[0]
    assert known.at_s <= seen.confirmed[event] <= known.until_s
    assert seen.inhibited == {one.name for one in board.functions if board.event(event) in dict(one.inhibited_by)}


def balances(name: str, fault: str | None, levels_of: Any) -> Any:
    """Water and heat, with whatever is broken and outputs at random; gives the plant."""
    physics = boards.plant(boards.load(name))
    plant: Any = physics.Plant(3, {"start_s": 10})
    dice = random.Random(5)
    levels = levels_of(dice)
    for tick in range(2400):
        if tick == 400 and fault:
            plant.inject(fault)
        if tick % 40 == 0:
            levels = levels_of(dice)
        plant.step(0.5, levels)
    account = plant.account
    assert abs(plant.water_gap()) < 1e-9 * max(1.0, account.came)
    assert abs(plant.imbalance()) < 1e-6 * max(1e5, account.electric + account.inflow)
    return plant


def readings_fit(name: str) -> None:
    board = boards.load(name)
    plant = boards.plant(board).Plant(1, {})
    for _ in range(200):
        plant.step(0.5, [1] * len(board.outputs))
    readings = plant.inputs()
    assert len(readings) == len(board.inputs)
    for signal in board.signals:
        assert signal.points[0][0] - 1 <= readings[signal.input] <= max(4095, signal.points[-1][0]), signal.name


def says_what_it_is(name: str) -> None:
    """Faults, settings and codes are complete, in both languages."""
    board = boards.load(name)
    physics = boards.plant(board)
    assert len(board.codes) >= 25
    assert len(physics.FAULTS) >= 10
    for fault, known in physics.FAULTS.items():
        assert known.text, fault
        assert 0 < known.at_s < known.until_s, fault
        for event in (*known.expected_events, *known.symptoms):
            board.event(event)
    for setting, (default, _, text) in physics.SETTINGS.items():
        assert isinstance(default, float), setting
        assert text, setting
    for code in board.codes:
        assert len(code.causes) >= 2, code.event
        assert code.text["en"]["title"] != code.text["de"]["title"], code.event
        assert len(code.technician["en"]) == len(code.technician["de"]), code.event
    for monitor in board.monitors:
        if monitor.judges >= 0:
            assert any(cause.kind == "sensor" for cause in board.codes[monitor.event].causes), "a sensor that lies"


def fits_the_flash(name: str) -> None:
    text = (boards.load(name).folder / "partitions.csv").read_text()
    rows = [[field.strip() for field in line.split(",")] for line in text.splitlines() if line and line[0] != "#"]
    spans = sorted((int(row[3], 0), int(row[3], 0) + int(row[4], 0), row[0]) for row in rows)
    for (_, end, before), (start, _, following) in itertools.pairwise(spans):
        assert end <= start, f"{before} runs into {following}"
    assert spans[-1][1] <= 4 << 20
    assert {"journal", "romfs", "ota_0", "ota_1", "vfs"} <= {span[2] for span in spans}


def is_the_same_in_micropython(name: str, fault: str, folder: Path) -> None:
    """The tick allocates nothing there and drives every output as here, from the first to the last tick of a fault."""
    model, packed, _ = loaded(name)
    known = boards.plant(model).FAULTS[fault]
    kitchen = Kitchen(name, 3)
    readings, levels = bytearray(), bytearray()
    while kitchen.now_ms < known.until_s * 1000:
        if kitchen.now_ms == known.at_s * 1000:
            kitchen.plant.inject(fault)
        kitchen.step()
        readings += struct.pack(f"<{len(kitchen.raw)}i", *kitchen.raw)
        levels += kitchen.levels.tobytes()
    for file, data in {"readings": bytes(readings), "levels": bytes(levels), **packed}.items():
        (folder / file).write_bytes(data)
    given = [str(folder / file) for file in ("board.cbor", "catalogue.bin", "readings", "levels")]
    done = upy.run_micropython(
        DEVICE / "sense_drive.py", *given, heapsize="1m", paths=[DEVICE, model.folder], timeout=200
    )
    lines = done.stdout.decode().splitlines()
    assert lines[-1] == "same", lines
    there, here = bytes.fromhex(lines[-2].split()[1]), bytes(kitchen.manager.status)
    judged = [monitor.event for monitor in model.monitors]
    assert [there[event] for event in judged] == [here[event] for event in judged]


def stays_within_small_integers(name: str, seed: int, monkeypatch: Any) -> None:
    """Monitors and control program over readings that jump between the extremes of every input."""
    sys.path.insert(0, str(DEVICE))
    from appliance.sense import board as board_module
    from appliance.sense import conditions, signals
    from appliance.sense.board import Board
    from appliance.sense.monitors import Monitors, crosscheck, rate
    from test_sense_bounds import EXTREMES, Cells, Checked  # type: ignore[import-not-found]

    for module in (board_module, conditions, signals, crosscheck, rate):
        monkeypatch.setattr(module, "array", Cells)
    board = Board(loaded(name)[1]["board.cbor"])
    sense, monitors = signals.Signals(board), Monitors(board, bytearray(board.n_events))
    control = loaded(name)[2].Application(board)
    dice = random.Random(seed)
    raw, left = Cells("i", [0] * board.n_inputs), [0] * board.n_inputs
    levels = Cells("h", board.safe)

    class Allowed:
        def allowed(self, function: int) -> bool:
            return dice.random() < 0.999

    for tick in range(2000):
        for at in range(len(raw)):
            if left[at] == 0:
                raw[at] = dice.choice(EXTREMES) if seed % 2 else dice.randrange(0, 4096)
                left[at] = dice.choice([1, 30, 400, 1500])
            left[at] -= 1
        raw[board.n_inputs - 1] = 1 if tick % 1000 else 0
        now = Checked(tick * board.tick_ms)
        sense.convert(raw, now)
        monitors.run(now, sense.values, sense.validity, lambda event, verdict, now: None)
        control.tick(now, sense.values, sense.validity, Allowed(), levels)
        sense.follow(levels)


def ints(*values: int) -> "array[int]":
    return array("h", values)
