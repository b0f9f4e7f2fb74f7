"""The world of My kettle: water, heat, mains, sensors with noise, and the person who boils.

Lets the firmware run without a kettle: takes the levels of the outputs, gives readings in the order of board.toml.
Temperatures in °C, power in W, time in s. Knows nothing of the firmware.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from trivet.boards.convert import ntc_reading
from trivet.boards.physics import Fault

# What `trivet sim my-kettle --set KEY=VALUE` changes: default, unit, what it is
SETTINGS: dict[str, tuple[float, str, str]] = {
    "mains_v": (230.0, "V", "mains voltage at the socket"),
    "ambient_c": (21.0, "°C", "the kitchen's temperature"),
    "litres": (1.0, "l", "water in the kettle"),
    "target_c": (95.0, "°C", "chosen temperature"),
    "start_s": (20.0, "s", "when the person switches on"),
    "off_s": (400.0, "s", "when the person switches off"),
    "noise": (1.0, "", "noise of sensors; 0 is none"),
}

# What can break: text, the event that must find it, when it breaks, when it is found at the latest (seconds).
# After `symptoms` stand events that may fail beside it, as witnesses. `cause`: which of its code's causes it is;
# `lies`: the signal that reads wrong because of it. `tools/bench ranking` holds the desk's first guess against them.
FAULTS: dict[str, Fault] = {
    "heater_open": Fault("heater burnt through", ("heater_open",), 60, 120, cause="heater"),
    "relay_welded": Fault("contact of the heater's relay welded", ("relay_welded",), 60, 300, cause="relay"),
    "boil_dry": Fault("all water gone", ("boil_dry",), 60, 180, cause="no_water"),
    "ntc_open": Fault("temperature sensor broken or unplugged", ("ntc_open",), 60, 120, cause="ntc", lies="water_temp"),
    "ntc_short": Fault("temperature sensor shorted", ("ntc_short",), 60, 120, cause="ntc", lies="water_temp"),
    "mains_low": Fault("mains at 178 V", ("mains_low",), 60, 120, cause="mains"),
}

HEATER_OHM = 230.0**2 / 2200.0
FLOOR_HEAT, WATER_HEAT = 300.0, 4186.0  # J/K, J/(kg K)
TO_ROOM = 1.5  # W/K
SENSOR_LAG_S = 3.0
CUTOUT_C = 160.0  # the thermal cut-out in hardware: safety is not the firmware's


class Plant:
    """One kettle and its kitchen. Same seed and settings, same boil."""

    def __init__(self, seed: int, settings: Mapping[str, float]) -> None:
        self.set = {name: default for name, (default, _, _) in SETTINGS.items()} | dict(settings)
        self.random = random.Random(seed)
        self.now = 0.0
        self.faults: set[str] = set()
        self.water = self.sensor = self.set["ambient_c"]
        self.volts = self.set["mains_v"]
        self.amps = 0.0
        self.closed = False  # the relay's contact

    def inject(self, fault: str) -> None:
        """Break something now."""
        if fault not in FAULTS:
            raise KeyError(f"no such fault: {fault}; there are {', '.join(FAULTS)}")
        self.faults.add(fault)

    def step(self, dt_s: float, outputs: Sequence[int]) -> None:
        """Let `dt_s` pass with the outputs at these levels."""
        self.now += dt_s
        self.volts = 178.0 if "mains_low" in self.faults else self.set["mains_v"]
        self.closed = bool(outputs[0]) or (self.closed and "relay_welded" in self.faults)
        whole = "heater_open" not in self.faults and self.water < CUTOUT_C
        self.amps = self.volts / HEATER_OHM if self.closed and whole else 0.0
        litres = 0.0 if "boil_dry" in self.faults else self.set["litres"]
        heat = self.amps * self.volts - TO_ROOM * (self.water - self.set["ambient_c"])
        self.water += heat * dt_s / (FLOOR_HEAT + litres * WATER_HEAT)
        if litres:
            self.water = min(self.water, 100.0)  # what is more leaves as steam
        self.sensor += (self.water - self.sensor) * min(1.0, dt_s / SENSOR_LAG_S)

    def inputs(self) -> list[int]:
        """Readings in the order of board.toml; -2**31 where an input is silent."""
        on = self.set["start_s"] <= self.now < self.set["off_s"]
        return [
            self._adc_water(),
            self._adc(self.volts / 0.08, 2.0),
            self._adc(self.amps / 0.005, 2.0),
            1,  # on its base
            0,  # lid closed
            int(self.set["target_c"]) if on else 0,
        ]

    def _adc_water(self) -> int:
        if "ntc_open" in self.faults:
            return 4095
        if "ntc_short" in self.faults:
            return 0
        return self._adc(ntc_reading(self.sensor, 10_000, 3700, 3300, 4095), 1.0)

    def _adc(self, reading: float, noise: float) -> int:
        return max(0, min(4095, round(reading + self.random.gauss(0, noise * self.set["noise"]))))
