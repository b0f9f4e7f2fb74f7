"""Boards as data: `load` reads the TOML files, `pack` makes what the appliance carries, `rich` what the cloud knows.

`plant` loads a board's physics for simulation. Nothing here runs firmware or talks to anything.
"""

from .errors import BoardError
from .load import available, load
from .models import Board, Code, Debounce, Function, Monitor, Signal
from .pack import catalogue_id, pack, packed_catalogue
from .physics import Fault, Plant, PlantModule, plant
from .rich import rich

__all__ = [
    "Board",
    "BoardError",
    "Code",
    "Debounce",
    "Fault",
    "Function",
    "Monitor",
    "Plant",
    "PlantModule",
    "Signal",
    "available",
    "catalogue_id",
    "load",
    "pack",
    "packed_catalogue",
    "plant",
    "rich",
]
