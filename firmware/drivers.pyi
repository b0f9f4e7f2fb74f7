"""What a board's `drivers.py` offers: the maker's own control program. It comes into the ROM image from
boards/<name>/."""

from array import array

from appliance.faults.inhibit import Inhibit
from appliance.sense.board import Board

class Application:
    def __init__(self, board: Board) -> None: ...
    def tick(self, now: int, values: array[int], validity: bytearray, inhibit: Inhibit, levels: array[int]) -> None: ...
