"""Whoever is at the service port, person or program: takes bytes as they come, gives lines to the words and their
answers back, piece by piece: at most 64 bytes are read and a few pieces written in a turn. Loaded by `ear.py` with the
first byte. Neither noise nor a host that does not read holds anything up: what is no line is passed over and said so
once, what nobody takes for 10 s is dropped.
"""

import gc
import json

from trivet_wire import ids
from trivet_wire.refuse import WireError

from ..store.journal import JournalFull
from . import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Ports
    from .console import Answer

LONGEST = 200  # bytes of a line
LONGEST_BLOCK = 640  # of one that brings a part of an update, or a credential
_LONG = (b"block ", b"grant ")
_ID = 8  # letters and digits
_GIVE_UP_MS = 10_000
_REST_MS = 30_000  # of connection and update, where words find too little heap beside them
_STREAM_MS = 1_800_000  # so long something streams to whoever says nothing more
_STEPS = 4  # of an answer in a turn
_LOCAL = ("echo", "stop", "bye")  # words of the line itself
_MOMENT_MS = 1_000  # of an update, for words about itself

# Bytes with a meaning (ASCII).
_REPL, _BREAK, _BACK, _TAB, _NEWLINE, _RETURN, _SPACE, _AT, _DELETE = 1, 3, 8, 9, 10, 13, 32, 64, 127

_PROMPT = "> "
_RUBOUT = b"\b \b"
# By language; the order of _REASONS, then any other.
_WHY = {
    "en": "the line is too long|not understood, see help|unknown word, see help|needs a grant or somebody at the "
    "appliance|not now|no room in flash|no such code or signal|the signature does not fit|the credential has expired|"
    "this challenge is over, ask for a new one|a credential for another region|the credential does not cover this|the "
    "credential was revoked|not safe now: a cycle runs, something is hot, or a hazard is active|refused, reason ",
    "de": "die Zeile ist zu lang|nicht verstanden, siehe help|unbekanntes Wort, siehe help|braucht eine Berechtigung "
    "oder jemanden am Gerät|jetzt nicht|kein Platz im Speicher|kein solcher Code oder Messwert|die Unterschrift passt "
    "nicht|der Ausweis ist abgelaufen|diese Aufgabe gilt nicht mehr, eine neue anfordern|ein Ausweis für eine andere "
    "Region|der Ausweis deckt das nicht|der Ausweis wurde gesperrt|jetzt nicht sicher: ein Programm läuft, etwas ist "
    "heiß, oder eine Gefahr besteht|abgelehnt, Grund ",
}
# fmt: off
_REASONS = (
    ids.R_TOO_LARGE, ids.R_FIELD, ids.R_COMMAND, ids.R_GRANT, ids.R_BUSY, ids.R_FULL, ids.R_CATALOGUE,
    ids.R_SIGNATURE, ids.R_EXPIRED, ids.R_REPLAY, ids.R_REGION, ids.R_ROLE, ids.R_CREDENTIAL, ids.R_UNSAFE,
)
# fmt: on


class Terminal:
    """One while somebody is there. `poll` at every turn."""

    panel = False

    def __init__(self, app: "Any", ports: "Ports", buf: bytearray, count: int, now: int) -> None:
        """`buf` has the first `count` bytes."""
        self.app = app
        self.people = True
        self.head = ""
        self.language: str = app.language
        self.now = self.heard = now
        self._over = False  # said goodbye
        assert ports.uart is not None
        self._ports = ports
        self._uart = ports.uart
        self._buf = buf
        self._at = 0
        self._end: int = count
        self._line = bytearray(LONGEST)
        self._fresh()
        self._returned = False  # the last byte was \r: \n after it is the same end
        self._armed = False  # 0x03 came first, on an unlocked board
        self._echo = True
        self._held = False  # a line is complete, and waits for the end of what streams
        self._module = ""
        self._answer: Answer | None = None
        self._said: list[str] = []  # what is answered, as long as nothing came of it
        self._pending = False  # something is being answered
        self._owed = False  # its last line is
        self._piece = b""
        self._sent = 0
        self._taken = now  # when the host took something last, ms
        self._open = False  # what was written last did not end its line

    # -- a turn ------------------------------------------------------------------------------------------------------

    def poll(self, now: int) -> None:
        """Read while nothing is being answered, or what is being answered streams; then write."""
        self.now = now
        if self._at == self._end and self._ready():
            self._at = 0
            self._end = self._uart.readinto(self._buf) or 0
            if self._end:
                self.heard = now
        while self._at < self._end and self._ready():
            self._at += 1
            self._byte(self._buf[self._at - 1])
        if self._pending:
            if not self._streams():
                self.heard = now
            elif now - self.heard > _STREAM_MS:
                self._held = True
                self._fresh()
            self._write()

    def quiet(self, ms: int) -> bool:
        """Whether nothing is being answered, and nothing was asked for so long, or goodbye was the last word."""
        if self._pending or self._at < self._end or (self._over and self._n):
            return False
        return self._over or self.now - self.heard > ms

    def close(self) -> None:
        """Whatever is being answered is over, and all that was loaded for it is let go of."""
        self._close()
        self._empty()

    def _streams(self) -> bool:
        return self._module[-1:] == "~"

    def _ready(self) -> bool:
        return not self._held and (not self._pending or self._streams())

    # -- reading -----------------------------------------------------------------------------------------------------

    def _fresh(self) -> None:
        self._n = self._wrong = 0  # bytes of the line so far; why it will be refused (ids.R_*)
        if len(self._line) > LONGEST:
            self._line = bytearray(LONGEST)

    def _byte(self, byte: int) -> None:
        returned = self._returned
        self._returned = byte == _RETURN
        if byte == _NEWLINE or byte == _RETURN:
            if byte == _RETURN or not returned:
                self._complete()
        elif byte == _BREAK or (byte == _REPL and self._armed):
            self._interrupt(byte)
        elif byte == _BACK or byte == _DELETE:
            self._rub_out()
        elif byte < _SPACE and byte != _TAB:
            self._wrong = self._wrong or ids.R_FIELD
        elif self._n < len(self._line) or (not self._wrong and self._longer()):
            self._line[self._n] = _SPACE if byte == _TAB else byte
            self._n += 1
            self._show(self._buf, self._at - 1)
        else:
            self._wrong = self._wrong or ids.R_TOO_LARGE

    def _longer(self) -> bool:
        """Room for a part of an update, or a credential."""
        start = 0
        if self._line[0] == _AT:
            start = self._line.find(b" ") + 1
        if len(self._line) != LONGEST or bytes(self._line[start : start + 6]) not in _LONG:
            return False
        try:
            self._line.extend(bytes(LONGEST_BLOCK - LONGEST))
        except MemoryError:
            self._wrong = ids.R_BUSY
        return not self._wrong

    def _show(self, buf: "bytes | bytearray", at: int, count: int = 1) -> None:
        """To people what they type; a program gets nothing but its answers."""
        if self._echo and self.people and not self._pending and self._n and self._line[0] != _AT:
            self._uart.write(buf, at, count)
            self._open = True

    def _rub_out(self) -> None:
        while self._n and self._line[self._n - 1] & 0xC0 == 0x80:  # the rest of a character
            self._n -= 1
        if self._n:
            self._show(_RUBOUT, 0, len(_RUBOUT))
            self._n -= 1

    def _interrupt(self, byte: int) -> None:
        """On a locked board nothing."""
        if self._ports.locked:
            return
        if byte == _BREAK:
            self._fresh()
            self._armed = True
        elif not self._n:
            self._leave()

    def _leave(self) -> None:
        """To the interpreter's prompt, at the end of this turn."""
        self.app.leaving = True
        self.app.ear.repl = True

    def _complete(self) -> None:
        if self._pending:  # of what streams; this line ends it
            self._held = True
            return
        people = self.people
        self.people = not self._n or self._line[0] != _AT
        if self.people:
            if self._echo and (people or self._n):
                self._piece = b"\r\n"
            self.head = ""
            self._begin(0)
        else:
            self._piece = b"\n" if self._open else b""
            self._begin(self._identify())

    def _identify(self) -> int:
        """A program's id; gives where its words begin. What is no id leaves an empty one."""
        at = 1
        while at < self._n and at <= _ID and _is_plain(self._line[at]):
            at += 1
        sound = 1 < at and (at == self._n or self._line[at] == _SPACE)
        self.head = '{"@":"' + (str(self._line[1:at], "utf-8") if sound else "") + '",'
        if not sound:
            self._wrong = self._wrong or ids.R_FIELD
        return at

    # -- answering -----------------------------------------------------------------------------------------------------

    def _begin(self, start: int) -> None:
        n, wrong, armed = self._n, self._wrong, self._armed
        self._over = False
        self._pending = self._owed = True
        self._module = ""
        self._said = []
        self._sent = 0
        self._taken = self.now
        self._armed = armed and not n  # mpremote ends the line first
        try:
            if wrong:
                raise WireError(wrong)
            said = self._said = self._words(start, n)
            self._fresh()
            if armed and said == ["repl"]:
                self._leave()
                self._finish({"done": 1})
            elif not said or said[0] in _LOCAL:
                self._own(said)
                self._finish({"done": 1})
            else:
                self._answer, self._module = console.begin(self, said)
        except MemoryError:
            self._once_more()
        except UnicodeError:
            self._refuse(ids.R_FIELD)
        except WireError as error:
            self._refuse(error.reason)
        self._fresh()

    def _words(self, start: int, n: int) -> "list[str]":
        """What the line says."""
        line = memoryview(self._line)[start:n]
        try:
            return str(line, "utf-8").split()
        except MemoryError:
            words = str(line[:8], "utf-8").split()
            if not self._make_way(words[0] if words else ""):
                raise
        return str(line, "utf-8").split()

    def _own(self, said: "list[str]") -> None:
        """Words of the line itself."""
        if not said:
            return
        if said == ["bye"]:
            self._over = True
            if self.app.grants is not None:
                self.app.grants.end()
        elif said[0] == "echo" and said[1:] in (["on"], ["off"]):
            self._echo = said[1] == "on"
        elif len(said) > 1 or said[0] == "echo":
            raise WireError(ids.R_FIELD)

    def _once_more(self) -> None:
        """There was too little heap: again, where nothing came of the word yet."""
        said = self._said
        self._said = []
        self._close()
        if not self._make_way(said[0] if said else "") or not said:
            self._refuse(ids.R_BUSY)
            return
        try:
            self._answer, self._module = console.begin(self, said)
        except MemoryError:
            self._empty()
            self._refuse(ids.R_BUSY)
        except WireError as error:
            self._refuse(error.reason)

    def _make_way(self, word: str) -> bool:
        """Connection and update give way to whoever stands here and says `word`; an update for a moment alone to words
        about itself, not to what is brought for it; it goes on where it was. False: there is neither."""
        app = self.app
        found = app.uplink is not None
        if found:
            app.uplink.rest(self._ports.clock.link_ms(), _REST_MS)
        if word and word != "block" and app.machine is not None:
            found = True
            app.spare(_MOMENT_MS if word == "update" else _REST_MS)
        self._empty()
        return found

    def _empty(self) -> None:
        """Let go of whatever was loaded for the word, whole or not."""
        app = self.app
        for name in console.LOADED.split():
            self._ports.unload(name)
        if app.journal is not None:
            app.settle()
        gc.collect()

    def _refuse(self, reason: int) -> None:
        """Instead of the last line."""
        at = _REASONS.index(reason) if reason in _REASONS else len(_REASONS)
        text = _WHY[self.language].split("|")[at]
        if at == len(_REASONS):
            text += str(reason)
        self._finish(console.row("refused text", reason, text), text)

    def _finish(self, row: "dict[str, Any]", text: str = "") -> None:
        """The last line of an answer, or a prompt."""
        self._close()
        self._owed = False
        if self.head:
            self._put(self._dumped(row))
        else:
            self._put((text + "\r\n" if text else "") + _PROMPT)

    def _close(self) -> None:
        """Let go of what answered."""
        if self._answer is not None:
            self._answer.close()
            self._answer = None
        self._ports.unload(self._module[:-1] if self._streams() else self._module)
        self._module = ""

    def _dumped(self, row: "dict[str, Any]") -> str:
        return self.head + json.dumps(row, separators=(",", ":"))[1:] + "\n"

    def _put(self, text: str) -> None:
        self._piece += text.encode()

    def _write(self) -> None:
        """Some pieces of the answer, as far as the host takes them."""
        for _ in range(_STEPS):
            if self._sent < len(self._piece) and not self._flush():
                return
            self._piece = b""
            self._sent = 0
            if self._answer is None:
                if self._owed:  # it broke off
                    self._refuse(ids.R_BUSY)
                elif not self._last():
                    return
            elif self._held and not self._open:
                self._finish({"done": 1})
            elif not self._step():
                return

    def _flush(self) -> bool:
        """Give the host what is left of a piece. False: it does not take all of it now."""
        piece = self._piece
        count = self._uart.write(piece, self._sent, len(piece) - self._sent)
        if count:
            self._sent += count
            self._taken = self.now
            self._open = piece[self._sent - 1] != _NEWLINE
        elif self.now - self._taken > _GIVE_UP_MS:
            self._drop()
        return self._sent == len(piece)

    def _drop(self) -> None:
        """Nobody takes it."""
        self._close()
        self._piece = b""
        self._sent = 0
        self._open = True
        self._last()

    def _last(self) -> bool:
        """Everything is written. True: another line waits."""
        self._pending = False
        if not self._held:
            return False
        self._held = False
        self._complete()
        return True

    def _step(self) -> bool:
        """One step of what answers. False: nothing now."""
        answer = self._answer
        assert answer is not None
        self._answer = None  # if that raises what nobody catches here
        try:
            row = next(answer)
        except StopIteration as end:
            last: dict[str, Any] = end.value or {}
            last["done"] = 1
            self._finish(last)
            return True
        except WireError as error:
            self._refuse(error.reason)
            return True
        except (JournalFull, OSError):
            self._refuse(ids.R_FULL)
            return True
        except MemoryError:
            self._once_more()
            return True
        self._answer = answer
        if row is None:
            return False
        self._said = []
        if self.head:
            self._put(self._dumped(row) if isinstance(row, dict) else row)
        else:
            text: str = row["text"] if isinstance(row, dict) else row
            self._put(text.replace("\n", "\r\n") + "\r\n")
        return True


def _is_plain(byte: int) -> bool:
    """Letters and digits of ASCII."""
    return 0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A
