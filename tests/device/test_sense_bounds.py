"""Nothing on the tick's way leaves ±2^30: the same code over a checked integer, with the extremes of every input."""

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from appliance.sense import board as board_module
from appliance.sense import conditions, signals
from appliance.sense.board import Board
from appliance.sense.monitors import Monitors, crosscheck, rate
from appliance.sense.signals import Signals
from trivet_wire.ids import NOT_RUN

sys.path.insert(0, str(Path(__file__).parent.parent / "boards"))

from bake import loaded

SMALL = 1 << 30


class Checked(int):
    """An integer of the chip's small ones: arithmetic that leaves them raises."""


def _checked(name: str) -> Callable[..., Any]:
    plain = getattr(int, name)

    def operation(self: int, *args: int) -> Any:
        made = plain(self, *args)
        if made is NotImplemented:
            return made
        if not -SMALL <= made < SMALL:
            raise OverflowError(f"{int(self)} {name} {args} leaves the small integers")
        return Checked(made)

    return operation


for _name in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor"):
    setattr(Checked, f"__{_name}__", _checked(f"__{_name}__"))
    setattr(Checked, f"__r{_name}__", _checked(f"__r{_name}__"))
for _name in ("neg", "abs"):
    setattr(Checked, f"__{_name}__", _checked(f"__{_name}__"))


class Cells(list[int]):
    """Stands in for `array`: what is put in comes out checked."""

    def __init__(self, typecode: str, items: Any = ()) -> None:
        if isinstance(items, bytes):
            from array import array

            items = array(typecode, items)
        super().__init__(Checked(item) for item in items)

    def __setitem__(self, at: Any, value: Any) -> None:
        super().__setitem__(at, Checked(value))

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return Cells("i", found) if isinstance(at, slice) else found


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Board:
    for module in (board_module, conditions, signals, crosscheck, rate):
        monkeypatch.setattr(module, "array", Cells)
    return Board(loaded("oven")[1]["board.cbor"])


EXTREMES = [-SMALL, -32768, -1, 0, 1, 3, 5, 150, 300, 2000, 4000, 4095, 4096, 32767, SMALL - 1]


@pytest.mark.parametrize("seed", range(5))
def test_signals_monitors_and_control_stay_small(checked: Board, seed: int) -> None:
    """Readings jump between extremes and stay there for a while, so that every window and sum fills."""
    dice = random.Random(seed)
    sense, drivers = Signals(checked), loaded("oven")[2]
    monitors = Monitors(checked, bytearray(checked.n_events))
    control = drivers.Application(checked)
    raw = Cells("i", [0] * checked.n_inputs)
    levels = Cells("h", checked.safe)
    left = [0] * checked.n_inputs
    ran: set[int] = set()

    def report(event: int, verdict: int, now: int) -> None:
        if verdict != NOT_RUN:
            ran.add(int(event))

    class Allowed:
        def allowed(self, function: int) -> bool:
            return seed % 2 == 0 or function % 2 == 0

    for tick in range(4000):
        for at in range(len(raw)):
            if left[at] == 0:
                raw[at] = dice.choice(EXTREMES) if seed < 4 else dice.randrange(0, 4096)
                left[at] = dice.choice([1, 30, 400, 1500])
            left[at] -= 1
        sense.convert(raw, Checked(tick * 500))
        monitors.run(Checked(tick * 500), sense.values, sense.validity, report)
        control.tick(Checked(tick * 500), sense.values, sense.validity, Allowed(), levels)
        if dice.random() < 0.01:
            levels = Cells("h", [dice.randrange(2) for _ in levels])
        sense.follow(levels)
    assert len(ran) >= 12, "most monitors had something to judge"


def test_the_check_itself_sees_what_is_too_large() -> None:
    with pytest.raises(OverflowError):
        Checked(1 << 20) * (1 << 10)
    assert Checked(3) * 4 == 12
