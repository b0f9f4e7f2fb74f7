"""What somebody who means no good, and a bad cable, send to a service port. Takes chance, gives bytes: lines that make
sense, such lines changed, credentials of nobody, noise, lines of 10 kB, and lines that break off.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LONG = 10_000  # bytes of a line that is much too long
# What needs a grant or somebody at the appliance. Lines with an id of this letter are said whole: none may be done.
GUARDED = "X"
_GUARDED = (
    *("test heater", "test door", "clear all", "clear H01-1R", "fix relearn", "fix recover", "fix restart"),
    *("consent service yes", "consent improve no en 00000000", "factory reset", "update yes", "update no"),
    *("update later 5", "update hours 7-22", f"update offer 4096 {'0' * 64}", f"update keys 300 {'ab' * 32}"),
    *("block 0 AAAA", "button", "recover", "relearn", "clear"),
)
OPEN = (
    *("help", "who", "link", "codes", "codes all", "show H01-1R", "qr H01-1R", "live", "live cavity_temp every 100"),
    *("watch", "consent", "ledger", "ledger verify", "update", "test", "fix", "stop", "echo on", "echo off", "bye"),
    *("grant", ""),
)
_HUGE = (
    "9" * 150,
    "-1",
    "0x10",
    "ÄÖÜ€😀",
    "\t",
    "%s%n%x",
    "../../x",
    "__import__",
    "update.offer",
    "consent.*",
    "None",
)


@dataclass(frozen=True)
class Input:
    """`whole`: it ends with a line's end; else what follows begins a new line. `noise`: bytes that are no text."""

    kind: str
    data: bytes
    lines: int = 1
    noise: int = 0
    whole: bool = True


class Sender:
    """The same chance sends the same."""

    def __init__(self, chance: random.Random, credentials: Sequence[bytes] = ()) -> None:
        """`credentials`: messages that a vendor signed, which nobody here can answer for."""
        self._chance = chance
        self._credentials = credentials or (b"",)
        self._number = 0
        self._kinds: list[tuple[float, Callable[[], Input]]] = [
            (0.30, self._said),
            (0.25, self._changed),
            (0.15, self._guarded),
            (0.10, self._credential),
            (0.10, self._random),
            (0.06, self._noise),
            (0.035, self._pulled),
            (0.005, self._long),
        ]

    def next(self) -> Input:
        """One more."""
        weights = [weight for weight, _ in self._kinds]
        return self._chance.choices([make for _, make in self._kinds], weights)[0]()

    def _id(self, letter: str) -> str:
        self._number += 1
        return f"@{letter}{self._number % 1_000_000} "

    def _end(self) -> bytes:
        return self._chance.choice((b"\n", b"\r", b"\r\n"))

    def _line(self) -> bytes:
        words = self._chance.choice(OPEN + _GUARDED)
        return ((self._id("m") if self._chance.random() < 0.6 else "") + words).encode()

    def _said(self) -> Input:
        words = (self._id("q") if self._chance.random() < 0.7 else "") + self._chance.choice(OPEN)
        return Input("said", words.encode() + self._end())

    def _guarded(self) -> Input:
        words = self._id(GUARDED) + self._chance.choice(_GUARDED)
        return Input("guarded", words.encode() + self._end())

    def _changed(self) -> Input:
        data = bytearray(self._line())
        for _ in range(self._chance.randint(1, 4)):
            self._change(data)
        data = bytearray(byte for byte in data if byte not in b"\r\n")
        return Input("changed", bytes(data) + self._end())

    def _change(self, data: bytearray) -> None:
        chance = self._chance
        at = chance.randrange(len(data) + 1)
        how = chance.randrange(6)
        if how == 0:
            data[at:at] = bytes((chance.randrange(256),))
        elif how == 1:
            del data[at : at + chance.randint(1, 4)]
        elif how == 2 and data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
        elif how == 3:
            data[at:at] = chance.choice(_HUGE).encode()
        elif how == 4:
            data[at:at] = b" " + self._line()
        else:
            data[at:at] = data[:at]

    def _credential(self) -> Input:
        """Guesses at a grant: others' credentials, changed ones, signatures of nobody, lists."""
        chance = self._chance
        message = bytearray(chance.choice(self._credentials))
        if message and chance.random() < 0.7:
            message[chance.randrange(len(message))] ^= 1 << chance.randrange(8)
        signature = chance.randbytes(chance.choice((64, 64, 63, 0)))
        first = "revoked" if chance.random() < 0.2 else base64.b64encode(message).decode()
        second = base64.b64encode(message if first == "revoked" else signature).decode()
        return Input("credential", f"{self._id('c')}grant {first} {second}".encode() + self._end())

    def _random(self) -> Input:
        letters = string.ascii_letters + string.digits + string.punctuation + "  äß€"
        text = "".join(self._chance.choices(letters, k=self._chance.randint(0, 220)))
        return Input("random", text.encode() + self._end())

    def _noise(self) -> Input:
        data = self._chance.randbytes(self._chance.randint(1, 256))
        ends = data.count(b"\n") + data.count(b"\r")
        return Input("noise", data, lines=ends, noise=len(data), whole=False)

    def _pulled(self) -> Input:
        """The cable is gone in the middle of a line."""
        line = self._line() if self._chance.random() < 0.7 else self._credential().data
        return Input("pulled", line[: self._chance.randint(1, len(line) or 1)].rstrip(b"\r\n"), lines=0, whole=False)

    def _long(self) -> Input:
        letter = self._chance.choice((b"x", b"@q who ", b"\xff", b"grant A", b"block 0 "))
        return Input("long", (letter * LONG)[:LONG] + self._end())
