"""The washer's world: water, laundry, heat, drum, electricity, sensors with lag and noise, and its person.

Takes the levels of the outputs, gives raw readings in the order of board.toml. Every litre and every joule is booked:
`Plant.water_gap` and `Plant.imbalance` tell how far stocks and flows are apart. Knows nothing of firmware. Temperatures
in °C, power in W, water in l, speeds in turns of the drum a minute, time in s.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trivet.boards.convert import ntc_reading
from trivet.boards.physics import Fault

NOMINAL_V = 230.0

# name: default, unit, what it is
SETTINGS: dict[str, tuple[float, str, str]] = {
    "mains_v": (230.0, "V", "mains voltage at the socket, nothing drawn"),
    "ambient_c": (20.0, "°C", "the room's temperature"),
    "inlet_c": (14.0, "°C", "temperature of the water that comes in"),
    "pressure_bar": (3.0, "bar", "pressure of the water supply"),
    "noise": (1.0, "", "noise of sensors and mains; 0 is none"),
    "program": (1.0, "", "1 cotton 40, 2 cotton 60, 3 quick 30, 4 rinse and spin"),
    "start_s": (300.0, "s", "when the person switches on"),
    "load_kg": (4.0, "kg", "how much laundry, dry"),
    "duvet": (0.0, "", "1: a single heavy piece that never spreads in the drum"),
    "off_s": (5400.0, "s", "when the person switches off"),
}


def _fault(text: str, event: str, at_s: int, until_s: int, *symptoms: str, cause: str, lies: str = "") -> Fault:
    return Fault(text, (event,), at_s, until_s, symptoms, cause, lies)


FAULTS: dict[str, Fault] = {
    "heater_open": _fault("heating element burnt through", "heater_open", 400, 900, cause="heater"),
    "heater_weak": _fault("heating element partly shorted out: 60 % power", "heater_weak", 400, 900, cause="heater"),
    "heater_welded": _fault("contact of the heater's relay welded", "heater_welded", 900, 3400, cause="relay"),
    "ntc_open": _fault("water NTC broken or unplugged", "ntc_open", 600, 800, cause="ntc", lies="water_temp"),
    "ntc_short": _fault("water NTC shorted", "ntc_short", 600, 800, cause="ntc", lies="water_temp"),
    "ntc_stuck": _fault("water NTC's reading frozen", "ntc_stuck", 700, 1300, cause="ntc", lies="water_temp"),
    "ntc_drift": _fault("water NTC aged: reads 40 °C too much", "ntc_drift", 20, 600, cause="ntc", lies="water_temp"),
    "level_unplugged": _fault("pressure sensor unplugged", "level_open", 500, 700, cause="plug", lies="level"),
    "level_stuck": _fault(
        "pressure sensor's reading frozen", "level_stuck", 600, 900, cause="level_sensor", lies="level"
    ),
    "tap_closed": _fault("water tap closed", "no_water", 20, 700, cause="tap"),
    "low_pressure": _fault("inlet sieve clogged: 1.4 l/min", "low_pressure", 20, 700, cause="sieve"),
    "valve_leaking": _fault("inlet valve does not close: 1.2 l/min", "inlet_leaks", 10, 700, cause="valve"),
    "drain_blocked": _fault("drain hose kinked", "drain_blocked", 600, 3400, cause="hose"),
    "drain_slow": _fault("fluff filter half clogged", "drain_slow", 600, 3400, cause="filter"),
    "drain_dead": _fault("drain pump's winding open", "drain_dead", 200, 600, cause="pump"),
    "drain_jammed": _fault("coin in the drain pump", "drain_jammed", 200, 600, cause="object"),
    "motor_dead": _fault("drum motor's winding open", "motor_dead", 500, 700, cause="motor"),
    "drum_blocked": _fault("drum blocked by a piece of laundry in the gap", "drum_blocked", 500, 700, cause="laundry"),
    "tacho_dead": _fault("drum motor's tachometer dead", "tacho_dead", 500, 700, cause="tacho", lies="drum_speed"),
    "brushes_worn": _fault(
        "drum motor's brushes worn down: they lose contact", "brushes_worn", 500, 900, cause="brushes"
    ),
    "belt_off": _fault("belt off its pulley", "belt_off", 500, 700, cause="belt"),
    "motor_weak": _fault("field winding partly shorted: no more than 600 turns", "spin_slow", 500, 4200, cause="motor"),
    "unbalance": _fault("one heavy piece that does not spread", "unbalance", 500, 4200, cause="load"),
    "lock_dead": _fault("door lock does not close", "lock_fails", 200, 500, cause="lock"),
    "lock_jammed": _fault("door lock does not open", "unlock_fails", 1500, 4500, cause="lock"),
    "lock_chatters": _fault(
        "door lock's contact lets go for moments while the drum turns",
        "lock_loose",
        600,
        1200,
        cause="contact",
        lies="locked",
    ),
    "door_switch": _fault("door contact broken: reads open", "door_switch", 600, 800, cause="contact", lies="door"),
    "leak": _fault("tub gasket leaks into the base pan", "leak", 500, 1000, cause="gasket"),
    "mains_low": _fault("mains at 178 V", "mains_low", 600, 800, "slow_heat", cause="supply"),
}

CW = 4186.0  # J/(kg K); a litre is a kilogram
SUMP_MM = 8.0  # mm of level per litre of free water
RESIDUE = 0.3  # l that no pump gets out
SOAK, SPUN = 2.0, 0.55  # l that a kilogram of laundry holds: soaked, spun at 1200
HEATER_W, HEATER_HEAT, CUTOUT_C = 2000.0, 400.0, 160.0
LAUNDRY_HEAT, DRUM_HEAT = 1500.0, 7000.0  # J/(kg K), J/K
TUB_ROOM = 5.0  # W/K
LINE_OHM = 0.35
ACCELERATION = 18.0  # turns a minute, a second


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
    """One washer, its room and its person. Same seed and settings, same wash."""

    def __init__(self, seed: int = 0, settings: Mapping[str, float] | None = None) -> None:
        unknown = set(settings or {}) - set(SETTINGS)
        if unknown:
            raise KeyError(f"no such setting: {', '.join(sorted(unknown))}; there are {', '.join(SETTINGS)}")
        self.set = {name: default for name, (default, _, _) in SETTINGS.items()} | dict(settings or {})
        self.set["load_kg"] = max(0.2, self.set["load_kg"])
        self.random = random.Random(seed)
        self.now = 0.0
        self.faults: dict[str, float] = {}  # name -> since
        room = self.set["ambient_c"]
        self.free, self.held = RESIDUE, 0.0  # l in the tub, l in the laundry
        self.water = self.laundry = self.drum = self.heater = room
        self.ntc = room
        self.board = room + 4.0
        self.rpm = self.drum_rpm = self.motor_amps = self.drain_amps = self.heater_amps = 0.0
        self.flow = 0.0  # l/min
        self.slosh = self.tumble = self.wander = 0.0
        self.heap = 0.0  # g out of balance
        self.locked = 0.0  # 0 open … 1 shut
        self.volts = self.set["mains_v"]
        self.contact = self.cutout = False
        self.account = Account()
        self._calm = random.Random(seed + 1)  # the laundry's own dice: noise does not change how it falls
        self._whole = 1 + self.random.uniform(-0.03, 0.03)  # the heater's tolerance
        self._trap = 1 + self.random.uniform(-0.03, 0.03)  # the air trap's
        self._frozen = (0, 0)
        self._start = (self.free + self.held, self.stored())

    # --- what a simulation calls ---

    def inject(self, fault: str) -> None:
        """Break something now."""
        if fault not in FAULTS:
            raise KeyError(f"no such fault: {fault}; there are {', '.join(FAULTS)}")
        self._frozen = (self._adc_ntc(), self._adc_level())
        self.faults.setdefault(fault, self.now)

    def step(self, dt_s: float, outputs: Sequence[int]) -> None:
        """Let `dt_s` pass with the outputs (valve, motor, drain, main relay, heater, lock, …) at these levels."""
        self._mains(dt_s, bool(outputs[3]), bool(outputs[4]))
        self._turn(dt_s, int(outputs[1]))
        self._fill(dt_s, bool(outputs[0]))
        self._soak(dt_s)
        self._drain(dt_s, bool(outputs[2]))
        self._heat(dt_s)
        self._lock(dt_s, bool(outputs[5]))
        self._sense(dt_s)
        self.now += dt_s

    def inputs(self) -> list[int]:
        """Raw readings in the order of board.toml."""
        rpm = 0.0 if "tacho_dead" in self.faults else self.rpm
        heap = self.heap if 70 < self.drum_rpm < 1500 else 0.0
        on = self.set["start_s"] <= self.now < self.set["off_s"]
        return [
            self._adc_ntc(),
            self._adc_level(),
            self._adc(self.motor_amps * 400, 8),
            max(0, round(rpm * 1.6 + self._noise(1.0))) if rpm > 3 else 0,
            max(0, round(heap + self._noise(8))),
            self._adc(self.drain_amps * 4000, 8),
            self._adc(self.heater_amps * 200, 2.0),
            self._adc(self.volts / 0.08, 2.5),
            self._adc(ntc_reading(self.board, 10_000, 3435, 10_000, 4095), 1.0),
            int("door_switch" in self.faults),
            int(self.locked >= 0.95 and not self._lets_go()),
            int(self.account.leaked > 0.3),
            int(self.set["program"]) if on else 0,
        ]

    def truth(self) -> dict[str, float]:
        """What a signal would show if its sensor were sound and without lag."""
        return {"water_temp": self.water, "level": self.free * SUMP_MM, "drum_speed": self.drum_rpm}

    def stored(self) -> float:
        """Joules in water, laundry, drum and heater, above 0 °C."""
        wet = (self.set["load_kg"] * LAUNDRY_HEAT + self.held * CW) * self.laundry
        return self.free * CW * self.water + wet + DRUM_HEAT * self.drum + HEATER_HEAT * self.heater

    def imbalance(self) -> float:
        """Joules by which the account and the stored heat are apart: rounding only."""
        booked = self.account.electric + self.account.inflow - self.account.outflow - self.account.losses
        return self.stored() - self._start[1] - booked

    def water_gap(self) -> float:
        """Litres by which the account and the water in tub and laundry are apart: rounding only."""
        booked = self.account.came - self.account.drained - self.account.leaked
        return self.free + self.held - self._start[0] - booked

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

    # --- the drum ---

    def _turn(self, dt: float, wanted: int) -> None:
        """The motor's module follows the wanted speed by the tachometer; the tachometer sits on the motor."""
        target = min(abs(wanted), 600) if "motor_weak" in self.faults else abs(wanted)
        amps = self._torque(dt, target)
        if not wanted or "motor_dead" in self.faults:
            target, amps = 0, 0.0
        elif "drum_blocked" in self.faults:
            target, amps = 0, 6.5
        elif "belt_off" in self.faults:
            amps = 0.32 + 0.0003 * target
        elif "tacho_dead" in self.faults:
            target, amps = min(target, 38), min(amps, 2.2)
        elif "brushes_worn" in self.faults and self.random.random() < 0.15:
            amps *= 0.25
        self.motor_amps = amps
        step = ACCELERATION * dt * (1.0 if target > self.rpm else 1.6)
        self.rpm += max(-step, min(step, target - self.rpm))
        before = self.drum_rpm
        self.drum_rpm = self.rpm if "belt_off" not in self.faults else max(0.0, self.drum_rpm - step)
        if before < 70 <= self.drum_rpm:
            self._fall()

    def _torque(self, dt: float, target: int) -> float:
        """A: friction, laundry that is lifted and falls, acceleration."""
        wet = self.set["load_kg"] + self.held
        self.tumble += -self.tumble * dt / 2.0 + self.random.gauss(0, 0.1) * math.sqrt(dt)
        lifted = (0.45 + 0.05 * wet + self.tumble) if self.rpm < 70 else 0.0
        faster = 1.6 * (self.rpm + 1 < target)
        return (
            max(0.2, 0.5 + 0.0012 * self.rpm + lifted + faster * (0.7 + 0.03 * wet)) * (NOMINAL_V / self.volts) ** 0.5
        )

    def _fall(self) -> None:
        """The laundry lies against the drum: how evenly is luck."""
        heavy = self.set["duvet"] or "unbalance" in self.faults
        few = 60.0 if self.set["load_kg"] < 1 else 0.0
        self.heap = self._calm.uniform(650, 1100) if heavy else few + 110.0 * math.exp(self._calm.gauss(0, 0.5))

    # --- water ---

    def _fill(self, dt: float, on: bool) -> None:
        pressure = 0.0 if "tap_closed" in self.faults else self.set["pressure_bar"]
        through = 0.175 if "low_pressure" in self.faults else 1.0
        seep = 1.2 if "valve_leaking" in self.faults and pressure else 0.0
        target = 8.0 * min(1.0, math.sqrt(pressure)) * through if on else seep
        self.flow += (target - self.flow) * min(1.0, dt / 0.7)
        came = self.flow / 60 * dt
        if came > 0:
            cold = self.set["inlet_c"]
            self.water = (self.water * self.free + cold * came) / (self.free + came)
            self.free += came
            self.account.came += came
            self.account.inflow += came * CW * cold

    def _soak(self, dt: float) -> None:
        """Laundry takes water while it lies in it, and gives it back while it is spun."""
        kg = self.set["load_kg"]
        reach = max(0.0, min(1.0, (self.free - RESIDUE) * SUMP_MM / 90)) * (1.0 if self.drum_rpm > 20 else 0.3)
        moved = max(0.0, SOAK * kg - self.held) * reach * dt / 50
        if self.drum_rpm > 150:
            least = SPUN * kg * (1200 / max(400.0, self.drum_rpm)) ** 0.4
            moved = -max(0.0, self.held - least) * dt / 40 * min(1.0, self.drum_rpm / 800)
        moved = min(moved, max(0.0, self.free - RESIDUE))
        heat = moved * CW * (self.water if moved > 0 else self.laundry)
        dry = kg * LAUNDRY_HEAT
        laundry = (dry + self.held * CW) * self.laundry + heat
        tub = self.free * CW * self.water - heat
        self.held += moved
        self.free -= moved
        self.laundry = laundry / (dry + self.held * CW)
        self.water = tub / (self.free * CW)

    def _drain(self, dt: float, on: bool) -> None:
        self.drain_amps = 0.0
        moved = 0.0
        if on and "drain_dead" not in self.faults:
            jammed = "drain_jammed" in self.faults
            self.drain_amps = 0.24 * self.volts / NOMINAL_V * (1.8 if jammed else 1.0)
            rate = 0.0 if jammed or "drain_blocked" in self.faults else 18.0
            rate *= 0.2 if "drain_slow" in self.faults else 1.0
            moved = min(rate / 60 * dt, max(0.0, self.free - RESIDUE))
        self.account.drained += moved
        self._lose(moved)
        if "leak" in self.faults:
            dripped = min(0.2 / 60 * dt, max(0.0, self.free - RESIDUE))
            self.account.leaked += dripped
            self._lose(dripped)

    def _lose(self, litres: float) -> None:
        self.free -= litres
        self.account.outflow += litres * CW * self.water

    # --- heat ---

    def _heat(self, dt: float) -> None:
        """One explicit step: each flow leaves one node and enters another, or the account."""
        electric = self.heater_amps * self.volts
        covered = max(0.0, min(1.0, (self.free - RESIDUE) * SUMP_MM / 25))
        stirred = 1.0 if self.drum_rpm > 20 else 0.15
        to_water = (3.0 + 110.0 * covered) * (self.heater - self.water)
        to_laundry = 20.0 + 230.0 * covered * stirred if self.held > 0.1 else 3.0
        to_laundry *= self.water - self.laundry
        to_drum = (4.0 + 120.0 * covered * stirred) * (self.water - self.drum)
        out = TUB_ROOM * (self.drum - self.set["ambient_c"])
        self.account.electric += electric * dt
        self.account.losses += out * dt
        self.heater += (electric - to_water) * dt / HEATER_HEAT
        self.water += (to_water - to_laundry - to_drum) * dt / (self.free * CW)
        self.laundry += to_laundry * dt / (self.set["load_kg"] * LAUNDRY_HEAT + self.held * CW)
        self.drum += (to_drum - out) * dt / DRUM_HEAT

    # --- door and sensors ---

    def _lock(self, dt: float, on: bool) -> None:
        """A heated bimetal: shuts in 3 s, opens within a minute."""
        if on and "lock_dead" not in self.faults:
            self.locked = min(1.0, self.locked + dt / 3)
        elif not on and "lock_jammed" not in self.faults:
            self.locked = max(0.0, self.locked - dt / 800 if self.locked > 0.95 else 0.0)

    def _lets_go(self) -> bool:
        """The shaking of the drum opens a worn contact for a moment."""
        return "lock_chatters" in self.faults and self.drum_rpm > 20 and self.random.random() < 0.05

    def _sense(self, dt: float) -> None:
        turning = min(1.0, self.drum_rpm / 50)
        self.slosh += -self.slosh * dt / 2.0 + self.random.gauss(0, 2.5) * turning * math.sqrt(dt)
        self.ntc += (self.water - self.ntc) * dt / 10
        warm = (
            self.set["ambient_c"] + 4 + 0.12 * (self.drum - self.set["ambient_c"]) + 6 * min(2.0, self.motor_amps) / 2
        )
        self.board += (warm - self.board) * dt / 300

    def _adc_ntc(self) -> int:
        if "ntc_open" in self.faults:
            return 4095
        if "ntc_short" in self.faults:
            return 0
        if "ntc_stuck" in self.faults:
            return self._frozen[0]
        shown = self.ntc + (40.0 if "ntc_drift" in self.faults else 0.0)
        return self._adc(ntc_reading(shown, 10_000, 3700, 3300, 4095), 0.8)

    def _adc_level(self) -> int:
        if "level_unplugged" in self.faults:
            return 0
        if "level_stuck" in self.faults:
            return self._frozen[1]
        return self._adc(400 + 12 * (self.free * SUMP_MM * self._trap + self.slosh), 5)

    def _adc(self, reading: float, noise: float) -> int:
        return max(0, min(4095, round(reading + self._noise(noise))))

    def _noise(self, sigma: float) -> float:
        scale = self.set["noise"]
        return self.random.gauss(0, sigma * scale) if scale else 0.0
