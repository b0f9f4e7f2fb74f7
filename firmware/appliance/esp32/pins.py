"""The board's pins as its ports: takes the table that the SDK packed from board.toml, gives Sensors and Actuators. Each
kind of pin is one file of this room, loaded where the board has one; what is no pin of the chip (a panel, a module on a
bus of the maker's own) is left to the maker's `inputs.py`.

    pins.cbor   [1, inputs, outputs, i2c, button]
    input       [kind, text, number …]     kinds: 0 the maker's own, 1 adc, 2 gpio, 3 pcnt, 4 edge, 5 1wire, 6 i2c
    output      [kind, text, safe, pin, lowered]     kinds: 0 the maker's own, 2 gpio
    i2c         [sda, scl], or null where nothing is on it; button: a gpio's row, or null

An input that cannot be set up is silent from then on: its monitors say so, the rest of the appliance works.
"""

from trivet_wire import cbor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any, Protocol

    class Reader(Protocol):
        """One kind of input."""

        def read(self) -> int:
            """The raw value, or NO_SAMPLE. Waits for nothing longer than some milliseconds."""
            ...

    class Inputs(Protocol):
        """What a maker's `inputs.py` offers; each method is optional."""

        def read(self, raw: array[int]) -> None: ...

        def write(self, levels: array[int]) -> None: ...

        def show(self, text: str) -> None: ...


FORMAT = 1
FILE = "pins.cbor"
NO_SAMPLE = -(1 << 31)  # as sense/signals.py has it

_OWN = 0
_ADC = 1
_GPIO = 2
_PCNT = 3
_EDGE = 4
_WIRE = 5
_I2C = 6


def table(data: "bytes | memoryview") -> "list[Any]":
    """The packed table's fields. ValueError for one of another format."""
    rows: list[Any] = cbor.decode(data, len(data))
    if rows[0] != FORMAT:
        raise ValueError("pins of another format")
    return rows


class Silent:
    """An input that could not be set up."""

    def read(self) -> int:
        return NO_SAMPLE


class Pins:
    """ports.Sensors and ports.Actuators. `failed`: places of the inputs that could not be set up."""

    def __init__(self, rows: "list[Any]") -> None:
        from .outputs import Outputs

        self._rows = rows
        self._outputs = Outputs(rows[2])
        self._own: Inputs | None = None
        self._reads = self._writes = False
        self._readers: list[Reader | None] = []
        self.failed = bytearray()
        for place in range(len(rows[1])):
            self._readers.append(self._reader(place))
        self.button: Reader | None = _gpio(rows[4]) if rows[4] else None

    def _reader(self, place: int) -> "Reader | None":
        try:
            return _made(self._rows[1][place], self._rows[3])
        except (OSError, ValueError):  # a bus without pull-ups, a pin that this chip does not have
            self.failed.append(place)
            return Silent()

    def input(self, text: str) -> int:
        """For a maker's `inputs.py`: the place of the input whose `pin` in board.toml says so; ValueError for none."""
        return _place(self._rows[1], text)

    def output(self, text: str) -> int:
        """Likewise of an output."""
        return _place(self._rows[2], text)

    def lend(self, own: "Inputs") -> None:
        """From now on the maker's own inputs and outputs are served by this."""
        self._own = own
        self._reads = hasattr(own, "read")
        self._writes = hasattr(own, "write")

    def read(self, raw: "array[int]") -> None:
        """ports.Sensors"""
        for i in range(len(raw)):
            reader = self._readers[i]
            raw[i] = NO_SAMPLE if reader is None else reader.read()
        own = self._own
        if self._reads and own is not None:
            own.read(raw)

    def write(self, levels: "array[int]") -> None:
        """ports.Actuators"""
        self._outputs.write(levels)
        own = self._own
        if self._writes and own is not None:
            own.write(levels)

    def rest(self) -> None:
        """Every output of the chip to its safe level."""
        self._outputs.rest()


def _place(rows: "list[Any]", text: str) -> int:
    for place in range(len(rows)):
        if rows[place][1] == text:
            return place
    raise ValueError("the board has no pin " + text)


def _gpio(row: "list[Any]") -> "Reader":
    from .digital import Level

    return Level(row[2], row[3], row[4])


def _made(row: "list[Any]", bus: "list[int] | None") -> "Reader | None":
    kind = row[0]
    if kind == _OWN:
        return None
    if kind == _ADC:
        from .adc import Adc

        return Adc(row[2], row[3], row[4], row[5])
    if kind == _GPIO:
        return _gpio(row)
    if kind == _PCNT:
        from .pulses import Pulses

        return Pulses(row[2], row[3])
    if kind == _EDGE:
        from .edges import Edges

        return Edges(row[2])
    if kind == _WIRE:
        from .wire import Wire

        return Wire(row[2], row[3])
    if kind == _I2C and bus:
        from .i2c import Thermometer

        return Thermometer(bus[0], bus[1], row[2], row[3])
    raise ValueError("no such kind of pin")
