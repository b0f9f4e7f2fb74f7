"""A command sequence, command by command. Takes its bytes, gives a list of plain values; a ReleaseError where it is not
one. What parameters apply is kept track of, so that each command's words name what it works on, and so that an
integrated payload can be held against the digest that stands for it when it is fetched.

    [{"command": "fetch", "number": 21, "component": [0], "argument": 2, "words": "fetch it from …"}, …]
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..problem import ReleaseError
from ..strict import decode
from . import tables, values

_REPORTS = ("success", "failure", "system information on success", "system information on failure")
_POLICY = set(tables.CONDITIONS) | {11, 18, 21, 22, 23, 29, 31, 33}  # commands whose argument is a reporting policy
_MAX_NESTING = 8
_Parameters = dict[int, dict[int, list[Any]]]


@dataclass
class State:
    """What holds where a command stands. `parameters`: of each component, by number, every value that may apply; more
    than one after a choice between sequences."""

    components: list[str]  # and dependencies, by index
    current: list[int]
    parameters: _Parameters = field(default_factory=dict)
    fetched: list[tuple[str, int, list[Any]]] = field(default_factory=list)  # URI, component, digests of it
    warnings: list[str] = field(default_factory=list)

    def of(self, component: int, number: int) -> list[Any]:
        return self.parameters.get(component, {}).get(number, [])

    def set(self, component: int, number: int, value: Any, *, override: bool) -> None:
        values_of = self.parameters.setdefault(component, {})
        if override or number not in values_of:
            values_of[number] = [value]


def explain(encoded: Any, name: str, state: State, depth: int = 0) -> list[dict[str, Any]]:
    """A bstr-wrapped sequence."""
    if not isinstance(encoded, bytes):
        raise ReleaseError(f"{name}: a sequence is a byte string with a list in it")
    if depth > _MAX_NESTING:
        raise ReleaseError(f"{name}: sequences within sequences, deeper than {_MAX_NESTING}")
    sequence = decode(encoded, name)
    if not isinstance(sequence, list) or len(sequence) % 2 or not sequence:
        raise ReleaseError(f"{name}: a sequence is a list of commands, each with its argument")
    return [_command(*pair, name, state, depth) for pair in zip(sequence[::2], sequence[1::2], strict=True)]


def _command(number: Any, argument: Any, name: str, state: State, depth: int) -> dict[str, Any]:
    if type(number) is not int:
        raise ReleaseError(f"{name}: a command is a number, not {values.plain(number)!r}")
    made: dict[str, Any] = {"command": tables.NAMES.get(number, ("unknown", ""))[0], "number": number}
    made |= {"component": list(state.current), "argument": values.plain(argument)}
    where = f"{name}, {made['command']}"
    if number == 12:
        state.current = _indices(argument, where, state)
        made["component"] = list(state.current)
        made["words"] = "from here on: " + ", ".join(values.index(one, state.components) for one in state.current)
    elif number in {19, 20}:
        made["words"] = tables.NAMES[number][1]
        made["parameters"] = _set(argument, where, state, override=number == 20)
    elif number == 34:
        made["words"] = tables.NAMES[34][1]
        made["parameters"] = _set_multiple(argument, where, state)
    elif number == 35:
        made["words"] = _copied(argument, where, state)
    elif number == 15:
        made["words"] = tables.NAMES[15][1]
        made["then"] = list(_choices(argument, where, state, depth))
    elif number == 32:
        made["words"] = tables.NAMES[32][1]
        made["then"] = [explain(argument, where, state, depth + 1)]
    elif number in _POLICY:
        made["words"] = _said(number, argument, where, state)
    else:
        made["words"] = f"command {number}, which no draft known here defines: a recipient has to refuse the manifest"
        state.warnings.append(f"{name}: {made['words']}")
    return made


def _said(number: int, argument: Any, where: str, state: State) -> str:
    """A command that works on the current components, and what is reported of it."""
    if type(argument) is not int or not 0 <= argument < 1 << len(_REPORTS):
        raise ReleaseError(f"{where}: {values.plain(argument)!r} is no reporting policy (0 … 15)")
    text = tables.NAMES[number][1]
    for wanted in tables.PARAMETERS:
        mark = f"{{{wanted}}}"
        if mark in text:
            text = text.replace(mark, _current(wanted, state))
    if number == 21:
        for one in state.current:
            state.fetched += [(uri, one, state.of(one, 3)) for uri in state.of(one, 21)]
    reports = [what for bit, what in enumerate(_REPORTS) if argument >> bit & 1]
    said = "everything" if len(reports) == len(_REPORTS) else " and ".join(reports) or "nothing"
    return f"{text}; reports {said}"


def _current(number: int, state: State) -> str:
    """The value of a parameter where a command stands."""
    found: list[str] = []
    for one in state.current:
        found += [values.parameter(number, value, state.components) for value in state.of(one, number)]
    return " or ".join(dict.fromkeys(found)) or f"(no {tables.PARAMETERS[number]} is set)"


def _indices(argument: Any, where: str, state: State) -> list[int]:
    """Arguments of set component index: one, several, or all."""
    if argument is True:
        return list(range(len(state.components)))
    listed = argument if isinstance(argument, list) else [argument]
    if not listed or not all(type(one) is int and one >= 0 for one in listed):
        raise ReleaseError(f"{where}: {values.plain(argument)!r} names no component")
    for one in listed:
        values.index(one, state.components)
    return listed


def _set(argument: Any, where: str, state: State, *, override: bool) -> dict[str, str]:
    """What is set, in words, by the name of the parameter."""
    said = {}
    for number, value in _map(argument, where):
        for one in state.current:
            state.set(one, number, value, override=override)
        name, words = _parameter(number, value, where, state)
        said[name] = words
    return said


def _parameter(number: Any, value: Any, where: str, state: State) -> tuple[str, str]:
    if type(number) is not int:
        raise ReleaseError(f"{where}: a parameter is a number, not {values.plain(number)!r}")
    name = tables.PARAMETERS.get(number)
    if name is None:
        name = f"parameter {number}"
        if number >= 0:
            state.warnings.append(f"{where}: no draft known here defines {name}")
    try:
        return name, values.parameter(number, value, state.components)
    except ReleaseError as error:
        raise ReleaseError(f"{where}: {error}") from error


def _set_multiple(argument: Any, where: str, state: State) -> dict[str, dict[str, str]]:
    said = {}
    for component, parameters in _map(argument, where):
        state.current = _indices(component, where, state)
        said[values.index(component, state.components)] = _set(parameters, where, state, override=True)
    return said


def _copied(argument: Any, where: str, state: State) -> str:
    said = []
    for source, numbers in _map(argument, where):
        (other,) = _indices(source, where, state)
        if not isinstance(numbers, list):
            raise ReleaseError(f"{where}: which parameters is a list of numbers")
        for number in numbers:
            for one in state.current:
                for value in state.of(other, number):
                    state.set(one, number, value, override=True)
            said.append(f"{tables.PARAMETERS.get(number, number)} of {values.index(other, state.components)}")
    return f"take: {', '.join(said)}"


def _choices(argument: Any, where: str, state: State, depth: int) -> Iterator[list[dict[str, Any]]]:
    """Sequences of which the first that gets through counts; null at the end: none of them has to."""
    if not isinstance(argument, list) or not argument:
        raise ReleaseError(f"{where}: the choices are a list of sequences")
    current, before = state.current, state.parameters
    after: list[_Parameters] = []
    for i, one in enumerate(argument):
        state.current, state.parameters = list(current), copy.deepcopy(before)
        if one is None and i == len(argument) - 1:
            yield []
        else:
            yield explain(one, f"{where} {i + 1}", state, depth + 1)
        after.append(state.parameters)
    state.current, state.parameters = current, _either(after)


def _either(after: list[_Parameters]) -> _Parameters:
    """What may apply when one of several sequences was done."""
    made: _Parameters = {}
    for parameters in after:
        for component, values_of in parameters.items():
            for number, found in values_of.items():
                listed = made.setdefault(component, {}).setdefault(number, [])
                listed += [value for value in found if value not in listed]
    return made


def _map(argument: Any, where: str) -> list[tuple[Any, Any]]:
    if not isinstance(argument, dict) or not argument:
        raise ReleaseError(f"{where}: {values.plain(argument)!r} is no map of parameters")
    return list(argument.items())
