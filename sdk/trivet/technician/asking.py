"""What the bench asks an appliance: takes an open client, gives typed answers. One function a word."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

from trivet_wire import ids

from .answers import Cause, Facts, Found, Frame, Named, Now, Sample, Shown, Stamp, Step, Tested, Times, Who
from .client import Client, typed
from .errors import GarbledError, PulledError, SilentError
from .protocol import Row

T = TypeVar("T")
_SLOW_S = 15.0  # between two rows of what reads flash
_TEST_S = 65.0  # a self-test lasts a minute at most


def who(client: Client) -> Who:
    return typed(Who, again(client, lambda: client.ask("who"))[-1])


def codes(client: Client, *, every: bool = False) -> list[Found]:
    """What it found wrong; `every`: those too that never came."""
    words = ["codes", "all"] if every else ["codes"]
    return [typed(Found, row) for row in again(client, lambda: client.ask(*words))[:-1]]


def show(client: Client, code: str) -> Shown:
    """Everything about a code. RefusedError for one that this appliance does not have."""
    rows = again(client, lambda: client.ask("show", code, answer_s=_SLOW_S))[:-1]
    if not rows:
        raise GarbledError(f"nothing came about {code}")
    made = Shown(typed(Found, rows[0]))
    for row in rows[1:]:
        _add(made, row)
    return made


def live(client: Client, signals: Sequence[str], every_s: float) -> Generator[tuple[dict[str, str], Sample]]:
    """Units and one look after the other, until nobody takes them. Goes on after a pulled cable is back."""
    asked = ["live", *signals, "every", str(round(every_s * 1000))]
    while True:
        units: dict[str, str] = {}
        try:
            for row in client.rows(*asked, answer_s=every_s + 5):
                if "signals" in row:
                    units = typed(dict[str, str], row["signals"])
                elif "t" in row:
                    at = typed(int, row.pop("t"))
                    yield units, Sample(at, typed(dict[str, tuple[float, str]], row))
        except PulledError:
            client.reconnect()


def look(client: Client) -> tuple[dict[str, str], Sample]:
    """Units, and one look at everything."""
    looks = live(client, (), 1.0)
    try:
        return next(looks)
    finally:
        looks.close()


def watch(client: Client, seconds: float = 0) -> Iterator[dict[str, Any]]:
    """What happens, as it happens; 0: without end. Goes on after a pulled cable is back."""
    end = time.monotonic() + seconds if seconds else None
    while True:
        try:
            for row in client.rows("watch", idle=True):
                if end is not None and time.monotonic() > end:
                    return
                if row and "e" in row:
                    yield row
        except PulledError:
            client.reconnect()


def routines(client: Client) -> list[Named]:
    """Self-tests that this board has."""
    return [typed(Named, row) for row in client.ask("test")[:-1]]


def self_test(
    client: Client, name: str, told: Callable[[int, int], None], stopped: Callable[[], bool] = lambda: False
) -> Tested:
    """Run a self-test; `told(step, of)` as it goes, `stopped()` asked now and then. Leaving in the middle stops it."""
    step, since = 0, time.monotonic()
    for row in client.allowed("test", name, idle=True):
        if "of" in row:
            step, since = typed(int, row["step"]), time.monotonic()
            told(step, typed(int, row["of"]))
        elif "done" in row:
            return typed(Tested, row)
        elif stopped():
            return Tested(ids.R_STOPPED, step, [])
        elif time.monotonic() - since > _TEST_S:
            raise SilentError(f"the self-test {name} came to no end within {_TEST_S:g} s")
    raise SilentError(f"the self-test {name} broke off")


def fixes(client: Client) -> list[Named]:
    return [typed(Named, row) for row in client.ask("fix")[:-1]]


def fix(client: Client, name: str) -> None:
    list(client.allowed("fix", name))


def clear(client: Client, code: str) -> None:
    """`code`, or `all`."""
    list(client.allowed("clear", code, answer_s=_SLOW_S))


def again(client: Client, what: Callable[[], T]) -> T:
    """What changes nothing may be asked again: once, when the cable was pulled in the middle of it."""
    try:
        return what()
    except PulledError:
        client.reconnect()
        return what()


_LISTS: dict[str, tuple[str, type[Any]]] = {
    "signal": ("signals", Now),
    "frame": ("frames", Frame),
    "step": ("steps", Step),
    "cause": ("causes", Cause),
}


def _add(made: Shown, row: Row) -> None:
    """One more row of `show`; what this version does not know is passed over."""
    for key, (name, kind) in _LISTS.items():
        if key in row:
            getattr(made, name).append(typed(kind, row))
            return
    if "bits" in row:
        made.facts = typed(Facts, row)
    elif "first" in row:
        made.times = typed(Times, row)
    elif "cleared" in row:
        made.cleared = typed(Stamp, row["cleared"])
    else:
        for key, kind in (("owner", str), ("now", str), ("units", dict[str, str]), ("validity", dict[str, str])):
            if key in row:
                setattr(made, key, typed(kind, row[key]))
