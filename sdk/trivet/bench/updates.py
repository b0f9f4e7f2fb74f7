"""The power cut at every flash operation of whole updates: the appliance starts on the old or the new version, whole,
and comes to an end by itself. Also what an update costs: its largest buffer, a delta's share, a signature's time.

The firmware's own update machine runs in MicroPython over real littlefs, with base slots, otadata and journal on a
flash stricter than the chip and a model of its boot loader; releases come from `trivet release build`. One of four cuts
is followed by a second one. Every operation is cut before it and torn: in every way in the cases of WHOLE, in half of
the ways, other ones at the next operation, in the rest. `--n 1` tears in every way in all cases (20 minutes), `--n 10`
cuts every tenth operation only; `--replay 'CASE@OPERATION.WAY'`, as a failure is printed, repeats one cut and tells
what came of it.

    bricked             nothing starts, or the firmware breaks off
    mixed               base and bundle that do not belong together run, or one that is not whole
    stuck               it comes to no end
    sequence_lowered    a number that only rises fell: of the installed release, of the release keys
    lost                it ended on the old version, though nothing was wrong with the new one
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import delta, device, updates_cases, updates_heap, verify_cost

if TYPE_CHECKING:
    from . import Options

BAD = ("bricked", "mixed", "stuck", "sequence_lowered", "lost")
FIGURES = ("cuts", "torn", "twice", "new", "old", *BAD)
LARGEST = 8192  # bytes of one buffer
_PROGRAM = "updates.py"
_HEAP = "48m"  # of the interpreter that keeps whole flash images
_TIGHT = "3m"  # of one whose room is cut into pieces
WHOLE = ("base", "bundle", "both")  # cases whose operations are torn in every way; the others in half of them
_AT_ONCE = 2  # cases
_SHOWN = 20  # failures


@dataclass(frozen=True)
class Bench:
    folders: dict[str, Path]
    sample: int
    seed: int
    tears: int = 1  # of the ways to tear an operation, one in so many; all of them in WHOLE

    def cut(self, name: str) -> dict[str, Any]:
        """Figures of one case."""
        tears = 1 if name in WHOLE else self.tears
        words = ("cut", str(self.folders[name]), str(self.sample), str(self.seed), str(tears))
        found = json.loads(device.micropython(_PROGRAM, *words, heap=_HEAP))
        return {"name": name, **found, "failures": [f"{name}@{one}" for one in found["failures"]]}

    def replay(self, spec: str) -> str:
        name, _, cut = spec.partition(":")[0].rpartition("@")
        if name not in self.folders:
            raise SystemExit(f"There is no case called {name!r}. These exist: {', '.join(self.folders)}")
        return device.micropython(_PROGRAM, "replay", str(self.folders[name]), str(self.seed), cut, heap=_HEAP)

    def buffers(self) -> int:
        """Bytes of the largest piece of heap that any whole update asks for."""
        names = ("both", "both by delta", "keys")
        return max(int(device.micropython(_PROGRAM, "buffers", str(self.folders[name]), heap=_TIGHT)) for name in names)


def run(options: Options) -> dict[str, Any]:
    """Sums over all cases under the fixed keys; each case's own figures under `each`."""
    with tempfile.TemporaryDirectory(prefix="trivet-updates-") as scratch:
        bench = Bench(updates_cases.prepare(Path(scratch)), max(1, options.n or 1), options.seed, 1 if options.n else 2)
        if options.replay is not None:
            return {"replay": bench.replay(options.replay)}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            each = list(pool.map(lambda name: _told(bench.cut(name), options), bench.folders))
        largest = bench.buffers()
    sums = {key: sum(one[key] for one in each) for key in FIGURES}
    failures = [failure for one in each for failure in one["failures"]]
    costs = {"largest_buffer": largest, **updates_heap.measure(options), **_costs(options)}
    return {"cases": len(each), **sums, **costs, "seed": options.seed, "failures": failures, "each": each}


def _told(figures: dict[str, Any], options: Options) -> dict[str, Any]:
    bad = f", {len(figures['failures'])} BAD" if figures["failures"] else ""
    options.say(f"{figures['name']}: {figures['operations']} operations, {figures['cuts']} cuts{bad}")
    return figures


def _costs(options: Options) -> dict[str, Any]:
    deltas = delta.run(options)
    slowest = max(row["apply_ms"] for row in deltas["boards"].values())
    return {"delta_ratio": deltas["delta_ratio"], "delta_apply_ms": slowest, **verify_cost.run(options)}


def sound(result: dict[str, Any]) -> bool:
    """Cuts were made, torn ones among them, every one ended on the old or the new version, and no buffer was larger
    than is allowed."""
    if "replay" in result:
        return True
    ended = result["cuts"] == result["new"] + result["old"] > 0
    return bool(result["torn"]) and ended and not result["failures"] and result["largest_buffer"] <= LARGEST


def show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    if "replay" in result:
        print(result["replay"].rstrip())
        return
    table = Table(title="the power cut at every flash operation of an update", caption="new, old: what it ended on")
    for name in ("case", "operations", *FIGURES):
        table.add_column(name.replace("_", " "), justify="left" if name == "case" else "right")
    for one in result["each"]:
        table.add_row(one["name"], f"{one['operations']:,}", *(f"{one[key]:,}" for key in FIGURES))
    table.add_section()
    operations = sum(one["operations"] for one in result["each"])
    table.add_row(f"all {result['cases']}", f"{operations:,}", *(f"{result[key]:,}" for key in FIGURES))
    console = Console()
    console.print(table)
    console.print(f"Largest buffer of an update: {result['largest_buffer']:,} bytes of {LARGEST:,} allowed.")
    updates_heap.show(result)
    share = f"{100 * result['delta_ratio']:.1f} %"
    console.print(f"A typical release as a delta: {share} of the whole, applied in {result['delta_apply_ms']:.0f} ms.")
    verify_cost.show(result)
    for failure in result["failures"][:_SHOWN]:
        spec = failure.partition(": ")[0]
        console.print(f"{failure}   tools/bench updates --seed {result['seed']} --replay '{spec}'", soft_wrap=True)
    if len(result["failures"]) > _SHOWN:
        console.print(f"… and {len(result['failures']) - _SHOWN} more (--json names them all)")
