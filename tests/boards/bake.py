"""A bake without an interpreter between: the board's plant and the firmware's own tick, in this process.

Takes a seed, settings and a fault, gives the status byte that each event ever had. The firmware is pure Python, so this
is the code that the appliance runs; only the journal is left out.
"""

import importlib.util
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

from appliance import wiring
from appliance.faults.history import History
from appliance.faults.manager import Manager
from appliance.faults.state import EventState
from appliance.sense.board import Board
from appliance.sense.monitors import Monitors
from appliance.sense.signals import Signals
from appliance.tick import Tick
from trivet import boards
from trivet_wire import ids
from trivet_wire.catalogue import Catalogue


@dataclass
class Seen:
    """When each event was first failed or pending, when it was confirmed, and what was ever switched off."""

    failed: dict[str, float] = field(default_factory=dict)
    confirmed: dict[str, float] = field(default_factory=dict)
    inhibited: set[str] = field(default_factory=set)


@cache
def loaded(name: str) -> tuple[boards.Board, dict[str, bytes], ModuleType]:
    """Board, packed files and control program."""
    board = boards.load(name)
    spec = importlib.util.spec_from_file_location(f"{name}_drivers", board.folder / "drivers.py")
    assert spec
    assert spec.loader
    drivers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drivers)
    return board, boards.pack(board), drivers


class Kitchen:
    """The appliance's tick and its plant, in lock-step."""

    def __init__(self, name: str = "oven", seed: int = 1, settings: Mapping[str, float] | None = None) -> None:
        self.model, packed, drivers = loaded(name)
        self.plant: Any = boards.plant(self.model).Plant(seed, settings or {})
        self.board = Board(packed["board.cbor"])
        config = wiring.event_config(self.board, Catalogue(packed["catalogue.bin"]))
        self.manager = Manager(config, EventState(self.board.n_events))
        self.signals = Signals(self.board)
        self.monitors = Monitors(self.board, self.manager.status, self.manager.settled)
        self.inhibit = wiring.inhibition(self.board)
        values, validity = self.signals.values, self.signals.validity
        history = History(0xFF, values, validity, self.board.history_period_ms, self.board.history_depth)
        self.application = drivers.Application(self.board)
        self.levels = array("h", self.board.safe)
        self.tick = Tick(
            self.board,
            SimpleNamespace(read=self._read),
            SimpleNamespace(write=self._write),
            self.signals,
            self.monitors,
            self.manager,
            SimpleNamespace(uptime_s=0),
            self.inhibit,
            history,
            self.application,
        )
        self.now_ms = 0
        self.raw: list[int] = []
        self.seen = Seen()
        self._status = b""

    def _read(self, raw: "array[int]") -> None:
        self.raw = self.plant.inputs()
        for at, reading in enumerate(self.raw):
            raw[at] = reading

    def _write(self, levels: "array[int]") -> None:
        self.levels[:] = levels

    def step(self) -> None:
        self.plant.step(self.board.tick_ms / 1000, self.levels)
        self.tick.run(self.now_ms)
        if bytes(self.manager.status) != self._status or self.inhibit.mask:
            self._note()
        self.now_ms += self.board.tick_ms

    def _note(self) -> None:
        self._status = bytes(self.manager.status)
        for event, status in enumerate(self.manager.status):
            if status & (ids.TEST_FAILED | ids.PENDING | ids.CONFIRMED):
                name = self.model.codes[event].event
                self.seen.failed.setdefault(name, self.now_ms / 1000)
                if status & ids.CONFIRMED:
                    self.seen.confirmed.setdefault(name, self.now_ms / 1000)
        if self.inhibit.mask:
            names = [one.name for one in self.model.functions]
            self.seen.inhibited |= {name for at, name in enumerate(names) if self.inhibit.mask >> at & 1}

    def run(self, until_s: float) -> None:
        while self.now_ms < until_s * 1000:
            self.step()


def bake(
    seed: int = 1, fault: str | None = None, until_s: float = 3600, at_s: float | None = None, **settings: float
) -> Seen:
    """One bake of the oven; a fault breaks at its own time and is watched to its own end unless told otherwise."""
    kitchen = Kitchen("oven", seed, settings)
    if fault is not None:
        known = boards.plant(kitchen.model).FAULTS[fault]
        kitchen.run(known.at_s if at_s is None else at_s)
        kitchen.plant.inject(fault)
        until_s = known.until_s if at_s is None else until_s
    kitchen.run(until_s)
    return kitchen.seen
