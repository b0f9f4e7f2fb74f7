"""The interpreter's prompt of an unlocked board: MicroPython on a pseudo-terminal of its own, with the board's flash.
Takes bytes as they come on the service port, gives what the prompt says. A soft reset from the raw prompt starts it
anew, as a board does; one from the friendly prompt, or `machine.reset`, ends it, and the appliance's program starts.
"""

import contextlib
import os
import pty
import subprocess
import sys
import tty
from pathlib import Path

from trivet import paths

from . import launch
from .appliance import RESET_CODE

_PROMPT = b">>> "
_RAW = b"raw REPL"
_RAW_WANTED, _FRIENDLY_WANTED = 0x01, 0x02  # what a host sends for either
_REBOOT = b"MPY: soft reboot\r\n"


class Prompt:
    """One stay at the prompt. `read` and `write` never wait."""

    def __init__(self, image: Path, folder: Path, heap_kib: int, *, raw: bool) -> None:
        """`raw`: a program asked for it (mpremote), and hears only the raw prompt."""
        script = paths.firmware() / "appliance" / "sim" / "start.py"
        self._command = [sys.executable, "-P", launch.__file__, str(image), str(heap_kib), "-i", str(script)]
        self._command += ["appliance.sim.prompt", str(folder)]
        self._raw = raw
        self.over = False  # it ended: the appliance's program is to start
        self._start()

    def _start(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._process = subprocess.Popen(self._command, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self._awaited = _PROMPT if self._raw else b""  # what is to come before anybody hears anything
        self._heard = b""

    def write(self, data: bytes) -> None:
        for byte in data:
            if byte in (_RAW_WANTED, _FRIENDLY_WANTED):
                self._raw = byte == _RAW_WANTED
        if not self.over:
            self._put(data)

    def read(self) -> bytes:
        """What it says now; b"" when there is nothing."""
        if self.over:
            return b""
        data = self._got()
        if data is None:
            return self._ended()
        if not self._awaited:
            return data
        self._heard += data
        return self._introduced()

    def close(self) -> None:
        """Nothing to do when it is over."""
        if not self.over:
            self.over = True
            self._process.kill()
            self._process.wait(10)
            os.close(self._master)

    def _introduced(self) -> bytes:
        """A program that wants the raw prompt does not hear the friendly one first."""
        if self._awaited == _PROMPT and _PROMPT in self._heard:
            self._put(bytes((_RAW_WANTED,)))
            self._awaited, self._heard = _RAW, b""
        at = self._heard.find(_RAW)
        if self._awaited != _RAW or at < 0:
            return b""
        self._awaited = b""
        return self._heard[at:]

    def _ended(self) -> bytes:
        reset = self._process.wait(10) == RESET_CODE
        self.close()
        if reset:
            return b""
        if self._raw:
            self.over = False
            self._start()
        return _REBOOT

    def _got(self) -> bytes | None:
        """None: it has ended."""
        try:
            return os.read(self._master, 4096) or None
        except BlockingIOError:
            return b"" if self._process.poll() is None else None
        except OSError:  # the other end is closed
            return None

    def _put(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self._master, data)
