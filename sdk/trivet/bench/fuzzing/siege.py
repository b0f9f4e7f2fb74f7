"""A whole appliance, its service port under siege: the firmware itself, in MicroPython, its heap locked in every tick.
Takes a number of lines or a time, gives figures: what crashed, hung, was let in, how long turns at the port last, what
stays of the heap. Never asserts how fast a machine is; bounds are shares of the board's own tick.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trivet.boards import Board
from trivet.credentials import wire
from trivet.credentials.wallet import new_key
from trivet.engine import pki
from trivet.keys import LocalSigner
from trivet.sim.appliance import PIECE
from trivet.sim.device import Provision
from trivet.sim.errors import SimulationError
from trivet.sim.world import World

from .port import GUARDED, OPEN, Input, Sender

QUIET_TICKS = 200  # before it begins: what a tick takes when nobody is there
TICK_EVERY = 12  # inputs
STOP_EVERY = 400  # inputs, after which the host reads nothing for a while
_STOPPED_S = 12.0  # longer than the appliance waits for it
_TURNS = 3000  # until an answer must be over
_LONGEST_DELAY_S = 3700  # of the appliance, after too many failures
_SILENT = 2  # turns without a byte, after which nothing more comes by itself
_PROBES = 4
_DEVICE = "00112233445566ff"
_ISSUED = 1_700_000_000
_FORBIDDEN = {"consent", "relearn", "started", "command"}  # events of what nobody here may do
_CRASHES = {"crash", "no_heap", "mute", "reduced", "watchdog", "unheard"}
MAX_FOUND = 20


@dataclass
class Seen:
    """What came of it. `turns`, `ticks`, `quiet`: seconds each."""

    inputs: int = 0
    lines: int = 0
    noise: int = 0
    answered: int = 0
    refused: int = 0
    crashes: int = 0
    hangs: int = 0
    accepted: int = 0
    garbled: int = 0
    grants: int = 0
    longest: int = 0  # bytes of an answer's line
    kinds: Counter[str] = field(default_factory=Counter)
    turns: list[float] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)
    found: list[dict[str, str]] = field(default_factory=list)
    free: tuple[int, int, int] = (0, 0, 0)  # bytes of heap: at first, once every word was said, after all
    tick_alloc: int = 0

    def note(self, what: str, case: bytes, words: str) -> None:
        if len(self.found) < MAX_FOUND:
            self.found.append({"what": what, "case": case[:200].hex(), "words": words[-500:]})

    def figures(self) -> dict[str, Any]:
        names = ("inputs", "lines", "answered", "refused", "crashes", "hangs", "accepted", "garbled", "found")
        figures: dict[str, Any] = {name: getattr(self, name) for name in names}
        figures |= {"noise_bytes": self.noise, "grants_given": self.grants, "kinds": dict(self.kinds)}
        figures |= {
            "turn_us": _spread(self.turns),
            "tick_us": _spread(self.ticks),
            "quiet_tick_us": _spread(self.quiet),
        }
        figures |= {"heap_words": self.free[0] - self.free[1], "heap_kept": max(0, self.free[1] - self.free[2])}
        figures |= {"tick_alloc": self.tick_alloc}
        return figures | {"longest_answer_line": self.longest}


def _spread(seconds: list[float]) -> dict[str, int]:
    """Median, 999 of 1000, and the longest, in microseconds."""
    if len(seconds) < 2:
        return {"p50": 0, "p999": 0, "max": 0}
    p999 = statistics.quantiles(seconds, n=1000, method="inclusive")[-1]
    return {
        name: round(1e6 * one)
        for name, one in zip(("p50", "p999", "max"), (statistics.median(seconds), p999, max(seconds)), strict=True)
    }


class Siege:
    """`board`'s appliance, provisioned and locked, with a vendor whose credentials are known, and nobody's key."""

    def __init__(self, board: Board, seed: int) -> None:
        vendor = LocalSigner(bytes(range(1, 33)))
        _, public = new_key(None)
        message = wire.signed_credential(
            vendor, 7, "Ada Bauer", public, wire.ALL, (), _ISSUED, _ISSUED + 10 * 365 * 86_400
        )
        key = pki.key_der(pki.new_key())
        who = Provision(_DEVICE, bytes(32), board.model, 1, key_der=key, command_key=vendor.public, region="DE")
        self.seen = Seen()
        self._said = b""
        self.world = World(board, seed=seed, identity=who, entry="appliance.sim.locked", patience_s=20)
        self._events = 0
        self.sender = Sender(random.Random(seed), [message])
        self._probe = 0

    def run(self, lines: int, seconds: float, say: Callable[[str], None]) -> Seen:
        """Until so many lines were sent, or the time is over."""
        seen, world = self.seen, self.world
        for _ in range(QUIET_TICKS):
            self._step(seen.quiet)
        self._events = len(world.events)
        free, named = self._free(), self._named()
        end, told = time.monotonic() + seconds, time.monotonic()
        try:
            while seen.lines < lines and time.monotonic() < end:
                self._throw()
                if time.monotonic() - told > 10:
                    told = time.monotonic()
                    say(f"{seen.lines:,} lines, {seen.noise:,} bytes of noise, {world.now_s:,.0f} s of the appliance")
            world.run_until(world.now_s + _LONGEST_DELAY_S)  # what counts failures is let go of when it is over
            seen.free = (free, named, self._free())
        except SimulationError as error:
            seen.crashes += 1
            seen.note("crash", b"", str(error))
        finally:
            world.close()
        seen.tick_alloc = max((e.data["most"] for e in world.events if e.kind == "locked"), default=0)
        return seen

    def replay(self, data: bytes) -> str:
        """What one input, as `found` has it, is answered."""
        with self.world:
            self.world.run_until(5)
            for at in range(0, len(data), PIECE):
                self._turn(data[at : at + PIECE])
            self._silence()
            return self._said.decode(errors="replace")

    # -- sending -------------------------------------------------------------------------------------------------------

    def _throw(self) -> None:
        seen = self.seen
        some = [self.sender.next() for _ in range(random.Random(seen.inputs).randint(1, 3))]
        for one in some:
            seen.inputs += 1
            seen.lines += one.lines
            seen.noise += one.noise
            seen.kinds[one.kind] += 1
            self._send(one)
            if seen.inputs % TICK_EVERY == 0:
                self._step(seen.ticks)
            if seen.inputs % STOP_EVERY == 0:
                self._stop()
        if not self._answers():
            seen.hangs += 1
            seen.note("hang", b"".join(one.data for one in some), "no answer to a line that came after it")
        self._judge(some)

    def _send(self, one: Input) -> None:
        data = one.data if one.whole or one.kind == "pulled" else one.data + b"\n"
        for at in range(0, len(data), PIECE):
            self._turn(data[at : at + PIECE])
        self._silence()

    def _worked(self) -> float:
        """Seconds of processor time that the appliance has taken (Linux: what others take of the machine is not in it),
        elsewhere of the clock."""
        appliance = self.world.appliance
        try:
            assert appliance is not None
            with open(f"/proc/{appliance.process.pid}/schedstat", "rb", buffering=0) as file:
                return int(file.read(64).split()[0]) / 1e9
        except (OSError, AssertionError, IndexError):
            return time.perf_counter()

    def _turn(self, data: bytes = b"") -> bool:
        """One turn at the port. True when something came."""
        began, appliance = self._worked(), self.world.appliance
        self.world.uart_write(data)
        if self.world.appliance is appliance:
            self.seen.turns.append(self._worked() - began)
        came = self.world.uart_read()
        self._said += came
        return bool(came)

    def _silence(self) -> None:
        silent = turns = 0
        while silent < _SILENT and turns < _TURNS:
            silent = 0 if self._turn() else silent + 1
            turns += 1

    def _step(self, where: list[float]) -> None:
        began, appliance = self._worked(), self.world.appliance
        self.world.step()
        if self.world.appliance is appliance:
            where.append(self._worked() - began)
        self._said += self.world.uart_read()

    def _stop(self) -> None:
        """A host that asks much and reads nothing."""
        world = self.world
        world.uart_stop(True)
        self._turn(b"\n@s codes all\n")
        until = world.now_s + _STOPPED_S
        while world.now_s < until:
            self._step(self.seen.ticks)
        world.uart_stop(False)
        self._silence()
        self._said = b""  # what was cut

    def _answers(self) -> bool:
        """Whether a line that makes sense is answered, whatever came before it."""
        for _ in range(_PROBES):
            self._probe += 1
            wanted = b'{"@":"p%d","done":1}' % (self._probe % 1_000_000)
            self._turn(b"\n@p%d stop\n" % (self._probe % 1_000_000))
            for _ in range(_TURNS // _PROBES):
                if wanted in self._said:
                    return True
                if not self._turn():
                    self._step(self.seen.ticks)
        return False

    # -- judging -------------------------------------------------------------------------------------------------------

    def _judge(self, some: list[Input]) -> None:
        seen = self.seen
        case = b"".join(one.data for one in some)
        for line in self._said.split(b"\n"):
            at = line.find(b'{"@":"')
            if at < 0:
                continue
            seen.answered += 1
            seen.longest = max(seen.longest, len(line) - at)
            try:
                row = json.loads(line[at:])
            except ValueError:
                seen.garbled += 1
                seen.note("garbled", case, line.decode(errors="replace"))
                continue
            seen.refused += "refused" in row
            if row["@"].startswith(GUARDED) and "done" in row:
                seen.accepted += 1
                seen.note("accepted", case, str(row))
            if row.get("serial"):
                seen.grants += 1
                seen.note("grant", case, str(row))
        self._said = b""
        for event in self.world.events[self._events :]:
            if event.kind in _CRASHES:
                seen.crashes += 1
                seen.note("crash", case, str(event.data))
            elif event.kind in _FORBIDDEN:
                seen.accepted += 1
                seen.note("accepted", case, f"{event.kind} {event.data}")
        self._events = len(self.world.events)

    def _named(self) -> int:
        """The same once every word was said: names that it met the interpreter never forgets."""
        for words in (*OPEN, "grant AAAA AAAA", "test heater"):
            self._turn(f"\n@q {words}\n".encode())
            self._silence()
        return self._free()

    def _free(self) -> int:
        """Bytes of heap, everything that the port had loaded let go of."""
        self._turn(b"\nbye\n")
        self._silence()
        self._said = b""
        self._turn(b"\n@w who\n")
        self._silence()
        said, self._said = self._said, b""
        for line in said.split(b"\n"):
            if line.startswith(b'{"@":"w"'):
                return int(json.loads(line).get("heap_free", 0))
        self.seen.hangs += 1
        self.seen.note("hang", b"\n@w who\n", "no answer")
        return 0
