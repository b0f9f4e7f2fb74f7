"""`sim:BOARD[,KEY=VALUE]…`, where a port is asked for: a simulated board in its place. Commas, so that no shell wants
quotes. Takes the text, gives what to simulate; SimulationError says what would be right.

    sim:oven                                    the oven, alone, healthy, locked
    sim:oven,fault=element_top_open@5           its upper element breaks after five seconds (several may be given)
    sim:oven,set=mains_v=207,set=start_s=0      settings of its physics (trivet sim oven --list), consent=…, reset=…
    sim:oven,from=300                           the first 300 seconds are over at once
    sim:oven,speed=20                           twenty of its seconds in one of ours
    sim:oven,unlocked                           a board on the bench: there is a REPL
    sim:oven,language=de  seed=3  device=DIR    its language, its chance, and where it keeps its flash
    sim:./my-kettle                             a board of one's own
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from trivet import boards
from trivet.boards import Board

from .errors import SimulationError
from .options import Options, read_options

SCHEME = "sim:"
_KEYS = ("fault", "set", "from", "speed", "unlocked", "language", "seed", "device")
_MANY = ("fault", "set")
MAX_SPEED = 1000.0


@dataclass(frozen=True)
class Spec:
    """What to simulate."""

    board: Board
    options: Options
    skip_s: float = 0.0  # virtual seconds that are over before anybody plugs in
    speed: float = 1.0  # virtual seconds in a real one
    locked: bool = True
    language: str = "en"
    seed: int = 1
    device: Path | None = None


def is_simulated(port: str) -> bool:
    return port.startswith(SCHEME)


def parse(port: str) -> Spec:
    """`port` begins with `sim:`."""
    name, *words = port.removeprefix(SCHEME).split(",")
    chosen = _chosen(port, words)
    board = boards.load(name)
    language = _one(chosen, "language", "en")
    if language not in ("en", "de"):
        raise SimulationError(f"{port}: the appliance speaks en and de, not {language!r}")
    speed = _number(chosen, "speed", 1.0)
    if not 0 < speed <= MAX_SPEED:
        raise SimulationError(f"{port}: speed is above 0 and at most {MAX_SPEED:g}")
    device = _one(chosen, "device", "")
    return Spec(
        board=board,
        options=read_options(board, chosen.get("fault", []), chosen.get("set", []), None),
        skip_s=_number(chosen, "from", 0.0),
        speed=speed,
        locked="unlocked" not in chosen,
        language=language,
        seed=int(_number(chosen, "seed", 1)),
        device=Path(device) if device else None,
    )


def _chosen(port: str, words: list[str]) -> dict[str, list[str]]:
    chosen: dict[str, list[str]] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"write {', '.join(_KEYS)}"
            raise SimulationError(f"{port}: {key!r} is nothing that a simulated port has: {hint}")
        if (key == "unlocked") == bool(equals):
            raise SimulationError(f"{port}: write {'unlocked' if key == 'unlocked' else key + '=…'}")
        if key in chosen and key not in _MANY:
            raise SimulationError(f"{port}: {key} stands twice")
        chosen.setdefault(key, []).append(value)
    return chosen


def _one(chosen: dict[str, list[str]], key: str, usual: str) -> str:
    return chosen.get(key, [usual])[0]


def _number(chosen: dict[str, list[str]], key: str, usual: float) -> float:
    text = _one(chosen, key, str(usual))
    try:
        value = float(text)
    except ValueError:
        raise SimulationError(f"{key}={text}: write a number, as in {key}={usual:g}") from None
    if not 0 <= value < 1e9:
        raise SimulationError(f"{key}={text}: write a number from 0 on")
    return value
