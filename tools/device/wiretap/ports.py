"""What stands around the appliance in a house that is listened to: a flash whose power goes and which fails, and all
ports in one object. Takes a `House`.
"""

import gc
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powercut.flash import PowerCut, StrictFlash
from trivet import boards
from trivet_wire import cbor

if TYPE_CHECKING:
    from .house import House

BOARD = Path(__file__).parent / "board"
SECTORS = 16
gc.freeze()  # the firmware collects at each start: not what was loaded before


class Cut(BaseException):
    """The supply is gone: no part of the appliance may catch it."""


class Broken(AssertionError):
    """Something against the law was seen, or the appliance does not do its work."""


class Supply:
    """Of all that has flash."""

    dead = False


class Flash(StrictFlash):
    """`refusals`: operations that fail from now on without the power going."""

    def __init__(self, sectors: int, supply: Supply) -> None:
        super().__init__(sectors)
        self.refusals = 0
        self._supply = supply

    def _do(self, operation: Any) -> None:
        if self._supply.dead:
            raise Cut
        if self.refusals:
            self.refusals -= 1
            raise OSError(5)
        try:
            super()._do(operation)
        except PowerCut:
            self._supply.dead = True
            raise Cut from None


@cache
def board() -> tuple[boards.Board, dict[str, bytes]]:
    board = boards.load(BOARD)
    return board, boards.pack(board)


class Ports:
    """`appliance.ports.Ports` in one object, for one start."""

    def __init__(self, house: "House", cause: int) -> None:
        self.house = house
        self.clock = self.sensors = self.actuators = self.teller = self.files = self.packed = self.watchdog = self
        self.flash, self.ledger_flash, self.link = house.flash, house.ledger, house.line
        self.cause = cause
        self.uart = self.listener = None
        self.locked = True
        self.retained = house.retained
        self._dice = 0

    def ticks_ms(self) -> int:
        return self.house.uptime

    def link_ms(self) -> int:
        return self.house.uptime

    def wall_s(self) -> int:
        return self.house.wall

    def read(self, what: Any) -> Any:
        """Sensors fill an array; files are read by name."""
        if not isinstance(what, str):
            self.house.sense(what)
            return None
        if what == "identity.cbor":
            facts = self.house.judge.house
            names = {"id": bytes.fromhex(facts.device), "epoch": facts.epoch, "message_key": facts.key}
            return cbor.encode({**names, "brokers": [["one", 1], ["two", 2]], "model": "TAP"})
        if what in self.house.files:
            return self.house.files[what]
        packed = board()[1].get(what)
        return None if packed is None else memoryview(packed)

    def piece(self, name: str, off: int, length: int) -> bytes:
        return board()[1][name][off : off + length]

    def write(self, *what: Any) -> None:
        """Outputs lead nowhere; files are written whole."""
        if len(what) == 2:
            self.house.files[what[0]] = bytes(what[1])

    def tell(self, event: dict[str, Any]) -> None:
        if event["e"] == "misunderstood":
            raise Broken(f"not understood: {event}")

    def show(self, text: str) -> None: ...

    def feed(self) -> None: ...

    def unload(self, module: str) -> None: ...

    def witnessed(self, journal: "object") -> None: ...

    def spare(self) -> None: ...

    def trace(self, error: BaseException) -> str:
        return f'  File "program.py", line 7\n{error!r}'

    def random(self, n: int) -> bytes:
        self._dice += 1
        return bytes((self._dice * 37 + i) & 0xFF for i in range(n))

    def reset(self) -> None:
        raise SystemExit
