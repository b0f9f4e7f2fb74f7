"""A code to scan from a terminal: `qr CODE`. Takes the pictures that were packed with the board (the appliance draws
none), gives lines of half blocks with a quiet zone, dark on light whatever the terminal's colours are (console.py).
"""

from .cells import Cells, event_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .console import Answer, Talk

_LOADED = "appliance.service.cells"
_QUIET = 2  # modules around it: a terminal has room beside
_ON, _OFF = "\x1b[30;107m", "\x1b[0m"  # black on bright white (ECMA-48)


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """Two rows of modules a line."""
    try:
        picture = Cells(talk.app.ports.packed, "qr.bin").cell(event_of(talk.app.heart, said[1]), 0)
        side = picture[0]
        for y in range(-_QUIET, side + _QUIET, 2):
            line = ""
            for x in range(-_QUIET, side + _QUIET):
                line += " ▀▄█"[_dark(picture, x, y) | _dark(picture, x, y + 1) << 1]
            yield _ON + line + _OFF if talk.people else {"text": line}
    finally:
        talk.app.ports.unload(_LOADED)
    return None


def _dark(picture: bytes, x: int, y: int) -> int:
    """A module; the quiet zone is light."""
    side = picture[0]
    if not (0 <= x < side and 0 <= y < side):
        return 0
    at = y * side + x
    return picture[1 + (at >> 3)] >> (at & 7) & 1
