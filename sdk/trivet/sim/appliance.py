"""The appliance's process: starts MicroPython with the firmware's ROM image, speaks the line's frames, kills. Takes
input frames, gives outputs and what the appliance told. Knows no physics and no time of its own.
"""

import contextlib
import json
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from trivet import paths
from trivet.boards import Board

from . import launch, rom
from .errors import HangError, ReplRequest, ResetRequest, SimulationError

_HEAD = struct.Struct("<H")
RESET_CODE = 75  # exit code of a firmware that restarts itself
_REPL_CODE = 76  # of one that leaves for the interpreter's prompt
PIECE = 64  # bytes of the service port in a frame: what the appliance takes in a turn
PATIENCE_S = 30.0  # real seconds without an answer, after which the appliance hangs


def start_command(image: Path, heap_kib: int, entry: str, *arguments: str) -> list[str]:
    """The command line that runs module `entry` of an image in MicroPython."""
    script = paths.firmware() / "appliance" / "sim" / "start.py"
    return [sys.executable, "-P", launch.__file__, str(image), str(heap_kib), str(script), entry, *arguments]


class Appliance:
    """One run of the firmware, from power-on to power-off. `told` gets ("event", dict), ("show", text) and, of the
    service port, ("uart", bytes)."""

    def __init__(
        self,
        *,
        image: Path,
        folder: Path,
        board: Board,
        heap_kib: int,
        language: str,
        entry: str,
        told: Callable[[str, Any], None],
        cause: int = 1,
        retained: Path | None = None,
        slot: int = 0,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`cause`: why it starts (ids.RESET_*); `retained`: file of what outlives a reset; `slot`: number of the base
        image (boot.py); `patience_s`: real seconds after which no answer means that it hangs."""
        inputs, outputs = len(board.inputs), len(board.outputs)
        self._answer = struct.Struct(f"<{outputs}h")
        self._told = told
        self._image = image
        self._errors = open(folder / "stderr.log", "w+b")  # noqa: SIM115  lives as long as the process
        words = [str(folder), str(inputs), str(outputs), language, str(cause)]
        if retained is not None:
            words.extend((f"@{retained}", str(slot), str(image)))
        command = start_command(image, heap_kib, entry, *words)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=1 << 16
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._in: IO[bytes] = self.process.stdin
        self._out: IO[bytes] = self.process.stdout
        self.fed = False  # the watchdog was, since somebody looked
        self._hung = False
        self._patience_s = patience_s
        self._asked = 0  # frames sent
        self._answered = 0
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def tick(self, now_ms: int, wall_s: int, inputs: list[int]) -> tuple[int, ...]:
        """Let virtual time reach `now_ms`; gives the outputs after it."""
        return self._ask(struct.pack(f"<cII{len(inputs)}i", b"T", now_ms, wall_s, *inputs))

    def idle(self) -> tuple[int, ...]:
        """Let the appliance serve its link while virtual time stands."""
        return self._ask(b"I")

    def say(self, line: str) -> tuple[int, ...]:
        """A command line from a person."""
        data = line.encode()
        return self._ask(b"C" + _HEAD.pack(len(data)) + data)

    def port(self, data: bytes) -> tuple[int, ...]:
        """At most `PIECE` bytes to the service port; none: one more turn, as `idle`."""
        return self._ask(b"U" + _HEAD.pack(len(data)) + data)

    def hold(self, held: bool) -> tuple[int, ...]:
        """Whether nobody takes what the service port writes."""
        return self._ask(b"H" + bytes((held,)))

    def kill(self) -> None:
        """Power cut: SIGKILL, no farewell."""
        self.process.kill()
        self._end()

    def quit(self) -> None:
        """Switch off in order; nothing to do when it stopped by itself."""
        if not self._in.closed:
            with contextlib.suppress(BrokenPipeError):
                self._in.write(b"Q")
                self._in.flush()
            self._end()

    def _watch(self) -> None:
        """What a watchdog is on a board: outside the processor, with a clock of its own."""
        waited = 0.0
        asked = 0
        step = min(0.5, self._patience_s / 8)
        while not self._over.wait(step):
            if self._answered == self._asked or asked != self._asked:
                asked = self._asked
                waited = 0.0
                continue
            waited += step
            if waited >= self._patience_s:
                self._hung = True
                self.process.kill()
                return

    def _end(self) -> None:
        self._over.set()
        self.process.wait(10)
        for pipe in (self._in, self._out, self._errors):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _ask(self, frame: bytes) -> tuple[int, ...]:
        self._asked += 1
        try:
            self._in.write(frame)
            self._in.flush()
        except BrokenPipeError:
            raise self._gone() from None
        while True:
            letter = self._read(1)
            if letter == b"A":
                answer = self._answer.unpack(self._read(self._answer.size))
                self._answered = self._asked
                return answer
            if letter == b"F":
                self.fed = True
                continue
            if letter not in (b"E", b"P", b"U"):
                raise self._gone(letter)  # the interpreter's last words
            (size,) = _HEAD.unpack(self._read(2))
            data = self._read(size)
            if letter == b"E":
                self._told("event", json.loads(data))
            elif letter == b"U":
                self._told("uart", data)
            else:
                self._told("show", data.decode())

    def _read(self, size: int) -> bytes:
        data = self._out.read(size)
        if len(data) < size:
            raise self._gone()
        return data

    def _gone(self, words: bytes = b"") -> SimulationError:
        with contextlib.suppress(BrokenPipeError):
            self._in.close()
        words += self._out.read()
        code = self.process.wait(10)
        self._errors.seek(0)
        if self._hung:
            self._end()
            return HangError(f"the appliance did not answer for {self._patience_s:g} s")
        if code == RESET_CODE:
            self._end()
            return ResetRequest("the appliance restarts itself")
        if code == _REPL_CODE:
            self._end()
            return ReplRequest("the appliance left its program for the interpreter's prompt")
        said = rom.placed((words + self._errors.read()).decode(errors="replace").strip(), self._image)
        self._end()
        return SimulationError(f"the appliance stopped by itself (exit code {code}):\n{said}")
