"""A simulated board at a real pseudo-terminal: the world runs in real time behind it, so that whatever opens a serial
port (the bench, mpremote, any terminal program) opens this one. Takes a `Spec`, gives the path to open. Linux, macOS.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import tempfile
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from trivet_wire import ids

from . import rom
from .appliance import PIECE
from .consent import consent_line
from .device import Device, Provision
from .errors import SimulationError
from .prompt import Prompt
from .spec import Spec
from .world import HEAP_KIB, Event, World

_BUSY_S, _IDLE_S = 0.002, 0.02  # between two turns
_AWAKE_S = 1.0  # so long after the last byte it is busy
_LAG_S = 1.0  # behind by more than this, real time is given up rather than caught up with
_RAW_WANTED = 0x01


class Port:
    """Use as a context manager: while it is open the board is on. `path` is a link that stays the same when the cable
    is pulled and plugged in again; `error` is what ended the simulation, if anything did."""

    def __init__(self, spec: Spec, on_event: Callable[[Event], None] | None = None) -> None:
        self._spec = spec
        self._scratch = tempfile.TemporaryDirectory(prefix="trivet-port-")
        self.path = Path(self._scratch.name) / spec.board.name
        self.error: Exception | None = None
        self._device = Device(spec.device)
        identity = None
        if not self._device.provisioned:
            identity = Provision.alone(spec.board.name, locked=spec.locked)
        self.world = World(
            spec.board,
            self._device,
            identity=identity,
            seed=spec.seed,
            settings=spec.options.settings,
            faults=spec.options.faults,
            language=spec.language,
            cause=spec.options.cause,
            on_event=on_event,
        )
        for purpose in spec.options.consent:
            self.world.say(consent_line(purpose, True, spec.language))
        self.world.run_until(spec.skip_s)
        self._prompt: Prompt | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._out = b""
        self._last = 0  # byte that came
        self._touched = False  # since the start somebody said something: until then there is no service port
        self._master = -1
        self.plug()
        self._thread = threading.Thread(target=self._run, name=f"sim:{spec.board.name}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Port:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def plug(self) -> None:
        """Put the cable in (again)."""
        with self._lock:
            if self._master >= 0:
                return
            self._master, self._slave = pty.openpty()
            tty.setraw(self._slave)
            os.set_blocking(self._master, False)
            beside = self.path.with_suffix(".new")
            beside.symlink_to(os.ttyname(self._slave))
            beside.replace(self.path)

    def pull(self) -> None:
        """Pull the cable out: whoever has the port open gets an error, and the appliance does not notice."""
        with self._lock:
            if self._master >= 0:
                self.path.unlink()
                os.close(self._master)
                os.close(self._slave)
                self._master = -1
                self._out = b""

    def interrupt(self, seconds: float) -> None:
        """Pull the cable, and put it back after so long; at once, whoever calls."""
        threading.Thread(target=self._interrupt, args=(seconds,), daemon=True).start()

    def _interrupt(self, seconds: float) -> None:
        self.pull()
        if not self._over.wait(seconds):
            self.plug()

    def do(self, what: Callable[[World], None]) -> None:
        """Something with the world, between two turns of it: press the button, break something."""
        with self._lock:
            what(self.world)

    def close(self) -> None:
        """Switch off and take everything away."""
        self._over.set()
        self._thread.join(30)
        self.pull()
        if self._prompt is not None:
            self._prompt.close()
        self.world.close()
        self._scratch.cleanup()

    def _run(self) -> None:
        start, virtual = time.monotonic(), self.world.now_s
        heard = -_AWAKE_S
        tick_s = self._spec.board.tick_ms / 1000
        try:
            while not self._over.is_set():
                now = time.monotonic()
                due = virtual + (now - start) * self._spec.speed
                with self._lock:
                    if self._turn():
                        heard = now
                    if self.world.appliance is None:
                        start, virtual = now, self.world.now_s
                    elif self.world.now_s + tick_s <= due:
                        self.world.step()
                        if due - self.world.now_s > max(_LAG_S * self._spec.speed, tick_s):
                            start, virtual = now, self.world.now_s
                        continue
                self._wait(_BUSY_S if now - heard < _AWAKE_S else _IDLE_S)
        except (SimulationError, OSError) as error:
            self.error = error
            self.pull()

    def _wait(self, seconds: float) -> None:
        """Until somebody says something, or it is time for the next turn."""
        master = self._master
        try:
            if master >= 0 and seconds > _BUSY_S:
                select.select([master], [], [], seconds)
            else:
                time.sleep(seconds)
        except (OSError, ValueError):  # pulled just now
            time.sleep(seconds)

    def _turn(self) -> bool:
        """Bytes in, bytes out. True: there were some, so more may come."""
        came = self._read()
        if came:
            self._last = came[-1]
            self._touched = True
        if self._prompt is None and self.world.repl:
            raw = self._last == _RAW_WANTED
            self._prompt = Prompt(rom.build(self._spec.board), self._device.folder, HEAP_KIB, raw=raw)
            came = b""
        if self._prompt is not None:
            self._at_prompt(came)
        elif self._touched:
            self.world.uart_write(came)
            self._out = self._out or self.world.uart_read(PIECE)
        return self._flush() or bool(came)

    def _at_prompt(self, came: bytes) -> None:
        assert self._prompt is not None
        self._prompt.write(came)
        self._out = self._out or self._prompt.read()
        if self._prompt.over:
            self._prompt = None
            self.world.start(ids.RESET_SOFT)

    def _read(self) -> bytes:
        if self._master < 0:
            return b""
        try:
            return os.read(self._master, PIECE)
        except BlockingIOError:
            return b""

    def _flush(self) -> bool:
        """What whoever listens has room for; without a cable it is lost."""
        sent = len(self._out)
        if self._master >= 0 and self._out:
            with contextlib.suppress(BlockingIOError):
                sent = 0
                sent = os.write(self._master, self._out)
        self._out = self._out[sent:]
        return sent > 0
