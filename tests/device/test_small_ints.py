"""The tick's arithmetic stays within +-2^30, where the chip needs no big integers: the same code over an int that
refuses more."""

import pytest
from appliance.faults.config import MAX_COUNT, MAX_MS, EventConfig
from appliance.faults.debounce import Debounce
from trivet_wire.ids import FAILED, NOT_RUN, PASSED, PREFAILED, PREPASSED

LIMIT = 1 << 30


class Small(int):
    """An int whose sums, products and shifts raise beyond what fits a small int of the chip."""


def _checked(name: str):  # type: ignore[no-untyped-def]
    def operation(self: int, *others: int) -> int:
        result = getattr(int, name)(self, *others)
        if result is NotImplemented:
            return result
        if not -LIMIT <= result < LIMIT:
            raise OverflowError(f"{name}: {result}")
        return Small(result)

    return operation


for _name in (
    "add",
    "radd",
    "sub",
    "rsub",
    "mul",
    "rmul",
    "floordiv",
    "rfloordiv",
    "neg",
    "and",
    "rand",
    "or",
    "lshift",
):
    setattr(Small, f"__{_name}__", _checked(f"__{_name}__"))


class SmallList(list[int]):
    """An array('i') that gives and keeps Small."""

    def __setitem__(self, index: int, value: int) -> None:  # type: ignore[override]
        assert -LIMIT <= value < LIMIT
        super().__setitem__(index, Small(value))


EXTREMES = (
    (0, MAX_COUNT, -MAX_COUNT, MAX_COUNT, MAX_COUNT),
    (0, MAX_COUNT, -MAX_COUNT, 1, 1),
    (0, 1, -1, MAX_COUNT, MAX_COUNT),
    (1, MAX_MS, MAX_MS, 1, 1),
    (1, 0, 0, 1, 1),
)


@pytest.mark.parametrize("extreme", EXTREMES)
def test_debounce_stays_small(extreme: tuple[int, int, int, int, int]) -> None:
    config = EventConfig(1)
    config.debounce(0, *extreme)
    for name in ("t_fail", "t_pass", "inc", "dec", "jump_up", "jump_down"):
        setattr(config, name, SmallList(Small(value) for value in getattr(config, name)))
    debounce = Debounce(config)
    for name in ("_count", "_last"):
        setattr(debounce, name, SmallList([Small(0)]))
    now = Small(0)
    for verdict in (PREFAILED, PREPASSED, PREFAILED, PREFAILED, FAILED, PREPASSED, PREPASSED, PASSED, PREFAILED) * 3:
        for gap in (1, MAX_MS // 2, LIMIT - 1):
            now = Small((int(now) + gap) % LIMIT)
            assert debounce.expire(0, now) in (FAILED, PASSED, NOT_RUN)
            debounce.step(0, verdict, now)
            assert -128 <= debounce.fdc(0) <= 127


@pytest.mark.parametrize(
    "bad",
    [
        (0, MAX_COUNT + 1, -1),
        (0, 0, -1),
        (0, 1, 0),
        (1, MAX_MS + 1, 0),
        (1, 0, -1),
        (2, 1, -1),
        (0, 1, -1, 0, 1),
        (0, 9, -9, 1, 1, 10),
    ],
)
def test_what_would_leave_the_range_is_refused_at_start(bad: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="event 0"):
        EventConfig(1).debounce(0, *bad)
