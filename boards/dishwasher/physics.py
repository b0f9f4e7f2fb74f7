"""The dishwasher's world: water, heat, electricity, sensors with lag, noise and quantisation, and its person.

Takes the levels of the outputs, gives raw readings in the order of board.toml. Every litre and every joule is booked:
`Plant.water_gap` and `Plant.imbalance` tell how far stocks and flows are apart. Knows nothing of firmware. Temperatures
in °C, power in W, water in l, time in s.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trivet.boards.convert import ntc_reading
from trivet.boards.physics import Fault

NO_SAMPLE = -(2**31)
NOMINAL_V = 230.0

# name: default, unit, what it is
SETTINGS: dict[str, tuple[float, str, str]] = {
    "mains_v": (230.0, "V", "mains voltage at the socket, nothing drawn"),
    "ambient_c": (21.0, "°C", "the kitchen's temperature"),
    "inlet_c": (14.0, "°C", "temperature of the water that comes in"),
    "pressure_bar": (3.0, "bar", "pressure of the water supply"),
    "noise": (1.0, "", "noise of sensors and mains; 0 is none"),
    "program": (1.0, "", "1 auto, 2 intensive, 3 quick"),
    "start_s": (30.0, "s", "when the person switches on"),
    "load_kg": (9.0, "kg", "how much crockery"),
    "soil": (1.0, "", "how dirty it is; 0 is clean"),
    "peeks": (0.0, "", "how often the person opens the door besides, at random times"),
    "door_s": (25.0, "s", "how long the door stands open each time"),
    "off_s": (4500.0, "s", "when the person switches off"),
    "salt_low": (0.0, "", "1: the salt is used up"),
    "pump": (0.0, "", "1: a workshop put another circulation pump in: 200 turns less and 10 W more"),
    "rinse_low": (0.0, "", "1: the rinse aid is used up"),
}


def _fault(text: str, event: str, at_s: int, until_s: int, *symptoms: str, cause: str, lies: str = "") -> Fault:
    return Fault(text, (event,), at_s, until_s, symptoms, cause, lies)


FAULTS: dict[str, Fault] = {
    "heater_open": _fault("flow heater burnt through", "heater_open", 400, 900, cause="heater"),
    "heater_weak": _fault(
        "one of the heater's two coils burnt through: 60 % power", "heater_weak", 400, 900, cause="heater"
    ),
    "heater_welded": _fault("contact of the heater's relay welded", "heater_welded", 500, 2400, cause="relay"),
    "ntc_open": _fault("water NTC broken or unplugged", "ntc_open", 500, 700, cause="ntc", lies="water_temp"),
    "ntc_short": _fault("water NTC shorted", "ntc_short", 500, 700, cause="ntc", lies="water_temp"),
    "ntc_stuck": _fault("water NTC's reading frozen", "ntc_stuck", 520, 900, cause="ntc", lies="water_temp"),
    "ntc_drift": _fault(
        "water NTC reads lower and lower, down to -25 °C", "ntc_drift", 400, 2400, cause="ntc", lies="water_temp"
    ),
    "optic_silent": _fault(
        "turbidity sensor does not answer", "optic_silent", 300, 500, cause="sensor", lies="optic_temp"
    ),
    "level_unplugged": _fault("pressure sensor unplugged", "level_open", 200, 400, cause="plug", lies="level"),
    "level_stuck": _fault(
        "pressure sensor's reading frozen", "level_stuck", 200, 500, cause="level_sensor", lies="level"
    ),
    "level_lies": _fault(
        "pinhole in the air trap: a third of the level", "level_lies", 60, 400, "no_water", cause="trap", lies="level"
    ),
    "flow_dead": _fault("flow meter's turbine blocked", "flow_dead", 20, 300, cause="flow_meter", lies="flow"),
    "tacho_dead": _fault(
        "circulation pump's tachometer dead", "tacho_dead", 200, 500, cause="tacho", lies="pump_speed"
    ),
    "door_switch": _fault(
        "door contact broken: reads closed while the latch is open",
        "door_switch",
        700,
        1100,
        cause="door_contact",
        lies="door",
    ),
    "tap_closed": _fault("water tap closed", "no_water", 20, 400, cause="tap"),
    "low_pressure": _fault("inlet sieve clogged: 0.8 l/min", "low_pressure", 20, 400, cause="sieve"),
    "valve_leaking": _fault("inlet valve does not close: 0.5 l/min", "inlet_leaks", 600, 1200, cause="valve"),
    "drain_blocked": _fault("drain hose kinked", "drain_blocked", 200, 800, cause="hose"),
    "drain_slow": _fault("drain hose half clogged", "drain_slow", 200, 800, cause="filter"),
    "drain_dead": _fault("drain pump's winding open", "drain_dead", 200, 600, cause="pump"),
    "drain_jammed": _fault("glass splinter in the drain pump", "drain_jammed", 200, 600, cause="object"),
    "pump_dead": _fault("circulation pump dead", "pump_dead", 250, 600, cause="pump"),
    "pump_jammed": _fault("circulation pump seized", "pump_jammed", 250, 600, cause="pump"),
    "pump_limed": _fault("circulation pump stiff with lime", "pump_limed", 250, 600, cause="lime"),
    "pump_wearing": _fault(
        "circulation pump wears: 200 turns less and 10 W more by and by", "pump_worn", 2000, 3600, cause="bearing"
    ),
    "filter_blocked": _fault(
        "filter clogged: the pump draws air", "filter_blocked", 250, 600, "slow_heat", cause="filter"
    ),
    "leak": _fault("sump gasket leaks into the base pan", "leak", 250, 800, cause="gasket"),
    "mains_low": _fault("mains at 178 V", "mains_low", 500, 700, "slow_heat", cause="supply"),
    "salt_empty": _fault("salt used up", "salt_low", 100, 300, cause="salt"),
}

CW = 4186.0  # J/(kg K); a litre is a kilogram
SUMP_MM = 16.0  # mm of level per litre
RESIDUE = 0.12  # l that no pump gets out
ARMS = 1.0  # l on their way while it sprays
HEATER_W, HEATER_HEAT, CUTOUT_C = 2000.0, 500.0, 140.0
TUB_HEAT, LOAD_HEAT = 6000.0, 800.0  # J/K, J/(kg K)
LEAST_LOAD = 0.2  # kg; a lighter one follows the water faster than a step can, and weighs nothing in the balance
TUB_ROOM, DOOR_OPEN = 4.5, 18.0  # W/K
PUMP_W = 65.0
LINE_OHM = 0.35


@dataclass
class Account:
    """Where litres and joules went since the start, apart from what is stored now. Joules count from 0 °C."""

    came: float = 0.0  # l
    drained: float = 0.0
    leaked: float = 0.0
    electric: float = 0.0  # J
    inflow: float = 0.0
    outflow: float = 0.0
    losses: float = 0.0


class Plant:
    """One dishwasher, its kitchen and its person. Same seed and settings, same wash."""

    def __init__(self, seed: int = 0, settings: Mapping[str, float] | None = None) -> None:
        unknown = set(settings or {}) - set(SETTINGS)
        if unknown:
            raise KeyError(f"no such setting: {', '.join(sorted(unknown))}; there are {', '.join(SETTINGS)}")
        self.set = {name: default for name, (default, _, _) in SETTINGS.items()} | dict(settings or {})
        self.random = random.Random(seed)
        self.now = 0.0
        self.faults: dict[str, float] = {}  # name -> since
        room = self.set["ambient_c"]
        self.volume, self.arms = RESIDUE, 0.0
        self._crockery = self.set["load_kg"] if self.set["load_kg"] >= LEAST_LOAD else 0.0
        self.water = self.load = self.tub = self.heater = room
        self.ntc = self.optic = room
        self.board = room + 3.0
        self.soil = 20.0  # NTU of the water
        self.pump_rpm = self.pump_amps = self.drain_amps = self.heater_amps = 0.0
        self.flow = 0.0  # l/min
        self.slosh = self.wander = 0.0
        self.volts = self.set["mains_v"]
        self.contact = False  # the heater's relay
        self.cutout = False
        self.account = Account()
        self._calm = random.Random(seed + 1)  # the person's own dice: noise does not change what they do
        self._peeks = sorted(self._calm.uniform(150, 2500) for _ in range(int(self.set["peeks"])))
        self._whole = 1 + self.random.uniform(-0.03, 0.03)  # the heater's tolerance
        self._meter = 1 + self.random.uniform(-0.03, 0.03)  # the flow meter's
        self._trap = 1 + self.random.uniform(-0.03, 0.03)  # the air trap's
        self._dirt = self.set["soil"] * (0.6 + 0.8 * self._calm.random())
        self._frozen = (0, 0)
        self._start = (self.volume, self.stored())

    # --- what a simulation calls ---

    def inject(self, fault: str) -> None:
        """Break something now."""
        if fault not in FAULTS:
            raise KeyError(f"no such fault: {fault}; there are {', '.join(FAULTS)}")
        self._frozen = (self._adc_ntc(), self._adc_level())
        self.faults.setdefault(fault, self.now)

    def step(self, dt_s: float, outputs: Sequence[int]) -> None:
        """Let `dt_s` pass with the outputs (valve, circulation, drain, main relay, heater, …) at these levels."""
        door = self.door_open()
        self._mains(dt_s, bool(outputs[3]), bool(outputs[4]))
        wet = self._circulate(dt_s, bool(outputs[1]) and not door)
        self._drain(dt_s, bool(outputs[2]))
        self._fill(dt_s, bool(outputs[0]))
        self._heat(dt_s, wet, door)
        self._sense(dt_s, wet)
        self.now += dt_s

    def inputs(self) -> list[int]:
        """Raw readings in the order of board.toml."""
        silent = "optic_silent" in self.faults
        pulses = 0 if "flow_dead" in self.faults else self.flow * self._meter * 7.5
        rpm = 0.0 if "tacho_dead" in self.faults else self.pump_rpm
        door = int(self.door_open())
        return [
            self._adc_ntc(),
            NO_SAMPLE if silent else round(self.optic * 10 + self._noise(2)),
            NO_SAMPLE if silent else max(0, round(self.soil + self._noise(4))),
            self._adc_level(),
            max(0, round(pulses + self._noise(0.4))) if pulses > 0.4 else 0,
            self._adc(self.pump_amps * 2000, 12),
            max(0, round(rpm / 60 + self._noise(0.3))) if rpm > 60 else 0,
            self._adc(self.drain_amps * 4000, 8),
            self._adc(self.heater_amps * 200, 2.0),
            self._adc(self.volts / 0.08, 2.5),
            self._adc(ntc_reading(self.board, 10_000, 3435, 10_000, 4095), 1.0),
            0 if "door_switch" in self.faults else door,
            door,
            int(self.account.leaked > 0.25),
            int(self.set["salt_low"] > 0 or "salt_empty" in self.faults),
            int(self.set["rinse_low"] > 0),
            int(self.set["program"]) if self.set["start_s"] <= self.now < self.set["off_s"] else 0,
        ]

    def truth(self) -> dict[str, float]:
        """What a signal would show if its sensor were sound and without lag."""
        return {"water_temp": self.water, "level": (self.volume - self.arms) * SUMP_MM}

    def stored(self) -> float:
        """Joules in water, crockery, tub and heater, above 0 °C."""
        load = self._crockery * LOAD_HEAT * self.load
        return self.volume * CW * self.water + load + TUB_HEAT * self.tub + HEATER_HEAT * self.heater

    def imbalance(self) -> float:
        """Joules by which the account and the stored heat are apart: rounding only."""
        booked = self.account.electric + self.account.inflow - self.account.outflow - self.account.losses
        return self.stored() - self._start[1] - booked

    def water_gap(self) -> float:
        """Litres by which the account and the water in the tub are apart: rounding only."""
        return self.volume - self._start[0] - (self.account.came - self.account.drained - self.account.leaked)

    # --- the person ---

    def door_open(self) -> bool:
        since = self.faults.get("door_switch")  # who finds it broken has just opened the door
        if since is not None and since + 20 <= self.now < since + 20 + max(60.0, self.set["door_s"]):
            return True
        return any(at <= self.now < at + self.set["door_s"] for at in self._peeks)

    # --- electricity ---

    def _mains(self, dt: float, main: bool, relay: bool) -> None:
        self.wander += -self.wander * dt / 60 + self._noise(0.8) * math.sqrt(2 * dt / 60)
        source = (178.0 if "mains_low" in self.faults else self.set["mains_v"]) + self.wander
        self.contact = relay or (self.contact and "heater_welded" in self.faults)
        self.cutout = self.heater > (CUTOUT_C - 40 if self.cutout else CUTOUT_C)
        siemens = 0.0
        if main and self.contact and not self.cutout and "heater_open" not in self.faults:
            siemens = self._whole * HEATER_W / NOMINAL_V**2 * (0.6 if "heater_weak" in self.faults else 1.0)
        self.volts = source / (1 + LINE_OHM * siemens)
        self.heater_amps = self.volts * siemens

    # --- water ---

    def _circulate(self, dt: float, on: bool) -> float:
        """The circulation pump; gives how fully it pumps, 0 (air, or off) to 1."""
        target, amps, wet = 0.0, 0.0, 0.0
        if on and "pump_dead" not in self.faults:
            wet = max(0.0, min(1.0, (self.volume - 1.2) / 1.2))
            if "filter_blocked" in self.faults:
                wet *= 0.15
            stiff = "pump_limed" in self.faults
            worn = min(1.0, (self.now - self.faults.get("pump_wearing", self.now)) / 600) + self.set["pump"]
            target = 2130.0 if stiff else 2800.0 + 60 * (1 - wet) - 200 * worn
            amps = (PUMP_W * (0.34 + 0.66 * wet) + (25.0 if stiff else 10.0 * worn)) / (0.62 * self.volts)
            if "pump_jammed" in self.faults:
                target, amps, wet = 0.0, 1.15, 0.0
        self.pump_rpm += (target - self.pump_rpm) * min(1.0, dt / 1.5)
        self.pump_amps += (amps - self.pump_amps) * min(1.0, dt / 0.8)
        speed = self.pump_rpm / 2800
        self.arms += (ARMS * wet * min(1.0, speed) - self.arms) * min(1.0, dt / 3.0)
        self.slosh += -self.slosh * dt / 2.0 + self.random.gauss(0, 1.8) * speed * math.sqrt(dt)
        self.soil += (120.0 * self._dirt * wet - 0.2 * self.soil) * dt / 60 if wet else 0.0
        self._dirt *= 1 - 0.002 * wet * dt
        return wet * min(1.0, speed)

    def _drain(self, dt: float, on: bool) -> None:
        self.drain_amps = 0.0
        moved = 0.0
        if on and "drain_dead" not in self.faults:
            jammed = "drain_jammed" in self.faults
            self.drain_amps = 0.22 * self.volts / NOMINAL_V * (1.8 if jammed else 1.0)
            rate = 0.0 if jammed or "drain_blocked" in self.faults else 12.0
            rate *= 0.15 if "drain_slow" in self.faults else 1.0
            moved = min(rate / 60 * dt, max(0.0, self.volume - self.arms - RESIDUE))
        self.account.drained += moved
        self._lose(moved)
        if "leak" in self.faults:
            dripped = min(0.15 / 60 * dt, max(0.0, self.volume - RESIDUE))
            self.account.leaked += dripped
            self._lose(dripped)

    def _lose(self, litres: float) -> None:
        self.volume -= litres
        self.account.outflow += litres * CW * self.water

    def _fill(self, dt: float, on: bool) -> None:
        pressure = 0.0 if "tap_closed" in self.faults else self.set["pressure_bar"]
        through = 0.27 if "low_pressure" in self.faults else 1.0
        regulated = 3.0 * min(1.0, math.sqrt(pressure)) * through
        seep = 0.5 if "valve_leaking" in self.faults and pressure else 0.0
        target = regulated if on else seep
        self.flow += (target - self.flow) * min(1.0, dt / 0.7)
        came = self.flow / 60 * dt
        if came > 0:
            cold = self.set["inlet_c"]
            self.water = (self.water * self.volume + cold * came) / (self.volume + came)
            self.soil *= self.volume / (self.volume + came)
            self.volume += came
            self.account.came += came
            self.account.inflow += came * CW * cold

    # --- heat ---

    def _heat(self, dt: float, wet: float, door: bool) -> None:
        """One explicit step: each flow leaves one node and enters another, or the account."""
        room = self.set["ambient_c"]
        electric = self.heater_amps * self.volts
        to_water = (3.0 + 110.0 * wet) * (self.heater - self.water)
        to_load = (4.0 + 320.0 * wet) * (self.water - self.load) if self._crockery else 0.0
        to_tub = (3.0 + 160.0 * wet) * (self.water - self.tub)
        out = (TUB_ROOM + DOOR_OPEN * door) * (self.tub - room)
        stirred = 30.0 * wet  # the pump's own work ends in the water
        self.account.electric += (electric + stirred) * dt
        self.account.losses += out * dt
        self.heater += (electric - to_water) * dt / HEATER_HEAT
        self.water += (to_water + stirred - to_load - to_tub) * dt / (self.volume * CW)
        if self._crockery:
            self.load += to_load * dt / (self._crockery * LOAD_HEAT)
        self.tub += (to_tub - out) * dt / TUB_HEAT

    # --- sensors ---

    def _sense(self, dt: float, wet: float) -> None:
        self.ntc += (self.water - self.ntc) * dt / (18 - 10 * wet)
        self.optic += (self.water - self.optic) * dt / (40 - 20 * wet)
        warm = self.set["ambient_c"] + 3 + 0.18 * (self.tub - self.set["ambient_c"]) + 4 * (self.heater_amps > 1)
        self.board += (warm - self.board) * dt / 300

    def _adc_ntc(self) -> int:
        if "ntc_open" in self.faults:
            return 4095
        if "ntc_short" in self.faults:
            return 0
        if "ntc_stuck" in self.faults:
            return self._frozen[0]
        shown = self.ntc
        if "ntc_drift" in self.faults:
            shown -= min(25.0, 0.03 * (self.now - self.faults["ntc_drift"]))
        return self._adc(ntc_reading(shown, 10_000, 3700, 3300, 4095), 0.8)

    def _adc_level(self) -> int:
        if "level_unplugged" in self.faults:
            return 0
        if "level_stuck" in self.faults:
            return self._frozen[1]
        height = (self.volume - self.arms) * SUMP_MM * self._trap + self.slosh
        if "level_lies" in self.faults:
            height *= 0.33
        return self._adc(400 + 20 * height, 6)

    def _adc(self, reading: float, noise: float) -> int:
        return max(0, min(4095, round(reading + self._noise(noise))))

    def _noise(self, sigma: float) -> float:
        scale = self.set["noise"]
        return self.random.gauss(0, sigma * scale) if scale else 0.0
