"""The oven's world: heat, electricity, sensors with their lag, noise and quantisation, and the person who bakes.

Takes the levels of the outputs, gives raw readings in the order of board.toml. Every joule is booked: `Plant.account`
tells how far stored heat and flows are apart. Knows nothing of firmware. Temperatures in °C, power in W, time in s.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trivet.boards.convert import ntc_reading
from trivet.boards.physics import Fault

NO_SAMPLE = -(2**31)
SIGMA = 5.67e-8
KELVIN = 273.15
NOMINAL_V = 230.0
SUBSTEPS = 2

# name: default, unit, what it is
SETTINGS: dict[str, tuple[float, str, str]] = {
    "mains_v": (230.0, "V", "mains voltage at the socket, nothing drawn"),
    "ambient_c": (21.0, "°C", "the kitchen's temperature"),
    "noise": (1.0, "", "noise of sensors and mains; 0 is none"),
    "program": (3.0, "", "1 top and bottom heat, 2 convection, 3 pizza, 4 top heat, 5 bottom heat"),
    "target_c": (300.0, "°C", "chosen temperature"),
    "start_s": (60.0, "s", "when the person switches on"),
    "load_s": (1500.0, "s", "when the food goes in; 0 is never"),
    "load_kg": (0.8, "kg", "how much food"),
    "bake_s": (720.0, "s", "how long the food stays in"),
    "door_s": (20.0, "s", "how long the door stands open for each visit"),
    "peeks": (0.0, "", "how often the person looks in besides, at random times"),
    "probe_in_food": (0.0, "", "1: the core probe goes into the food instead of its clip"),
    "off_s": (3420.0, "s", "when the person switches off"),
}


def _fault(text: str, event: str, at_s: int, until_s: int, *symptoms: str, cause: str, lies: str = "") -> Fault:
    return Fault(text, (event,), at_s, until_s, symptoms, cause, lies)


_HEAT = ("slow_heat", "heat_timeout")
FAULTS: dict[str, Fault] = {
    "element_top_open": _fault(
        "upper element burnt through", "element_top_open", 600, 1800, *_HEAT, cause="element_top"
    ),
    "element_bottom_open": _fault(
        "lower element burnt through", "element_bottom_open", 600, 1800, *_HEAT, cause="element_bottom"
    ),
    "element_top_weak": _fault(
        "upper element partly shorted out: 55 % power", "element_top_weak", 600, 1800, *_HEAT, cause="element_top"
    ),
    "relay_welded": _fault("contact of the lower element's relay welded", "relay_welded", 1300, 2400, cause="relay"),
    "main_relay_welded": _fault(
        "contact of the main relay welded", "main_relay_welded", 1300, 3600, cause="main_relay"
    ),
    "cutout_open": _fault(
        "thermal cut-out open: no current to any element", "no_heater_current", 600, 1800, *_HEAT, cause="cutout"
    ),
    "ntc_open": _fault("cavity NTC broken or unplugged", "ntc_open", 600, 900, cause="cavity_ntc", lies="cavity_temp"),
    "ntc_short": _fault("cavity NTC shorted", "ntc_short", 600, 900, cause="cavity_ntc", lies="cavity_temp"),
    "ntc_stuck": _fault("cavity NTC's reading frozen", "ntc_stuck", 600, 1200, cause="cavity_ntc", lies="cavity_temp"),
    "ntc_drift": _fault(
        "cavity NTC reads lower and lower, down to -70 °C",
        "ntc_drift",
        600,
        2400,
        cause="cavity_ntc",
        lies="cavity_temp",
    ),
    "ntc_loose": _fault(
        "cavity NTC's plug loose: the reading jumps", "ntc_jump", 600, 1200, cause="ntc_plug", lies="cavity_temp"
    ),
    "gasket_leak": _fault("door gasket torn: hot air leaves above the door", "gasket_leak", 600, 3400, cause="gasket"),
    "fan_seized": _fault("convection fan seized", "fan_seized", 600, 900, cause="fan"),
    "fan_worn": _fault("convection fan's bearing worn: half speed", "fan_slow", 600, 900, cause="fan"),
    "mains_low": _fault("mains at 178 V", "mains_low", 600, 900, *_HEAT, cause="supply"),
    "door_switch": _fault(
        "door contact broken: reads open",
        "door_switch",
        1000,
        1300,
        "door_left_open",
        cause="door_contact",
        lies="door",
    ),
}


@dataclass(frozen=True)
class Element:
    """A tubular heater."""

    watts: float  # hot, at NOMINAL_V
    heat: float  # J/K
    area: float  # m², radiating

    def resistance(self, celsius: float) -> float:
        """Its wire's resistance rises by 5e-5 per kelvin; the rating is for 600 °C."""
        return NOMINAL_V**2 / self.watts * (1 + 5e-5 * (celsius - 600))


ELEMENTS = (Element(1600.0, 220.0, 0.055), Element(1000.0, 160.0, 0.040))  # top, bottom
AIR, WALL, SHELL, TOP, BOTTOM, CRUST, CORE = range(7)  # nodes that store heat
HEAT_AIR, HEAT_WALL, HEAT_SHELL = 900.0, 3600.0, 4000.0  # J/K
WALL_AREA = 1.1  # m²
WALL_SHELL, SHELL_ROOM = 3.5, 7.0  # W/K
GASKET, GASKET_TORN = 0.5, 2.6  # W/K
DOOR_AIR, DOOR_AREA = 45.0, 0.18  # W/K, m²
FOOD_HEAT, FOOD_LATENT, FOOD_COLD = 3000.0, 340e3, 6.0  # J/(kg K), J/kg that it can lose as steam, °C
LINE_OHM = 0.35
FAN_W, LAMP_W = 12.0, 25.0  # into the cavity


@dataclass
class Account:
    """Where the joules went since the start, apart from what is stored now."""

    electric: float = 0.0
    walls: float = 0.0
    gasket: float = 0.0
    door: float = 0.0
    steam: float = 0.0
    food: float = 0.0  # brought in with food, less what was carried out with it

    def balance(self) -> float:
        return self.electric + self.food - self.walls - self.gasket - self.door - self.steam


class Plant:
    """One oven, its kitchen and its person. Same seed and settings, same bake."""

    def __init__(self, seed: int = 0, settings: Mapping[str, float] | None = None) -> None:
        unknown = set(settings or {}) - set(SETTINGS)
        if unknown:
            raise KeyError(f"no such setting: {', '.join(sorted(unknown))}; there are {', '.join(SETTINGS)}")
        self.set = {name: default for name, (default, _, _) in SETTINGS.items()} | dict(settings or {})
        self.random = random.Random(seed)
        self.now = 0.0
        self.faults: dict[str, float] = {}  # name -> since
        room = self.set["ambient_c"]
        self.temps = [room] * 7
        self.heats = [HEAT_AIR, HEAT_WALL, HEAT_SHELL, ELEMENTS[0].heat, ELEMENTS[1].heat, 0.0, 0.0]
        self.ntc = self.probe = room
        self.board = room + 4.0
        self.water = 0.0  # J that the food can still lose as steam
        self.fan_rpm = 0.0
        self.contacts = [False, False, False]  # main, top, bottom
        self.wander = 0.0
        self.volts = self.set["mains_v"]
        self.amps = [0.0, 0.0]
        self.account = Account()
        self.start_joules = self.stored()
        self._tolerance = [1 + self.random.uniform(-0.03, 0.03) for _ in ELEMENTS]
        self._calm = random.Random(seed + 1)  # the person's own dice: noise does not change what they do
        self._peeks = sorted(self._calm.uniform(700, self.set["off_s"]) for _ in range(int(self.set["peeks"])))
        self._frozen = 0
        self._spill = 0.0

    # --- what a simulation calls ---

    def inject(self, fault: str) -> None:
        """Break something now."""
        if fault not in FAULTS:
            raise KeyError(f"no such fault: {fault}; there are {', '.join(FAULTS)}")
        self._frozen = self._adc_ntc()
        self.faults.setdefault(fault, self.now)

    def step(self, dt_s: float, outputs: Sequence[int]) -> None:
        """Let `dt_s` pass with the outputs (main, top, bottom, fan, lamp) at these levels."""
        self._serve_food()
        self._switch(outputs)
        self._mains(dt_s)
        for _ in range(SUBSTEPS):
            self._flow(dt_s / SUBSTEPS, bool(outputs[4]))
        self._sense(dt_s, bool(outputs[3]))
        self.now += dt_s

    def inputs(self) -> list[int]:
        """Raw readings in the order of board.toml."""
        program, target = self.panel()
        open_door = self.door_open() or "door_switch" in self.faults
        return [
            self._adc_ntc(),
            self._adc((self.probe + 20) * 10, 0.8) if self._parked() or self._in_food() else 4095,
            self._adc(self.volts / 0.08, 2.5),
            self._adc(sum(self.amps) / 0.005, 2.0),
            int(open_door),
            max(0, round(self.fan_rpm / 30 + self._noise(0.4))) if self.fan_rpm > 20 else 0,
            self._adc(ntc_reading(self.board, 10_000, 3435, 10_000, 4095), 1.0),
            int(self._parked()),
            program,
            target,
        ]

    def truth(self) -> dict[str, float]:
        """What a signal would show if its sensor were sound and without lag."""
        return {"cavity_temp": self.temps[AIR]}

    def stored(self) -> float:
        """Joules in all nodes, above 0 °C."""
        return sum(temp * heat for temp, heat in zip(self.temps, self.heats, strict=True))

    def imbalance(self) -> float:
        """Joules by which the account and the stored heat are apart: rounding only."""
        return self.stored() - self.start_joules - self.account.balance()

    # --- the person ---

    def panel(self) -> tuple[int, int]:
        """Programme and temperature as chosen now."""
        on = self.set["start_s"] <= self.now < self.set["off_s"]
        return (int(self.set["program"]), int(self.set["target_c"])) if on else (0, 0)

    def door_open(self) -> bool:
        visits = [*self._peeks]
        if self.set["load_s"]:
            visits += [self.set["load_s"], self.set["load_s"] + self.set["bake_s"]]
        return any(at <= self.now < at + self.set["door_s"] for at in visits)

    def _serve_food(self) -> None:
        in_at = self.set["load_s"] + self.set["door_s"] / 2
        inside = self.set["load_s"] > 0 and in_at <= self.now < in_at + self.set["bake_s"]
        if inside == self._has_food():
            return
        joules = self.stored()
        kg = self.set["load_kg"] if inside else 0.0
        self.heats[CRUST], self.heats[CORE] = kg * FOOD_HEAT * 0.3, kg * FOOD_HEAT * 0.7
        self.temps[CRUST] = self.temps[CORE] = FOOD_COLD
        self.water = kg * FOOD_LATENT
        self.account.food += self.stored() - joules

    def _has_food(self) -> bool:
        return self.heats[CORE] > 0

    def _in_food(self) -> bool:
        return bool(self.set["probe_in_food"]) and self._has_food()

    def _parked(self) -> bool:
        return not self.set["probe_in_food"]

    # --- electricity ---

    def _switch(self, outputs: Sequence[int]) -> None:
        welds = ("main_relay_welded", "", "relay_welded")
        for at, weld in enumerate(welds):
            closed = bool(outputs[at])
            self.contacts[at] = closed or (self.contacts[at] and weld in self.faults)

    def _mains(self, dt: float) -> None:
        self.wander += -self.wander * dt / 60 + self._noise(0.8) * math.sqrt(2 * dt / 60)
        source = (178.0 if "mains_low" in self.faults else self.set["mains_v"]) + self.wander
        siemens = [self._conductance(at) for at in range(2)]
        self.volts = source / (1 + LINE_OHM * sum(siemens))
        self.amps = [self.volts * one for one in siemens]

    def _conductance(self, at: int) -> float:
        open_now = ("element_top_open", "element_bottom_open")[at] in self.faults or "cutout_open" in self.faults
        if open_now or not (self.contacts[0] and self.contacts[at + 1]):
            return 0.0
        whole = 0.55 if at == 0 and "element_top_weak" in self.faults else 1.0
        return self._tolerance[at] * whole / ELEMENTS[at].resistance(self.temps[TOP + at])

    # --- heat ---

    def _flow(self, dt: float, lamp: bool) -> None:
        """One explicit step: each flow leaves one node and enters another, or the account."""
        temps, account, room = self.temps, self.account, self.set["ambient_c"]
        air, wall, shell = temps[AIR], temps[WALL], temps[SHELL]
        stir = min(1.0, self.fan_rpm / 2500)
        q = [0.0] * 7
        wall4 = (wall + KELVIN) ** 4
        for at, element in enumerate(ELEMENTS):
            hot = temps[TOP + at]
            radiant = 0.9 * SIGMA * element.area * ((hot + KELVIN) ** 4 - wall4)
            convected = (8 + 14 * stir) * element.area * (hot - air)
            power = self.amps[at] * self.volts
            account.electric += power * dt
            q[TOP + at] += power - radiant - convected
            q[WALL] += radiant
            q[AIR] += convected
        moved = (11 + 15 * stir) * WALL_AREA * (wall - air)
        through, out = WALL_SHELL * (wall - shell), SHELL_ROOM * (shell - room)
        self._spill = GASKET_TORN * (air - room) if "gasket_leak" in self.faults else 0.0
        leaked = GASKET * (air - room) + self._spill
        q[AIR] += moved - leaked
        q[WALL] -= moved + through
        q[SHELL] += through - out
        extra = FAN_W * stir + LAMP_W * lamp
        q[AIR] += extra
        account.electric += extra * dt
        account.walls += out * dt
        account.gasket += leaked * dt
        if self.door_open():
            self._door(q, dt, air - room, wall4 - (room + KELVIN) ** 4)
        if self._has_food():
            self._food(q, dt, air, wall, stir)
        for node in range(7):
            if self.heats[node]:
                temps[node] += q[node] * dt / self.heats[node]

    def _door(self, q: list[float], dt: float, above: float, above4: float) -> None:
        air, radiant = DOOR_AIR * above, 0.7 * SIGMA * DOOR_AREA * above4
        q[AIR] -= air
        q[WALL] -= radiant
        self.account.door += (air + radiant) * dt

    def _food(self, q: list[float], dt: float, air: float, wall: float, stir: float) -> None:
        kg, crust, core = self.set["load_kg"], self.temps[CRUST], self.temps[CORE]
        area = 0.09 * kg ** (2 / 3)
        convected = (9 + 14 * stir) * area * (air - crust)
        radiant = 0.6 * SIGMA * area * ((wall + KELVIN) ** 4 - (crust + KELVIN) ** 4)
        inward = 4.0 * kg * (crust - core)
        steam = min(60.0 * kg * max(0.0, crust - 100), self.water / dt)
        self.water -= steam * dt
        self.account.steam += steam * dt
        q[AIR] -= convected
        q[WALL] -= radiant
        q[CRUST] += convected + radiant - inward - steam
        q[CORE] += inward

    # --- sensors ---

    def _sense(self, dt: float, fan_on: bool) -> None:
        temps, room = self.temps, self.set["ambient_c"]
        speed = 2600 * min(1.1, self.volts / NOMINAL_V) if fan_on else 0.0
        speed *= 0.0 if "fan_seized" in self.faults else 0.42 if "fan_worn" in self.faults else 1.0
        self.fan_rpm += (speed - self.fan_rpm) * min(1.0, dt / (0.6 if "fan_seized" in self.faults else 2.0))
        stir = min(1.0, self.fan_rpm / 2500)
        air, wall = temps[AIR], temps[WALL]
        felt = 0.93 * air + 0.07 * wall + 0.006 * (1 - stir) * (temps[TOP] - air)
        self.ntc += (felt - self.ntc) * dt / (12 - 4 * stir)
        clip = 0.85 * air + 0.15 * wall - 0.02 * (air - room)
        self.probe += ((temps[CORE] if self._in_food() else clip) - self.probe) * dt / (45 - 15 * stir)
        warm = room + 4 + 0.085 * (wall - room) + 0.045 * self._spill
        self.board += (warm - self.board) * dt / 240

    def _adc_ntc(self) -> int:
        if "ntc_open" in self.faults:
            return 4095
        if "ntc_short" in self.faults:
            return 0
        if "ntc_stuck" in self.faults:
            return self._frozen
        shown = self.ntc
        if "ntc_drift" in self.faults:
            shown -= min(70.0, 0.08 * (self.now - self.faults["ntc_drift"]))
        reading = ntc_reading(shown, 100_000, 3950, 3300, 4095)
        if "ntc_loose" in self.faults and (self.now - self.faults["ntc_loose"]) % 23 < 6:
            reading = ntc_reading(shown - 90, 100_000, 3950, 3300, 4095)
        return self._adc(reading, 0.8)

    def _adc(self, reading: float, noise: float) -> int:
        return max(0, min(4095, round(reading + self._noise(noise))))

    def _noise(self, sigma: float) -> float:
        scale = self.set["noise"]
        return self.random.gauss(0, sigma * scale) if scale else 0.0
