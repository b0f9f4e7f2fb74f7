"""The project's own Python: makes `.venv` from the pinned lock when it is missing or out of date, then runs in it.

Takes nothing but a Python 3.11+ with `venv`, a C compiler and a network to the package index; uses the standard library
only. Never touches anything outside the project's folder. Every script in tools/ starts with `environment.enter()`.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "tools" / "requirements.lock"
PYTHON = ROOT / ".venv" / "bin" / "python"
STAMP = ROOT / ".venv" / "lock.sha256"


def say(text: str) -> None:
    """One line of progress on stderr, so that `--json` on stdout stays clean."""
    print(f"· {text}", file=sys.stderr, flush=True)


def enter() -> None:
    """Return inside the project's environment; else make it when it is missing, and start this script again in it."""
    if Path(sys.prefix).resolve() == (ROOT / ".venv").resolve():
        return
    if sys.version_info < (3, 11):  # noqa: UP036 - this runs before anything has checked
        sys.exit(f"Trivet needs Python 3.11 or later; this is {sys.version.split()[0]}. Run: python3.11 {sys.argv[0]}")
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not PYTHON.exists() or not STAMP.exists() or STAMP.read_text() != wanted:
        _make(wanted)
    os.execv(PYTHON, [str(PYTHON), *sys.argv])


def oracle() -> Path:
    """The Python of `.venv-oracle`, where the COSE libraries live that judge ours; made when missing or out of date."""
    lock, home = ROOT / "tools" / "oracle.lock", ROOT / ".venv-oracle"
    python, stamp = home / "bin" / "python", home / "lock.sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not python.exists() or not stamp.exists() or stamp.read_text() != wanted:
        _run("making an environment for the oracles", sys.executable, "-m", "venv", str(home))
        pip = (str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-input")
        _run("installing what oracle.lock names", *pip, "--require-hashes", "-r", str(lock))
        stamp.write_text(wanted)
    return python


def chips() -> list[Path]:
    """Projects of the type checker, one for each chip with other modules than the ESP32, whose stubs `.venv` has; their
    stubs are fetched into `.venv-chips` when missing or out of date."""
    found = sorted((ROOT / "tools" / "chips").iterdir())
    for project in found:
        lock, home = project / "stubs.lock", ROOT / ".venv-chips" / project.name
        stamp, wanted = home / "lock.sha256", hashlib.sha256(lock.read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            pip = (str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-input")
            words = ("--no-deps", "--upgrade", "--target", str(home), "--require-hashes", "-r", str(lock))
            _run(f"fetching the stubs of the {project.name}", *pip, *words)
            stamp.write_text(wanted)
    return found


def _make(wanted: str) -> None:
    began = time.monotonic()
    say("first run: making .venv with the pinned packages (about a minute, only once)")
    _run("making an empty environment", sys.executable, "-m", "venv", str(ROOT / ".venv"))
    pip = (str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-input")
    _run(
        "installing what requirements.lock names, each checked against its hash",
        *pip,
        "--require-hashes",
        "-r",
        str(LOCK),
    )
    _run("installing Trivet itself", *pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    _name_site()
    STAMP.write_text(wanted)
    say(f"ready after {time.monotonic() - began:.0f} s")


def _name_site() -> None:
    """`.venv/site` leads to site-packages whatever the Python's version: pyright reads MicroPython's stubs there."""
    site = ROOT / ".venv" / "site"
    site.unlink(missing_ok=True)
    packages = next((ROOT / ".venv" / "lib").glob("python3*/site-packages"))
    site.symlink_to(packages.relative_to(ROOT / ".venv"))


def _run(what: str, *command: str) -> None:
    """Run one step of the set-up; say every ten seconds that it still goes on; stop with its output when it fails."""
    say(what)
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        output = ""
        while True:
            try:
                output, _ = child.communicate(timeout=10)
                break
            except subprocess.TimeoutExpired:
                say(f"  … {time.monotonic() - began:.0f} s")
    if child.returncode:
        sys.exit(
            f"{output}\nThis step failed: {what}. It needs a network to the Python package index, and a C compiler "
            "(cc) for what comes as source; then run the same command again."
        )
