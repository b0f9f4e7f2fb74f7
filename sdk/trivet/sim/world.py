"""A world in lock-step: the board's plant (physics, in this process) and the appliance (the firmware, in MicroPython).

Takes a board, a seed, settings and faults to come; gives what happens as events with virtual and real time. Virtual
time moves only when asked; nothing here sleeps but `idle`, which waits for a real network.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trivet_wire import ids

from trivet import boards
from trivet.boards import Board

from . import boot, plant, rom
from .appliance import PATIENCE_S, PIECE, Appliance
from .device import Device, Provision
from .errors import HangError, ReplRequest, ResetRequest, SimulationError

HEAP_KIB = 160
_IDLE_STEP_S = 0.003
WATCHDOG_MS = 8000  # of virtual time without food, after which the watchdog resets the appliance
UNREAD = 4096  # bytes of the service port that wait for whoever reads it; from there on the appliance is held up
_RETAINED = 4  # bytes that outlive a reset
_BITES = 20  # resets by the watchdog in a row, without a tick between them, after which the world gives up


@dataclass(frozen=True)
class Event:
    """`kind` as the firmware names it, `at_s` virtual seconds since the world began, `real` Unix time."""

    kind: str
    at_s: float
    real: float
    data: Mapping[str, Any]


@dataclass
class State:
    """What the world has seen so far."""

    display: str = ""
    queued: int = 0  # messages put into the spool
    acked: int = 0  # messages receipted by the cloud
    left: int = 0  # in the spool now
    connected: bool = False
    heap_peak: int = 0
    ticks: int = 0
    inhibited: list[str] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)


class World:
    """One appliance and what surrounds it. Use as a context manager, or call `close()`."""

    def __init__(
        self,
        board: Board | str | Path,
        device: Device | None = None,
        *,
        seed: int = 1,
        settings: Mapping[str, float] | None = None,
        faults: Sequence[tuple[str, float]] = (),
        identity: Provision | None = None,
        on_event: Callable[[Event], None] | None = None,
        heap_kib: int = HEAP_KIB,
        language: str = "en",
        entry: str = "main",
        cause: int = ids.RESET_POWER_ON,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`identity` is written into the device when given; a device without one gets one that talks to nobody.

        `entry` is the firmware's module to run: `appliance.sim.locked` runs the same with the heap locked in each tick.
        `cause` is why the appliance starts (ids.RESET_*). Without an answer for `patience_s` real seconds it hangs, and
        its watchdog resets it after `WATCHDOG_MS` of virtual time, as it does when it answers and is not fed.
        """
        self.board = board if isinstance(board, Board) else boards.load(board)
        self.device = device or Device()
        if identity is not None or not self.device.provisioned:
            self.device.provision(identity or Provision.alone(self.board.name))
        self.plant = plant.make(self.board, seed, dict(settings or {}))
        self._faults = sorted((at, plant.fault(self.board, name)) for name, at in faults)
        self.events: list[Event] = []
        self.state = State()
        self.on_event = on_event
        self._heap_kib = heap_kib
        self._language = language
        self._entry = entry
        self._image = rom.build(self.board)
        self._tick_ms = self.board.tick_ms
        self._now_ms = 0
        self._started_ms = 0
        self._epoch = int(time.time()) if identity is not None or self.device.certified else 0
        self.outputs: tuple[int, ...] = (0,) * len(self.board.outputs)
        self.appliance: Appliance | None = None
        self.repl = False  # it left for the interpreter's prompt: whoever bridges its port starts one
        self._unread = bytearray()
        self._held = self._stopped = False
        self._patience_s = patience_s
        self._fed_ms = 0
        self._bites = 0
        self.start(cause)

    @property
    def now_s(self) -> float:
        """Virtual seconds since the world began."""
        return self._now_ms / 1000

    def start(self, cause: int = ids.RESET_POWER_ON) -> None:
        """Switch on, or reset: the appliance starts from what its flash holds, and is told `cause`."""
        if self.appliance is not None:
            raise SimulationError("the appliance is already on")
        if cause == ids.RESET_POWER_ON or not self.device.retained.exists():
            self.device.retained.write_bytes(bytes(_RETAINED))
        self._started_ms = self._fed_ms = self._now_ms
        self.state.connected = self.repl = self._held = False
        self.state.inhibited = []  # it says so itself, where something is
        slot, image = boot.start(self.device.folder, self._image)
        self.appliance = Appliance(
            image=image,
            slot=slot,
            folder=self.device.folder,
            board=self.board,
            heap_kib=self._heap_kib,
            language=self._language,
            entry=self._entry,
            told=self._told,
            cause=cause,
            retained=self.device.retained,
            patience_s=self._patience_s,
        )
        self._ask(Appliance.idle)  # its start is over when it answers

    def kill(self) -> None:
        """Cut the power."""
        self._on().kill()
        self.appliance = None
        self.outputs = (0,) * len(self.board.outputs)

    def restart(self, cause: int = ids.RESET_POWER_ON) -> None:
        """End the process at once and start it again: a power cut, or a reset with another `cause`."""
        self.kill()
        self.start(cause)

    def close(self) -> None:
        """Switch off."""
        if self.appliance is not None:
            self.appliance.quit()
            self.appliance = None

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def step(self) -> None:
        """One tick of virtual time for plant and appliance; with the power off only for the plant."""
        self._now_ms += self._tick_ms
        while self._faults and self._faults[0][0] <= self.now_s:
            self.plant.inject(self._faults.pop(0)[1])
        self.plant.step(self._tick_ms / 1000, self.outputs)
        if self.appliance is not None:
            wall = self._epoch + self._now_ms // 1000 if self._epoch else 0
            uptime, inputs = self._now_ms - self._started_ms, self.plant.inputs()
            outputs = self._ask(lambda appliance: appliance.tick(uptime, wall, inputs))
            if outputs is not None:
                self.outputs = outputs
                self.state.ticks += 1
                self._bites = 0
                self._feed(self._on())

    def run_until(self, seconds: float) -> None:
        """Step until virtual time reaches `seconds`."""
        while self.now_s < seconds:
            self.step()

    def inject(self, fault: str) -> None:
        """Break something now."""
        self.plant.inject(plant.fault(self.board, fault))

    def say(self, line: str) -> None:
        """A command line to the appliance, such as `consent service yes`."""
        self._ask(lambda appliance: appliance.say(line))

    def uart_write(self, data: bytes) -> None:
        """Bytes into the service port, and the turns in which it takes them; with none, one more turn. Lost while the
        appliance is off."""
        for at in range(0, len(data) or 1, PIECE):
            if self.appliance is not None:
                piece = data[at : at + PIECE]
                outputs = self._ask(lambda appliance, piece=piece: appliance.port(piece))  # type: ignore[misc]
                self.outputs = outputs or self.outputs  # on its way to a prompt it brings them to safe levels

    def uart_read(self, most: int = UNREAD) -> bytes:
        """What the service port wrote since; b"" when there is nothing. Where nobody reads, `UNREAD` bytes wait, then
        the appliance is held up, as by a terminal that stopped."""
        data = bytes(self._unread[:most])
        del self._unread[:most]
        self._hold()
        return data

    def uart_stop(self, stopped: bool) -> None:
        """The host at the port takes nothing from now on, or takes it again."""
        self._stopped = stopped
        self._hold()

    def _hold(self) -> None:
        held = self._stopped or len(self._unread) >= UNREAD
        if held != self._held and self.appliance is not None:
            self._held = held
            self._ask(lambda appliance: appliance.hold(held))

    def idle(self, timeout_s: float = 30.0, until: Callable[[], bool] | None = None) -> bool:
        """Serve the link in real time, virtual time standing, until `until()` (default: the spool is empty)."""
        done = until or (lambda: self.state.connected and self.state.left == 0)
        end = time.monotonic() + timeout_s
        while True:
            self._ask(Appliance.idle)
            if done():
                return True
            if time.monotonic() > end:
                return False
            time.sleep(_IDLE_STEP_S)

    def _ask(self, what: Callable[[Appliance], tuple[int, ...]]) -> tuple[int, ...] | None:
        """What the appliance answers; None when it did not: then it has been reset, or has left for its REPL."""
        try:
            answer = what(self._on())
            if len(self._unread) >= UNREAD:
                self._hold()
            return answer
        except HangError:
            self._bite()
        except ResetRequest:
            self.appliance = None
            self.start(ids.RESET_SOFT)
        except ReplRequest:
            self.appliance = None
            self.repl = True
        return None

    def _feed(self, appliance: Appliance) -> None:
        if appliance.fed:
            appliance.fed = False
            self._fed_ms = self._now_ms
        elif self._now_ms - self._fed_ms > WATCHDOG_MS:
            appliance.kill()
            self._bite()

    def _bite(self) -> None:
        """The watchdog resets the appliance; until it does, the outputs stay as they were driven last."""
        self.appliance = None
        self._bites += 1
        if self._bites > _BITES:
            raise SimulationError(f"the watchdog reset the appliance {_BITES} times, and not one tick came to its end")
        until = self._fed_ms + WATCHDOG_MS
        while self._now_ms < until:
            self.step()
        self.outputs = (0,) * len(self.board.outputs)
        self._told("event", {"e": "watchdog"})
        self.start(ids.RESET_WATCHDOG)

    def _on(self) -> Appliance:
        if self.appliance is None:
            raise SimulationError("the appliance is off: start() it first")
        return self.appliance

    def _told(self, how: str, what: Any) -> None:
        if how == "uart":
            self._unread += what
            return
        data = {"text": what} if how == "show" else what
        kind = "display" if how == "show" else data.pop("e")
        event = Event(kind, self.now_s, time.time(), data)
        self._note(event)
        self.events.append(event)
        if self.on_event is not None:
            self.on_event(event)

    def _note(self, event: Event) -> None:
        state, data = self.state, event.data
        if event.kind == "display":
            state.display = data["text"]
        elif event.kind == "queued":
            state.queued += 1
            state.left = data["left"]
        elif event.kind in {"acked", "consent", "started"}:
            state.left = data["left"]
            state.acked += data.get("count", 0)
        elif event.kind == "link":
            state.connected = data["up"]
        elif event.kind == "inhibited":
            state.inhibited = list(data["functions"])
        elif event.kind == "fault":
            state.status[data["event"]] = data["status"]
        elif event.kind == "heap":
            state.heap_peak = max(state.heap_peak, data["peak"])
