"""The files that go to /rom/board/ of an appliance. Takes a `Board`, gives bytes by file name; writes nothing."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable
from typing import Any

from trivet_wire import catalogue as wire_catalogue
from trivet_wire import cbor

from . import pins
from .models import Board, Code, Condition
from .pack_service import pack_service
from .reader import LANGUAGES

FORMAT = 1  # of board.cbor; firmware/appliance/sense/board.py reads the same number
TEXTS_MAGIC = b"TVT\x01"


def pack(board: Board) -> dict[str, bytes]:
    """board.cbor, catalogue.bin, pins.cbor, routines.cbor where there are any, one texts_<language>.bin each, and what
    the service port reads."""
    outputs = [(one.pin, one.safe) for one in board.outputs]
    made = {"board.cbor": cbor.encode(_board(board)), "catalogue.bin": packed_catalogue(board)}
    made[pins.FILE] = pins.packed(board.chip, [one.pin for one in board.inputs], outputs)
    if board.routines:
        made["routines.cbor"] = cbor.encode(_routines(board))
    for language in LANGUAGES:
        made[f"texts_{language}.bin"] = _texts(board, language)
    return made | pack_service(board)


def packed_catalogue(board: Board) -> bytes:
    """The packed catalogue; its hash is the catalogue's id."""
    return wire_catalogue.pack([_row(code) for code in board.codes])


def catalogue_id(board: Board) -> int:
    """The id that every message of an appliance with this board names."""
    return wire_catalogue.catalogue_id(packed_catalogue(board))


def _row(code: Code) -> bytes:
    flags = code.hazard * wire_catalogue.HAZARD | code.immediate * wire_catalogue.IMMEDIATE
    return wire_catalogue.row(
        code.number,
        wire_catalogue.NE107_LETTERS.index(code.ne107),
        code.severity,
        flags | code.warning * wire_catalogue.WARNING,
        code.purpose,
        confirm=code.confirm,
        heal=code.heal,
        aging=code.age,
        priority=code.priority,
        freeze=code.freeze,
    )


def _ints(typecode: str, numbers: Iterable[int]) -> bytes:
    """An array as the appliance reads it, without a copy of each number in its heap."""
    listed = list(numbers)
    return struct.pack(f"<{len(listed)}{typecode}", *listed)


def _flat(conditions: Iterable[Condition]) -> list[int]:
    return [number for one in conditions for number in one.row()]


def _board(board: Board) -> list[Any]:
    debounce = [board.internal_debounce] * len(board.codes)
    for monitor in board.monitors:
        debounce[monitor.event] = monitor.debounce
    return [
        *(FORMAT, board.model, board.tick_ms, board.history_period_ms, board.history_depth, len(board.inputs)),
        *_signals(board),
        [[one.name, one.safe] for one in board.outputs],
        len(board.codes),
        *_monitors(board),
        _ints("i", (number for one in debounce for number in one.row())),
        [
            [one.name, int(one.hazardous), _ints("h", (number for rule in one.inhibited_by for number in rule))]
            for one in board.functions
        ],
        _ints("i", _flat(board.cycle)),
        [[name, event] for name, event in sorted(board.internal.items())],
        [[name, _ints("i", _flat(conditions))] for name, conditions in sorted(board.gates.items())],
        *_storage(board),
        _ints("i", (number for one in board.holds for number in one.row())),
    ]


def _routines(board: Board) -> list[Any]:
    """[[name, [text by language], while, [[levels, ticks, expect], …]], …]; read while one is asked for."""
    return [
        [
            one.name,
            [one.text[language] for language in LANGUAGES],
            _ints("i", _flat(one.holds)),
            [[_ints("h", step.levels), step.ticks, _ints("i", _flat(step.expect))] for step in one.steps],
        ]
        for one in board.routines
    ]


def _storage(board: Board) -> list[bytes]:
    """The conditions of all, where those of each end, and per event which of them it needs: a bit each."""
    ends = itertools.accumulate(len(one.conditions) for one in board.storage)
    needs = [
        sum(1 << at for at, one in enumerate(board.storage) if event in one.events) for event in range(len(board.codes))
    ]
    return [_ints("i", _flat(c for one in board.storage for c in one.conditions)), _ints("h", ends), bytes(needs)]


def _signals(board: Board) -> list[Any]:
    signals = board.signals
    points = [point for one in signals for point in one.points]
    ends = itertools.accumulate((len(one.points) for one in signals), initial=0)
    return [
        [[one.name, one.unit] for one in signals],
        _ints("i", (one.scale for one in signals)),
        _ints("b", (one.purpose for one in signals)),
        _ints("b", (one.input for one in signals)),
        _ints("i", (one.low for one in signals)),
        _ints("i", (one.high for one in signals)),
        _ints("h", ends),
        _ints("i", (raw for raw, _ in points)),
        _ints("i", (value for _, value in points)),
    ]


def _monitors(board: Board) -> list[bytes]:
    rows: list[int] = []
    pools: tuple[list[Any], ...] = ([], [], [], [])
    for one in board.monitors:
        spans = []
        for pool, added in zip(pools, (one.conditions, one.sources, one.unless, one.params), strict=True):
            start = len(pool)
            pool.extend(added)
            spans.append((start, len(pool)))
        conditions, sources, unless, params = spans
        rows += [one.event, one.judges, one.validity, *conditions, *sources, *unless, one.number, *params]
    conditions_pool, sources_pool, unless_pool, params_pool = pools
    return [
        _ints("h", rows),
        _ints("i", _flat(conditions_pool)),
        _ints("b", sources_pool),
        _ints("h", unless_pool),
        _ints("i", params_pool),
    ]


def _texts(board: Board, language: str) -> bytes:
    texts = [code.text[language][key] for code in board.codes for key in ("title", "owner", "now")]
    texts += [function.text[language] for function in board.functions]
    body = b""
    offsets = [0]
    for text in texts:
        body += text.encode()
        offsets.append(len(body))
    head = TEXTS_MAGIC + struct.pack("<HH", len(board.codes), len(board.functions))
    return head + struct.pack(f"<{len(offsets)}H", *offsets) + body
