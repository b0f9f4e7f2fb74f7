"""What a tick costs: a generated board of 24 signals and 60 monitors, all kinds, in the real MicroPython.

Nothing may be allocated: the ticks run with the heap locked. The cost is counted in machine instructions by valgrind
(wall time on a shared machine means little): two runs that differ only in their number of ticks, so that start and
learning cancel out. `--n` is that difference.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet.sim import rom
from trivet.sim.appliance import start_command

from . import device, generated

if TYPE_CHECKING:
    from . import Options

SIGNALS = 24
MONITORS = 60
FEW = 40  # ticks of the shorter run
DEFAULT_N = 256  # more of them in the longer one: a whole round of the readings' jumps
NO_VALGRIND = "valgrind is not installed, so instructions were not counted: apt install valgrind, or dnf, brew, pacman"
_HEAP_KIB = 512  # 60 monitors are more than an appliance has
_COUNTED = re.compile(rb"Collected\s*:\s*(\d+)")


@dataclass(frozen=True)
class Made:
    image: Path

    def command(self, ticks: int) -> list[str]:
        return start_command(self.image, _HEAP_KIB, "tick", str(ticks))

    def run(self, ticks: int) -> dict[str, Any]:
        """Plainly: what was allocated."""
        done = subprocess.run(self.command(ticks), capture_output=True, check=False)
        return self._said(done)

    def instructions(self, ticks: int) -> int:
        """Under valgrind: instructions of the whole process."""
        tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        environment = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
        done = subprocess.run([*tool, *self.command(ticks)], capture_output=True, check=False, env=environment)
        self._said(done)
        counted = _COUNTED.search(done.stderr)
        if counted is None:
            raise RuntimeError(f"valgrind counted nothing:\n{done.stderr.decode(errors='replace')[-2000:]}")
        return int(counted[1])

    @staticmethod
    def _said(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
        if done.returncode or not done.stdout.strip().startswith(b"{"):
            raise RuntimeError(f"the tick stopped:\n{(done.stdout + done.stderr).decode(errors='replace')[-2000:]}")
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return said


def run(options: Options) -> dict[str, Any]:
    """`alloc` in bytes over all counted ticks; `instructions_per_monitor` None without valgrind."""
    more = options.n or DEFAULT_N
    with tempfile.TemporaryDirectory(prefix="trivet-tick-") as folder:
        board = generated.write(Path(folder) / "generated", SIGNALS, MONITORS)
        made = Made(rom.build(board, device.TOOLS / "tick.py", device.TOOLS / "ram.py"))
        options.say(f"{FEW + more} ticks with the heap locked")
        said = made.run(FEW + more)
        kinds = sorted({monitor.kind for monitor in board.monitors})
        result = {**said, "kinds": kinds, "instructions_per_tick": None, "instructions_per_monitor": None}
        if shutil.which("valgrind") is None:
            options.say(NO_VALGRIND)
            return result
        counts = []
        for ticks in (FEW, FEW + more):
            options.say(f"{ticks} ticks under valgrind")
            counts.append(made.instructions(ticks))
    each = (counts[1] - counts[0]) / more
    result["instructions_per_tick"] = round(each)
    result["instructions_per_monitor"] = round(each / said["monitors"])
    return result


def sound(result: dict[str, Any]) -> bool:
    """Nothing allocated, instructions counted, and monitors had something to find."""
    counted = result["instructions_per_monitor"] is not None
    return bool(counted and result["alloc"] == 0 and result["events_that_failed"])


def show(result: dict[str, Any]) -> None:
    print(f"{result['signals']} signals, {result['monitors']} monitors: {', '.join(result['kinds'])}")
    print(f"{result['events_that_failed']} of their events failed at some time in {result['ticks']} ticks")
    print(f"allocated: {result['alloc']} bytes")
    if result["instructions_per_monitor"] is None:
        print(NO_VALGRIND)
        return
    print(f"instructions: {result['instructions_per_tick']:,} a tick")
    print(f"              {result['instructions_per_monitor']:,} a monitor, everything else in the tick shared out")
