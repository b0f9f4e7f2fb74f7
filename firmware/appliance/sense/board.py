"""The compiled board: takes `board.cbor` (trusted, written by the SDK), gives arrays and short lists for the tick.

Decodes once, at start, item by item, so that no tree of the whole file stands in the heap. Never reads a file itself.
"""

from array import array

from trivet_wire.cbor import Reader
from trivet_wire.ids import R_VERSION
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

FORMAT = 1  # of board.cbor; the SDK writes the same number
_FIELDS = 27  # of the first boards; what came later stands behind
_STORAGE_FIELDS = 30
HOLD_WIDTH = 4  # why (0 hot, 1 locked, 2 wet), source, limit, steps per unit
CONDITION_WIDTH = 5  # source, operator, value, minus (a second source or -1), ticks
DEBOUNCE_WIDTH = 10  # see `Board.debounce`
# event, judges, validity, [first, end) of conditions, sources and explaining events, kind, [first, end) of parameters
MONITOR_WIDTH = 12


class Function:
    """What the appliance can do, and by which events (with which FiM mask) it is switched off."""

    def __init__(self, name: str, hazardous: bool, rules: "array[int]") -> None:
        self.name = name
        self.hazardous = hazardous
        self.rules = rules  # event, mask, event, mask, …


class Board:
    """All that the tick needs to know of the appliance. Signals come first in the index space, then outputs."""

    def __init__(self, data: "Buffer") -> None:
        r = Reader(data)
        fields = r.array()
        if r.integer() != FORMAT:
            raise WireError(R_VERSION)
        self.model = r.tstr()
        self.tick_ms = r.integer()
        self.history_period_ms = r.integer()
        self.history_depth = r.integer()
        self.n_inputs = r.integer()
        self._read_signals(r)
        self._read_outputs(r)
        self.n_events = r.integer()
        # MONITOR_WIDTH numbers per monitor, plausibility first
        self.monitors = _ints(r, "h")
        self.n_monitors = len(self.monitors) // MONITOR_WIDTH
        self.conditions = _ints(r, "i")  # CONDITION_WIDTH numbers per condition, of all monitors
        self.sources = _ints(r, "b")  # signals that must be valid, of all monitors
        self.explained_by = _ints(r, "h")  # events that explain a failure, so that the monitor need not run
        self._params = _ints(r, "i")
        # Per event DEBOUNCE_WIDTH numbers: kind, t_fail, t_pass, inc, dec, jump_up, jump_down, on_disable as
        # `EventConfig.debounce` takes them, then trigger and fdc as `EventConfig.frames` takes them
        self.debounce = _ints(r, "i")
        self.functions: list[Function] = []
        for _ in range(r.array()):
            r.array()
            name = r.tstr()
            hazardous = r.integer() != 0
            self.functions.append(Function(name, hazardous, _ints(r, "h")))
        self.cycle = _ints(r, "i")  # conditions that hold while an operation cycle runs
        self.internal: dict[str, int] = {}  # source (a name the firmware knows) -> event
        for _ in range(r.array()):
            r.array()
            name = r.tstr()
            self.internal[name] = r.integer()
        self.gates: dict[str, array[int]] = {}  # name -> conditions under which it is open
        for _ in range(r.array()):
            r.array()
            name = r.tstr()
            self.gates[name] = _ints(r, "i")
        self.storage = array("i")  # conditions under which entries are withheld
        self.storage_ends = array("h")  # where those of each storage condition end
        self.storage_of = bytearray(self.n_events)  # per event, which storage conditions it needs: a bit each
        if fields > _FIELDS:
            self.storage = _ints(r, "i")
            self.storage_ends = _ints(r, "h")
            self.storage_of[:] = _ints(r, "B")
        self.holds = array("i")  # HOLD_WIDTH numbers a signal above whose limit no update starts
        if fields > _STORAGE_FIELDS:
            self.holds = _ints(r, "i")
        r.done()

    def _read_signals(self, r: Reader) -> None:
        n = self.n_signals = r.array()
        self.signals: list[str] = []
        self.units: list[str] = []
        for _ in range(n):
            r.array()
            self.signals.append(r.tstr())
            self.units.append(r.tstr())
        self.scales = _ints(r, "i")  # steps per unit
        self.purposes = _ints(r, "b")
        self.input_of = _ints(r, "b")
        self.low = _ints(r, "i")  # scaled limits of what is VALID
        self.high = _ints(r, "i")
        self.table_at = _ints(r, "h")  # first point of each signal's table, and the end of the last
        self.points_raw = _ints(r, "i")
        self.points_value = _ints(r, "i")

    def _read_outputs(self, r: Reader) -> None:
        self.outputs: list[str] = []
        self.safe = array("h")  # level of each output when nothing may run
        for _ in range(r.array()):
            r.array()
            self.outputs.append(r.tstr())
            self.safe.append(r.integer())
        self.n_outputs = len(self.outputs)

    def params(self, monitor: int) -> "array[int]":
        """The numbers of one monitor, in the order of its kind's PARAMS."""
        at = monitor * MONITOR_WIDTH
        return self._params[self.monitors[at + 10] : self.monitors[at + 11]]

    def index(self, name: str) -> int:
        """Position of a signal or output in `values`; ValueError when the board has none of that name."""
        if name in self.signals:
            return self.signals.index(name)
        return self.n_signals + self.outputs.index(name)

    def output(self, name: str) -> int:
        """Position of an output in `levels`."""
        return self.outputs.index(name)

    def function(self, name: str) -> int:
        """Position of a function, as inhibition counts them; -1 when the board has none of that name."""
        for i in range(len(self.functions)):
            if self.functions[i].name == name:
                return i
        return -1


def _ints(r: Reader, typecode: str) -> "array[int]":
    """An array packed as its bytes, little-endian as all our machines are."""
    start = r.bstr()
    return array(typecode, bytes(memoryview(r.buf)[start : r.pos]))
