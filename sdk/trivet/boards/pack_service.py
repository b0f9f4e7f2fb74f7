"""The files that only the service port reads, in /rom/board/ of an appliance: names, advice and pictures to scan.
Takes a `Board`, gives bytes by file name; writes nothing.

    "TVP\\x01" rows(u16) columns(u16), then offsets (u32) of all cells and of the end, then the cells, row by row

`signals.bin`: a row for each signal, then each output: name, unit, steps per unit, what people call it by language.
`service_<language>.bin`: a row for each event: its name, the signals that it needs (their rows), the technician's
steps, its causes, the likeliest first, each with the part that it needs. `qr.bin`: a row for each event: modules of a
side, then the picture, a bit each, row by row (ISO/IEC 18004). Little-endian. `firmware/appliance/service/cells.py`
reads them.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence

import segno

from .models import Board, Code, Part
from .reader import LANGUAGES

MAGIC = b"TVP\x01"
_BETWEEN = "\n"  # lines of a cell
_FIELD = "|"


def pack_service(board: Board) -> dict[str, bytes]:
    """signals.bin, qr.bin and one service_<language>.bin each."""
    made = {"signals.bin": cells(_signals(board)), "qr.bin": cells([[picture(board, code)] for code in board.codes])}
    for language in LANGUAGES:
        made[f"service_{language}.bin"] = cells([_event(board, at, language) for at in range(len(board.codes))])
    return made


def cells(rows: Sequence[Sequence[bytes]]) -> bytes:
    """A file of rows that are equally long."""
    listed = [cell for row in rows for cell in row]
    offsets = itertools.accumulate(map(len, listed), initial=0)
    columns = len(rows[0]) if rows else 0
    head = MAGIC + struct.pack(f"<HH{len(listed) + 1}I", len(rows), columns, *offsets)
    return head + b"".join(listed)


def _signals(board: Board) -> list[list[bytes]]:
    rows = [[one.name, one.unit, str(one.scale), *(one.text[lang] for lang in LANGUAGES)] for one in board.signals]
    rows += [[one.name, "", "1", *(one.text[lang] for lang in LANGUAGES)] for one in board.outputs]
    return [[cell.encode() for cell in row] for row in rows]


def _event(board: Board, event: int, language: str) -> list[bytes]:
    code = board.codes[event]
    needs = {
        source
        for monitor in board.monitors
        if monitor.event == event
        for source in (*monitor.sources, *((monitor.judges,) if monitor.judges >= 0 else ()))
    }
    texts = (
        code.event,
        " ".join(str(source) for source in sorted(needs)),
        _BETWEEN.join(code.technician[language]),
        _BETWEEN.join(_causes(board, code, language)),
    )
    return [text.encode() for text in texts]


def _causes(board: Board, code: Code, language: str) -> list[str]:
    parts: dict[str | None, Part] = {part.number: part for part in board.parts}
    lines = []
    for cause in sorted(code.causes, key=lambda one: -one.weight):
        part = parts.get(cause.part)
        fields = [cause.text[language]]
        if part is not None:
            fields += [part.number, part.text[language], "van" if part.van else ""]
        lines.append(_FIELD.join(field.replace(_FIELD, "/") for field in fields))
    return lines


def picture(board: Board, code: Code) -> bytes:
    """What a telephone reads: the code, or the address where it is explained."""
    matrix = segno.make(board.help.replace("{code}", code.code), micro=False, error="l").matrix
    bits = [module & 1 for row in matrix for module in row]
    packed = bytes(sum(bit << at for at, bit in enumerate(bits[i : i + 8])) for i in range(0, len(bits), 8))
    return bytes((len(matrix),)) + packed
