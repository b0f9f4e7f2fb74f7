"""The label that goes onto an appliance: its model, id and claim secret for people, and a QR with the page that binds
it to its owner. Takes texts, gives SVG or PDF of 60 × 30 mm, nothing else in them: both print sharp at any size. What
would run over the edge is printed smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import segno

from .letters import ems

WIDTH, HEIGHT = 60.0, 30.0  # mm
_QUIET = 4  # modules of white around a QR (ISO/IEC 18004, 5.3.8)
_QR = 26.0  # mm with its margin
_AT = 2.0
TEXT = 31.0
_ROOM = WIDTH - TEXT - 2.0  # mm for a line of text
_WORDS = {
    "en": ("Scan to make it yours", "Device id", "Claim secret"),
    "de": ("Scannen und anmelden", "Gerätenummer", "Anmeldegeheimnis"),
}
_POINT = 72 / 25.4  # points of a millimetre


@dataclass(frozen=True)
class Label:
    model: str
    device: str  # 16 hex digits
    secret: str  # 16 characters
    url: str
    language: str = "en"  # or de

    def lines(self) -> Iterator[tuple[float, float, bool, str]]:
        """(y in mm from above, size in mm, bold, text)"""
        scan, device, secret = _WORDS[self.language]
        yield 6.5, *_fitting(4.2, True, self.model)
        yield 11.5, *_fitting(2.3, False, scan)
        yield 15.8, *_fitting(2.1, False, device)
        yield 18.4, *_fitting(2.3, False, " ".join(self.device[at : at + 4] for at in range(0, 16, 4)))
        yield 22.9, *_fitting(2.1, False, secret)
        yield 25.5, *_fitting(2.3, True, "-".join(self.secret[at : at + 4] for at in range(0, 16, 4)))

    def modules(self) -> Iterator[tuple[float, float, float, float]]:
        """x, y, width, height of the QR's dark runs, mm."""
        rows = [list(row) for row in segno.make(self.url, micro=False, error="m").matrix]
        step = _QR / (len(rows) + 2 * _QUIET)
        for y, row in enumerate(rows):
            x = 0
            while x < len(row):
                run = 1
                while row[x] and x + run < len(row) and row[x + run]:
                    run += 1
                if row[x]:
                    yield _AT + (x + _QUIET) * step, _AT + (y + _QUIET) * step, run * step, step
                x += run

    def svg(self) -> bytes:
        path = "".join(f"M{x:.3f} {y:.3f}h{w:.3f}v{h:.3f}h-{w:.3f}z" for x, y, w, h in self.modules())
        texts = "".join(
            f'<text x="{TEXT}" y="{y}" font-size="{size:.2f}"{_bold(size, text) if bold else ""}>{escape(text)}</text>'
            for y, size, bold, text in self.lines()
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}mm" height="{HEIGHT}mm" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="Helvetica, Arial, sans-serif">'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/><path d="{path}"/>{texts}</svg>\n'
        ).encode()

    def pdf(self) -> bytes:
        """PDF 1.4 with the reader's own Helvetica: letters outside Latin-1 become a question mark."""
        boxes = "".join(
            f"{x * _POINT:.3f} {(HEIGHT - y - h) * _POINT:.3f} {w * _POINT:.3f} {h * _POINT:.3f} re\n"
            for x, y, w, h in self.modules()
        )
        texts = "".join(
            f"BT /F{2 if bold else 1} {size * _POINT:.2f} Tf {TEXT * _POINT:.2f} {(HEIGHT - y) * _POINT:.2f} Td "
            f"({_escaped(text)}) Tj ET\n"
            for y, size, bold, text in self.lines()
        )
        drawn = (boxes + "f\n" + texts).encode("latin-1", "replace")
        font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica{} /Encoding /WinAnsiEncoding >>"
        box = f"[0 0 {WIDTH * _POINT:.2f} {HEIGHT * _POINT:.2f}]"
        fonts = "/Resources << /Font << /F1 4 0 R /F2 5 0 R >> >>"
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 6 0 R {fonts} >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page.encode(),
            font.format("").encode(),
            font.format("-Bold").encode(),
            b"<< /Length %d >>\nstream\n" % len(drawn) + drawn + b"endstream",
        ]
        return _written(objects)


def _fitting(size: float, bold: bool, text: str) -> tuple[float, bool, str]:
    return min(size, _ROOM / ems(text)), bold, text


def _bold(size: float, text: str) -> str:
    """As wide as in Helvetica, whichever letters stand in for it."""
    return f' font-weight="bold" textLength="{size * ems(text):.2f}" lengthAdjust="spacingAndGlyphs"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _written(objects: list[bytes]) -> bytes:
    """A PDF file with its table of places."""
    made = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return made + end % (count, table, count, len(made))
