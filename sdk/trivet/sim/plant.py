"""A board's plant with checked names: an unknown fault or setting, or a value that does not fit, is refused with a
word on what would fit. Loads nothing itself, never steps anything.
"""

import difflib
from collections.abc import Iterable, Mapping

from trivet import boards
from trivet.boards import Board, Plant

from .errors import SimulationError


def make(board: Board, seed: int, chosen: Mapping[str, float]) -> Plant:
    """The plant with the settings' defaults and `chosen` over them."""
    module = boards.plant(board)
    values = {name: float(row[0]) for name, row in module.SETTINGS.items()}
    for name, value in chosen.items():
        values[named(name, module.SETTINGS, "setting", board)] = value
    try:
        return module.Plant(seed, values)
    except ValueError as err:
        raise SimulationError(f"{board.name} cannot work with these settings: {err}") from err


def fault(board: Board, name: str) -> str:
    """`name`, if the board's physics can break that way."""
    return named(name, boards.plant(board).FAULTS, "fault", board)


def named(name: str, known: Iterable[str], what: str, board: Board) -> str:
    """`name` if it is known; else an error that offers the nearest names."""
    names = list(known)
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, 3, 0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(names)}."
    raise SimulationError(f"{board.name} has no {what} {name!r}: {hint}")
