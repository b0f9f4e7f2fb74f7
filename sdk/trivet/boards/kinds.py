"""The monitor kinds that the firmware has, read from its sources: number, keys and their types. Imports no firmware.

A kind's file says `PARAMS = "signal:signal low:value=none …"`; types are
`signal` (a signal's or output's name), `signals` (a list of them, as the last key), `value` (in the unit of the key
`signal`, or of the key after `@`), `ticks` (ms), `int`, `flag`, `scale` (steps per unit of the key `signal`; the maker
does not write it). `=min` and `=max` mean no limit.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trivet import paths

from .errors import BoardError


@dataclass(frozen=True)
class Key:
    name: str
    type: str
    of: str  # for a value: the key that names its signal
    default: str | None


@dataclass(frozen=True)
class Kind:
    name: str
    number: int
    file: str  # of its source
    keys: tuple[Key, ...]
    tolerates: str = ""  # the doubts in a source that do not keep it from running, as its file writes them

    def judges_out_of_range(self) -> bool:
        """Whether it also runs on values beyond what its signals call valid."""
        return "OUT_OF_RANGE" in self.tolerates


def kinds() -> dict[str, Kind]:
    """All kinds by name: that of the class, in small letters."""
    return _read(paths.firmware() / "appliance" / "sense" / "monitors")


@cache
def _read(folder: Path) -> dict[str, Kind]:
    registry = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    order = next(
        node.value for node in registry.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "KINDS"
    )
    found = {}
    for number, one in enumerate(ast.literal_eval(order).split()):
        module, _, name = one.lower().partition(".")
        file = folder / f"{module}.py"
        found[name] = Kind(name, number, file.name, _keys(file), _tolerates(file))
    return found


def _keys(file: Path) -> tuple[Key, ...]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PARAMS":
            return tuple(_key(word) for word in ast.literal_eval(node.value).split())
    raise BoardError(f"{file}: a monitor kind names its keys in one line PARAMS = …")


def _tolerates(file: Path) -> str:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "tolerates":
            return ast.unparse(node.value)
    return ""


def _key(word: str) -> Key:
    name, _, rest = word.partition(":")
    kind, _, default = rest.partition("=")
    kind, _, of = kind.partition("@")
    return Key(name, kind, of or "signal", default or None)
