"""From the board's packed data to what the fault rooms are built with. Takes the decoded board and catalogue, gives
their configuration; runs once at start, keeps nothing.
"""

from .faults.config import EventConfig
from .faults.inhibit import Inhibit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trivet_wire.catalogue import Catalogue

    from .sense.board import Board


def event_config(board: "Board", catalogue: "Catalogue") -> EventConfig:
    """Debounce of each event from the board, thresholds from the catalogue. ValueError where the two do not fit."""
    config = EventConfig(board.n_events)
    config.fill(catalogue, board.debounce, board.n_signals + board.n_outputs)
    config.storage[:] = board.storage_of
    return config


def inhibition(board: "Board") -> Inhibit:
    """Each function and the rows (function, event, mask) that switch it off."""
    hazardous = bytearray()
    rows = bytearray()
    for index in range(len(board.functions)):
        function = board.functions[index]
        hazardous.append(1 if function.hazardous else 0)
        for at in range(0, len(function.rules), 2):
            rows.extend(bytes((index, function.rules[at], function.rules[at + 1])))
    return Inhibit(bytes(hazardous), bytes(rows))
