"""QR codes: takes a text, gives lines for a screen or a file (SVG, PNG). Error correction M, four modules of quiet zone
(ISO/IEC 18004, 9.1)."""

from __future__ import annotations

from pathlib import Path

import segno

from trivet.errors import TrivetError

QUIET = 4  # modules
_HALVES = {(1, 1): " ", (1, 0): "▄", (0, 1): "▀", (0, 0): "█"}  # of two modules: light ones are drawn
_SCALE = 10  # pixels of a module in a file


class QrError(TrivetError):
    """The file cannot be written."""


def lines(text: str) -> list[str]:
    """Half blocks, two modules a line: light where a block is, so print them white on black."""
    matrix = [list(row) for row in _made(text).matrix_iter(border=QUIET)]
    if len(matrix) % 2:
        matrix.append([0] * len(matrix[0]))
    return [
        "".join(_HALVES[bool(above), bool(below)] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip(matrix[::2], matrix[1::2], strict=True)
    ]


def save(text: str, path: Path) -> None:
    """Write `path`; its name says how. QrError for another kind of file, or where none can be written."""
    if path.suffix.lower() not in (".svg", ".png"):
        raise QrError(f"{path}: a QR code is written as .svg or .png")
    try:
        _made(text).save(str(path), border=QUIET, scale=_SCALE)
    except OSError as error:
        raise QrError(f"{path}: {error.strerror or error}") from None


def _made(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", boost_error=False)
