"""What a board's physics.py must offer, and its import. The physics itself stands with the board.

A plant is the appliance's world: it takes the levels of the outputs, gives raw readings, and its person starts a bake.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol, cast

from .errors import BoardError
from .models import Board


@dataclass(frozen=True)
class Fault:
    """One way in which the appliance can break. The first of the expected events is the right code."""

    text: str
    expected_events: tuple[str, ...]
    at_s: int  # when a run that shows it breaks it
    until_s: int  # when that run may end: the code is confirmed by then
    symptoms: tuple[str, ...] = ()  # events that may go pending beside it, as witnesses, never confirmed
    cause: str = ""  # what it is in the catalogue: a cause of the right code, by name
    lies: str = ""  # the signal whose reading is wrong because of it


class Plant(Protocol):
    def inject(self, fault: str) -> None:
        """Break something now; KeyError when there is no such fault."""
        ...

    def step(self, dt_s: float, outputs: Sequence[int]) -> None:
        """Let `dt_s` pass with the outputs at these levels."""
        ...

    def inputs(self) -> list[int]:
        """Raw readings in the order of board.toml; -2**31 where an input is silent."""
        ...


class PlantModule(Protocol):
    FAULTS: Mapping[str, Fault]
    SETTINGS: Mapping[str, tuple[float, str, str]]  # default, unit, text

    def Plant(self, seed: int, settings: Mapping[str, float]) -> Plant: ...


def plant(board: Board) -> PlantModule:
    """The board's physics.py as a module."""
    name = f"trivet_board_{board.name}_physics"
    if name not in sys.modules:
        file = board.folder / "physics.py"
        if not file.exists():
            raise BoardError(f"{file} is missing: without it the board cannot be simulated")
        sys.modules[name] = load_module(name, str(file))
    return cast(PlantModule, sys.modules[name])


def load_module(name: str, file: str) -> ModuleType:
    """Import a file under `name`; what it raises passes through. It stays in `sys.modules`, as dataclasses need it."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise BoardError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
