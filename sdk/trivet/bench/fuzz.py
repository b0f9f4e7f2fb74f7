"""A fuzzer over everything that reads untrusted CBOR, at the appliance (its own sources, in CPython) and in the SDK.

    --target manifest     envelopes, manifests, key manifests, sets of keys, hash-based signatures; the SDK's inspector
    --target message      sealed and signed messages, their payloads, statements of appliances
    --target console      the service port of a whole simulated appliance: lines, credentials of nobody, noise
    --seconds S, --n N    how long, or how many inputs; two minutes for the first two targets otherwise
    --replay NAME:HEX     one input as a run printed it

Counted: what escaped as another exception than a refusal (`crashes`), what took longer than five seconds (`hangs`),
and what was believed although nobody signed it (`accepted`). Memory: the most that a sampled input took, and what a
round of inputs leaves behind. Each side runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trivet
from trivet import boards, paths

from . import device
from .fuzzing.loop import TIMES
from .fuzzing.siege import Siege

if TYPE_CHECKING:
    from . import Options

SCRIPT = "fuzz.py"
TARGETS = ("manifest", "message")
CONSOLE = "console"  # by itself: it needs a whole appliance
BOARD = "oven"
_HEAP_BLOCK = 16  # bytes, of MicroPython's heap on a chip
SIDES = ("appliance", "cloud")
DEFAULT_S = 120.0
ENDLESS_S = 1e6
MAX_PEAK = 1 << 20  # bytes that an input may take: its own size many times over, and no promise of its own heads
SUMS = ("inputs", "crashes", "hangs", "accepted")


def run(options: Options) -> dict[str, Any]:
    """`inputs, seconds, crashes, hangs, accepted`; the worst target's `growth_blocks` and `peak_bytes`; `targets`."""
    if options.replay is not None and options.replay.startswith(CONSOLE + ":"):
        return {
            "case": Siege(boards.load(BOARD), options.seed).replay(bytes.fromhex(options.replay[len(CONSOLE) + 1 :]))
        }
    if options.replay is not None:
        text = subprocess.run(_command("case", options.replay), env=_environment(), capture_output=True, check=False)
        return {"case": (text.stdout + text.stderr).decode(errors="replace").strip()}
    chosen = [options.target] if options.target else list(TARGETS)
    if unknown := set(chosen) - {*TARGETS, CONSOLE}:
        raise SystemExit(f"There is no target {unknown.pop()!r} to fuzz: {', '.join(TARGETS)} or {CONSOLE}")
    seconds = options.seconds or (ENDLESS_S if options.n else DEFAULT_S)
    if chosen == [CONSOLE]:
        parts = [[_port(options, seconds)]]
    else:
        parts = [_both(options, target, seconds / len(chosen)) for target in chosen]
    targets = {name: figures for part in parts for side in part for name, figures in side["targets"].items()}
    result: dict[str, Any] = {key: sum(one[key] for one in targets.values()) for key in SUMS}
    result["seconds"] = sum(max(side["seconds"] for side in part) for part in parts)
    result["growth_blocks"] = max(one["growth_blocks"] for one in targets.values())
    result["peak_bytes"] = max(one["peak_bytes"] for one in targets.values())
    return result | {"targets": targets}


def _port(options: Options, seconds: float) -> dict[str, Any]:
    """The service port: the appliance runs in MicroPython, so that lines are those of its answers, a block of memory is
    one of its heap, and the peak is its heap's."""
    began = time.monotonic()
    siege = Siege(boards.load(BOARD), options.seed)
    seen = siege.run(options.n or sys.maxsize, seconds, options.say)
    figures = seen.figures()
    row = {name: figures[name] for name in ("inputs", "refused", "hangs", "found")}
    row |= {"crashes": seen.crashes + seen.garbled, "accepted": seen.accepted + seen.grants}
    row |= {"growth_blocks": figures["heap_kept"] // _HEAP_BLOCK, "peak_bytes": siege.world.state.heap_peak}
    row |= {"slowest_ms": round(figures["turn_us"]["max"] / 1000, 1), "lines": seen.answered, "corpus": len(seen.kinds)}
    return {"seconds": time.monotonic() - began, "targets": {CONSOLE: row}}


def _both(options: Options, target: str, seconds: float) -> list[dict[str, Any]]:
    """Both sides of a target at once."""
    share = -(-options.n // (len(SIDES) * (1 if options.target else len(TARGETS)))) if options.n else 0
    results: dict[str, dict[str, Any]] = {}
    wrong: list[str] = []

    def side(name: str) -> None:
        words = _command("run", target, name, str(seconds), str(share), str(options.seed))
        with subprocess.Popen(
            words, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            said = []
            for line in child.stderr:
                said.append(line)
                if line.startswith(name):
                    options.say(f"{target}, {line.rstrip()}")
            printed = child.stdout.read()
        if child.returncode:
            wrong.append(f"{target}, {name} stopped:\n{''.join(said[-20:])}")
        else:
            results[name] = json.loads(printed.splitlines()[-1])

    threads = [threading.Thread(target=side, args=(name,)) for name in SIDES]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if wrong:
        raise RuntimeError("\n".join(wrong))
    return [results[name] for name in SIDES]


def _command(*words: str) -> list[str]:
    return [sys.executable, str(device.TOOLS / SCRIPT), *words]


def _environment() -> dict[str, str]:
    """The firmware that this SDK belongs to, and this SDK."""
    folders = (paths.firmware(), Path(trivet.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}


def sound(result: dict[str, Any]) -> bool:
    """Nothing escaped, hung, was believed or stays, and every target was reached."""
    if "case" in result:
        return "Traceback" not in result["case"] and "taken for genuine" not in result["case"]
    return (
        not any(result[key] for key in ("crashes", "hangs", "accepted"))
        and result["growth_blocks"] < TIMES
        and result["peak_bytes"] < MAX_PEAK
        and all(one["inputs"] and one["lines"] for one in result["targets"].values())
    )


def show(result: dict[str, Any]) -> None:
    if "case" in result:
        print(result["case"])
        return
    head = ("inputs", "refused", "crashes", "hangs", "accepted", "lines", "corpus", "peak", "slowest")
    print(f"{'':26}" + "".join(f"{word:>11}" for word in head))
    for name, one in result["targets"].items():
        counts = "".join(f"{one[key]:>11,}" for key in head[:7])
        print(f"{name:26}{counts}{one['peak_bytes']:>9,} B{one['slowest_ms']:>8.1f} ms")
    print(f"{result['inputs']:,} inputs in {result['seconds']:.0f} s")
    print(f"A round of inputs leaves at most {result['growth_blocks']} blocks of memory; {TIMES} would be a leak.")
    for one in result["targets"].values():
        for found in one["found"]:
            print(f"\n{found['what']}: --replay {found['case']}\n{found['words']}")
