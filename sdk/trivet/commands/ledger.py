"""`trivet ledger`: what an appliance sent and what was done to it, in words, and whether every record is as it was
written. Takes the folder of a simulated appliance; the firmware's own rooms read copies of its flash, so nothing there
is changed.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from trivet_wire import cbor

from trivet import paths
from trivet.errors import TrivetError
from trivet.sim.device import read_files

app = typer.Typer(add_completion=False, no_args_is_help=True)
_IMAGES = ("journal.img", "ledger.img")
Folder = Annotated[Path, typer.Option("--device", help="folder of a simulated appliance (trivet sim --device)")]
Language = Annotated[str, typer.Option(help="en or de")]
Json = Annotated[bool, typer.Option("--json", help="the last line of output is one JSON object")]


class LedgerError(TrivetError):
    """There is no ledger to read."""


@app.command()
def show(
    device: Folder,
    language: Language = "en",
    last: Annotated[int, typer.Option(min=1, help="how many of the newest records")] = 40,
    as_json: Json = False,
) -> None:
    """The newest records, oldest first."""
    found = _told(device, language, last)
    if as_json:
        print(json.dumps(found))
        return
    for one in found["records"]:
        print(f"{one['record']:>6}  {one['when']:<17}  {one['text']}")
    if not found["records"]:
        print("Noch nichts vermerkt." if language == "de" else "Nothing is noted yet.")


@app.command()
def verify(device: Folder, language: Language = "en", as_json: Json = False) -> None:
    """Whether any record was altered, taken away or moved, and which. Exit code 1 when one was."""
    found = _told(device, language, 1)
    if as_json:
        print(json.dumps({key: found[key] for key in ("first", "why", "verdict", "newest", "receipted")}))
    else:
        print(found["verdict"][:1].upper() + found["verdict"][1:] + ".")
    if found["first"]:
        raise typer.Exit(1)


def _told(folder: Path, language: str, last: int) -> dict[str, Any]:
    try:
        return read(folder, language, last)
    except TrivetError as error:
        print(f"trivet ledger: {error}", file=sys.stderr)
        raise typer.Exit(2) from None


def read(folder: Path, language: str = "en", last: int = 1 << 30) -> dict[str, Any]:
    """`records`, `first` (number of the first that is not as it was written, 0: all are), `why` (ids.L_*), `verdict` in
    words, `newest`, `receipted`. Raises LedgerError."""
    if language not in ("en", "de"):
        raise LedgerError(f"the ledger speaks en and de, not {language!r}")
    missing = [name for name in ("fs.img", *_IMAGES) if not (folder / name).is_file()]
    if missing:
        raise LedgerError(f"{folder} has no {' and no '.join(missing)}: give the folder of `trivet sim --device`")
    with tempfile.TemporaryDirectory(prefix="trivet-ledger-") as copy:
        for name in _IMAGES:
            shutil.copy(folder / name, copy)
        command = [sys.executable, "-m", "appliance.sim.recital", copy, language, str(last)]
        environment = {**os.environ, "PYTHONPATH": str(paths.firmware())}
        done = subprocess.run(
            command, input=json.dumps(_keys(folder)), capture_output=True, text=True, env=environment, check=False
        )
    if done.returncode:
        raise LedgerError(f"the ledger in {folder} cannot be read:\n{done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _keys(folder: Path) -> dict[str, Any]:
    files = read_files(folder / "fs.img")
    if "identity.cbor" not in files:
        raise LedgerError(f"the appliance in {folder} was never provisioned, so it has no ledger")
    identity: Any = cbor.decode(files["identity.cbor"], 1024)
    der = files.get("key.der", b"")
    return {
        "device": identity["id"].hex(),
        "epoch": identity["epoch"],
        "message_key": identity["message_key"].hex(),
        "private": der[7:39].hex() if der else None,  # SEC 1, as the appliance reads it
    }
