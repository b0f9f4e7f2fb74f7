"""What a signal or output is called, for people: takes the packed board, gives name, unit and scale of one, read anew
each time, so that no list of names stays in the heap.
"""

from trivet_wire.cbor import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Packed

_HEAD = 6  # format, model, tick, history's period and depth, inputs
_BETWEEN = 7  # arrays of all signals behind their scales


def named(packed: "Packed", source: int) -> "tuple[str, str, int]":
    """(name, unit, steps per unit) of `source` in the appliance's values; IndexError when there is none."""
    reader = Reader(packed.read("board.cbor"))
    reader.array()
    for _ in range(_HEAD):
        reader.item()
    found = ("", "", 1)
    signals = reader.array()
    for at in range(signals):
        reader.array()
        name, unit = reader.tstr(), reader.tstr()
        if at == source:
            found = (name, unit, 1)
    scales = reader.bstr()
    if source < signals:
        at = scales + 4 * source
        return found[0], found[1], int.from_bytes(bytes(memoryview(reader.buf)[at : at + 4]), "little")
    for _ in range(_BETWEEN):
        reader.bstr()
    for at in range(reader.array()):
        reader.array()
        name = reader.tstr()
        reader.integer()
        if at == source - signals:
            return name, "", 1
    raise IndexError(source)
