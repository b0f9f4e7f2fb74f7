"""The lines of the service port as a program speaks them (firmware/appliance/service/README.md), without any port.

Takes words and bytes, gives bytes and rows: one request at a time, each with an id of its own; whatever else the line
carries (prompts, echo, an earlier request's rest) is passed over. GarbledError for what begins as an answer and is
none.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import msgspec

from .errors import GarbledError

LONGEST = 200  # bytes of a line to the appliance
LONGEST_BLOCK = 640  # of one that begins with `block` or `grant`
LONGEST_ROW = 65536  # bytes of a line from it, beyond which it is none of ours
_START = b'{"@":"'
_BASE = "0123456789abcdefghijklmnopqrstuvwxyz"
_IDS = 36**4  # after which they begin anew

Row = dict[str, object]


class Lines:
    """One side of the line. `request` begins, `receive` gives its rows; the last has `done` or `refused`."""

    def __init__(self, first: int = 1) -> None:
        """`first`: of the numbers that become ids. Chance is best: an earlier session may have left a half line."""
        self._numbers = count(first)
        self._id = b""
        self._rest = b""

    def request(self, *words: str) -> bytes:
        """The line that says `words`; ValueError when they cannot be said in one."""
        line = " ".join(words)
        if not line or any(ord(one) < 32 or ord(one) == 127 for one in line):
            raise ValueError(f"no line of words: {line!r}")
        said = f"@{self._next()} {line}\n".encode()
        if len(said) > (LONGEST_BLOCK if words[0] in ("block", "grant") else LONGEST):
            raise ValueError(f"a line has at most {LONGEST} bytes: {line[:40]!r}…")
        return said

    def receive(self, data: bytes) -> Iterator[Row]:
        """The rows that are complete with `data`."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_ROW:
            self._rest = b""
            raise GarbledError("what comes on this port has no lines: is it a board with Trivet, at 115200 baud?")
        for line in lines:
            at = line.find(_START)
            if at >= 0 and line[at + len(_START) :].startswith(self._id + b'"'):
                yield self._row(line[at:])

    def forget(self) -> None:
        """The port was opened anew: half a line means nothing."""
        self._rest = b""

    def _next(self) -> str:
        number, text = next(self._numbers) % _IDS, ""
        while number or not text:
            number, digit = divmod(number, 36)
            text = _BASE[digit] + text
        self._id = text.encode()
        return text

    @staticmethod
    def _row(line: bytes) -> Row:
        try:
            row = msgspec.json.decode(line, type=dict[str, object])
        except msgspec.DecodeError as error:
            raise GarbledError(f"an answer that cannot be read ({error}): {line[:60]!r}") from None
        del row["@"]
        return row
