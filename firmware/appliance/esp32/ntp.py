"""What time it is, asked of a time server (SNTP, RFC 4330) without waiting. Takes a server's name and randomness, gives
Unix seconds. An answer counts when it came back with the random number of the question, from a server that is itself
set, and does not lie before this firmware was made.
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import socket

_PORT = 123
_SIZE = 48
_QUESTION = 0x23  # no warning, version 4, client (RFC 4330, section 4)
_SERVER = 4  # mode of an answer
_STRATUM = 1
_ORIGINATE = 24  # what stood in the question's transmit timestamp
_TRANSMIT = 40
_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_EARLIEST = 1_767_225_600  # 2026-01-01
_WAIT_MS = 3_000
_AGAIN_MS = 15_000
_LONGEST_MS = 3_600_000
_DAY_MS = 86_400_000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Sntp:
    """`poll` gives the time once a day, else 0."""

    def __init__(self, server: str, random: "Callable[[int], bytes]") -> None:
        self._server = server
        self._random = random
        self._nonce = b""
        self._socket: socket.socket | None = None
        self._due = 0
        self._wait = _AGAIN_MS

    def poll(self, now: int) -> int:
        """One step at `now` (ms)."""
        if self._socket is None:
            if now >= self._due:
                self._ask(now)
            return 0
        said = self._heard()
        if said:
            self._wait = _AGAIN_MS
            self._close(now + _DAY_MS)
        elif now >= self._due:
            self._close(now + self._wait)
            self._wait = min(self._wait * 2, _LONGEST_MS)
        return said

    def _ask(self, now: int) -> None:
        self._nonce = self._random(8)
        question = bytearray(_SIZE)
        question[0] = _QUESTION
        question[_TRANSMIT:] = self._nonce
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket = made
        self._due = now + _WAIT_MS
        try:
            made.setblocking(False)
            made.connect(socket.getaddrinfo(self._server, _PORT)[0][-1])
            made.send(question)
        except OSError:  # no such name, no way there
            self._close(now + self._wait)
            self._wait = min(self._wait * 2, _LONGEST_MS)

    def _heard(self) -> int:
        assert self._socket is not None
        try:
            return believed(self._socket.recv(_SIZE), self._nonce)
        except OSError:  # nothing yet
            return 0

    def _close(self, due: int) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._due = due


def believed(answer: "bytes | None", nonce: bytes) -> int:
    """Unix seconds of an answer, 0 for one that is none."""
    if answer is None or len(answer) < _SIZE or answer[0] & 7 != _SERVER or answer[0] >> 6 == 3:
        return 0
    if not 1 <= answer[_STRATUM] <= 15 or answer[_ORIGINATE : _ORIGINATE + 8] != nonce:
        return 0
    seconds = 0
    for byte in answer[_TRANSMIT : _TRANSMIT + 4]:
        seconds = seconds << 8 | byte
    if seconds < 1 << 31:  # the era after 2036-02-07 (RFC 4330, section 3)
        seconds += 1 << 32
    unix = seconds - _EPOCH
    return unix if unix >= _EARLIEST else 0
