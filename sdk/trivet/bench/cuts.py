"""The power cut before, during and after every flash operation: old or new state each time, and the appliance starts.

Two kinds of histories: of all stores on the journal's raw partition, over a flash stricter than the chip, and of files
on real littlefs in MicroPython. `--n 10` cuts every tenth operation only; `--replay 'NAME@OPERATION.WAY'`, as a failure
is printed, repeats one cut and tells what it found.
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet.sim.device import Device, Provision

from . import device

if TYPE_CHECKING:
    from . import Options

FIGURES = ("cuts", "torn", "recovered", "lost", "third_state", "no_start")
LITTLEFS = "littlefs, "  # before a history's name
_SHOWN = 20  # failures
_HEAP = "64m"  # of the interpreter that keeps whole flash images; the appliance's own is not measured here


@dataclass(frozen=True)
class Bench:
    """`sample` 1 cuts every operation; `image` is what provisioning writes."""

    sample: int
    seed: int
    image: bytes

    def names(self) -> list[str]:
        on_files = json.loads(device.micropython("files.py", "list"))
        return [*json.loads(device.python("cuts.py", "list")), *(LITTLEFS + name for name in on_files)]

    def cut(self, name: str) -> dict[str, Any]:
        words = (name.removeprefix(LITTLEFS), str(self.sample), str(self.seed))
        if name.startswith(LITTLEFS):
            said = device.micropython("files.py", "cut", *words, heap=_HEAP, stdin=self.image)
        else:
            said = device.python("cuts.py", "cut", *words)
        figures: dict[str, Any] = json.loads(said)
        prefix = LITTLEFS if name.startswith(LITTLEFS) else ""
        return {"name": name, **figures, "failures": [prefix + one for one in figures["failures"]]}

    def replay(self, spec: str) -> str:
        words = ("replay", spec.removeprefix(LITTLEFS), str(self.seed))
        if spec.startswith(LITTLEFS):
            return device.micropython("files.py", *words, heap=_HEAP, stdin=self.image)
        return device.python("cuts.py", *words)


def run(options: Options) -> dict[str, Any]:
    """Sums over all histories under the fixed keys; each history's own figures under `each`."""
    bench = Bench(max(1, options.n or 1), options.seed, image())
    if options.replay is not None:
        return {"replay": bench.replay(options.replay)}
    names = bench.names()
    each = []
    with ThreadPoolExecutor(2) as pool:
        for figures in pool.map(bench.cut, names):
            each.append(figures)
            bad = f", {len(figures['failures'])} BAD" if figures["failures"] else ""
            counted = f"{figures['operations']} operations, {figures['cuts']} cuts{bad}"
            options.say(f"{len(each)}/{len(names)} {figures['name']}: {counted}")
    sums = {key: sum(one[key] for one in each) for key in FIGURES}
    failures = [failure for one in each for failure in one["failures"]]
    return {"histories": len(each), **sums, "seed": options.seed, "failures": failures, "each": each}


def sound(result: dict[str, Any]) -> bool:
    """Cuts were made, torn ones among them, and each of them left the old or the new state and an appliance that
    starts."""
    if "replay" in result:
        return True
    return bool(result["torn"]) and result["cuts"] == result["recovered"] and not result["failures"]


def show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    if "replay" in result:
        print(result["replay"].rstrip())
        return
    table = Table(title="the power cut at every flash operation", caption="third: neither the old nor the new state")
    for name in ("history", "operations", "cuts", "torn", "recovered", "lost", "third", "no start"):
        table.add_column(name, justify="left" if name == "history" else "right")
    for one in result["each"]:
        table.add_row(one["name"], f"{one['operations']:,}", *(f"{one[key]:,}" for key in FIGURES))
    table.add_section()
    operations = sum(one["operations"] for one in result["each"])
    table.add_row(f"all {result['histories']}", f"{operations:,}", *(f"{result[key]:,}" for key in FIGURES))
    console = Console()
    console.print(table)
    for failure in result["failures"][:_SHOWN]:
        spec = failure.partition(": ")[0]
        console.print(f"{failure}   tools/bench cuts --seed {result['seed']} --replay '{spec}'", soft_wrap=True)
    if len(result["failures"]) > _SHOWN:
        console.print(f"… and {len(result['failures']) - _SHOWN} more (--json names them all)")


def image() -> bytes:
    """The littlefs image of one appliance, always the same."""
    with tempfile.TemporaryDirectory(prefix="trivet-cuts-") as folder:
        made = Device(Path(folder))
        made.provision(Provision("0123456789abcdef", bytes(range(32)), "TO-60"))
        return made.image.read_bytes()
