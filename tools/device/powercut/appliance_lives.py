"""The whole appliance, as its composition root builds it, living through a bake of the oven's physics with the power
taken away: every record that the journal makes live is a step of its own.

A start is the appliance's own: it must come up, count one more start than the last that counted, and run.
"""

import hashlib
import importlib.util
from array import array
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import Any

from appliance import app, built
from appliance.start import start
from appliance.store.boot import last_boot
from appliance.trust.ledger import FIRST
from trivet import boards
from trivet.boards import Board, Monitor
from trivet_wire import cbor, ids

from .cutting import State
from .flash import Part, StrictFlash
from .journal_lives import Watched, everything, mounted

JOURNAL, LEDGER = 16, 8  # sectors of the partitions, one behind the other
SECTORS = JOURNAL + LEDGER


@cache
def _oven() -> tuple[Board, dict[str, bytes], ModuleType]:
    """The oven, keeping each cycle of its relays: so that counting is cut as often as anything."""
    board = boards.load("oven")
    board = replace(board, monitors=tuple(_eager(one) for one in board.monitors))
    spec = importlib.util.spec_from_file_location("oven_drivers", board.folder / "drivers.py")
    assert spec is not None
    assert spec.loader is not None
    drivers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drivers)
    return board, boards.pack(board), drivers


def _eager(monitor: Monitor) -> Monitor:
    if monitor.kind != "lifetime":
        return monitor
    above, limit, _, signal = monitor.params
    return replace(monitor, params=(above, limit, 1, signal))


class Ports:
    """What `app` asks of the world: a plant (None: cold and silent), a strict flash, an identity that talks to
    nobody."""

    def __init__(self, flash: StrictFlash, plant: Any) -> None:
        self.clock = self.sensors = self.actuators = self.teller = self.files = self.packed = self.link = self
        self.watchdog = self
        self.cause = ids.RESET_POWER_ON
        self.retained = bytearray(4)
        self.uart = self.listener = None
        self.locked = True
        self.flash = Part(flash, 0, JOURNAL)
        self.ledger_flash = Part(flash, JOURNAL, LEDGER)
        self.now = 0
        self.outputs = [0] * len(_oven()[0].outputs)
        self._plant = plant
        self._dice = 0

    def ticks_ms(self) -> int:
        return self.now

    link_ms = ticks_ms

    def wall_s(self) -> int:
        return 0

    def read(self, what: Any) -> Any:
        """Sensors fill an array; files and the board's packed files are read by name."""
        if isinstance(what, array):
            readings = self._plant.inputs() if self._plant else [0] * len(what)
            what[:] = array("i", readings)
            return None
        if what == "identity.cbor":
            key = hashlib.sha256(b"powercut").digest()
            return cbor.encode({"id": key[:8], "epoch": 0, "message_key": key, "brokers": [], "model": "oven"})
        packed = _oven()[1].get(what)
        return None if packed is None else memoryview(packed)

    def piece(self, name: str, off: int, length: int) -> bytes:
        return _oven()[1][name][off : off + length]

    def write(self, levels: Any) -> None:
        self.outputs = list(levels)

    def tell(self, event: dict[str, Any]) -> None:
        if event["e"] == "crash":
            raise AssertionError(f"a task crashed: {event}")

    def show(self, text: str) -> None: ...

    def feed(self) -> None: ...

    def reset(self) -> None:
        raise AssertionError("nobody asked for a restart")

    def unload(self, module: str) -> None: ...

    def witnessed(self, journal: "object") -> None: ...

    def spare(self) -> None: ...

    def trace(self, error: BaseException) -> str:
        raise error

    def random(self, n: int) -> bytes:
        self._dice += 1
        return hashlib.shake_128(self._dice.to_bytes(4, "big")).digest(n)


def _started(ports: Ports) -> app.Appliance:
    """Whole, not reduced: a power cut is no crash."""
    built.Journal = Watched  # type: ignore[misc]  # for every later start too: marking does nothing without a log
    appliance = start(ports, lambda: _oven()[2].Application)  # type: ignore[arg-type]  # drivers are MicroPython's
    if not isinstance(appliance, app.Appliance) or appliance.heart is None or appliance.life.reduced:
        raise AssertionError("the appliance came up reduced")
    ledger = appliance.ledger
    if ledger is None or ledger.dead or ledger.end[FIRST]:
        raise AssertionError("the ledger is not as it was written")
    return appliance


def play_bake(
    flash: StrictFlash, *, seed: int, fault: str, lives: tuple[float, ...] = (420.0, 300.0, 240.0)
) -> Iterator[None]:
    """One plant, several starts: each ends without a farewell after so many seconds. The owner agrees at once."""
    board = _oven()[0]
    module = boards.plant(board)
    settings = {name: row[0] for name, row in module.SETTINGS.items()} | {"start_s": 20.0, "load_s": 300.0}
    plant = module.Plant(seed, settings)
    lived = 0.0
    for life, seconds in enumerate(lives):
        ports = Ports(flash, plant)
        appliance = _started(ports)
        if life == 0:
            appliance.decide(1, True, 0, "en", seed)
        yield None
        for turn in range(int(seconds * 1000 / board.tick_ms)):
            if life == 1 and turn == 200:
                plant.inject(fault)
            plant.step(board.tick_ms / 1000, ports.outputs)
            ports.now = turn * board.tick_ms
            appliance.run(ports.now)
            yield None
        lived += seconds
        if life == 1:
            appliance.clear(2)
            yield None


def read_bake(flash: StrictFlash) -> State:
    """All records, from a plain mount; and the whole appliance starts from a copy of them and runs."""
    journal = mounted(Part(flash, 0, JOURNAL))
    boot = last_boot(journal)
    state = everything(journal)
    if flash.log is not None:  # the first start from an image; the second one only has to find the same
        ports = Ports(StrictFlash(SECTORS, image=bytes(flash.image)), None)
        appliance = _started(ports)
        if appliance.boot != boot + 1:
            raise AssertionError(f"start {appliance.boot} after start {boot}")
        for turn in range(3):
            appliance.run(turn * 500)
    return state
