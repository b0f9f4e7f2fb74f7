"""`umqtt.simple` for ROM images: fetches the pinned source distribution once, by its hash, into the user's cache.

The appliance's MQTT client stands on the class that every ESP32 build of MicroPython has frozen in; a host has to
fetch it. Nothing is taken that does not have the pinned digest, and nothing is fetched twice.
"""

import os
import shutil
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
    from unearth import HashMismatchError, PackageFinder, UnpackError

    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple")
    wanted = f"{NAME}=={VERSION}"
    try:
        finder = PackageFinder(index_urls=[index], no_binary=[NAME])
        match = finder.find_best_match(wanted).best
        if match is None:
            raise SimulationError(f"{index} does not offer {wanted}: point PIP_INDEX_URL at an index that has it")
        source = finder.download_and_unpack(match.link, scratch / "source", scratch, {"sha256": [SHA256]})
    except HashMismatchError as err:
        raise SimulationError(f"{wanted} from {index} is not the pinned file: refused. {err}") from err
    except (UnpackError, OSError) as err:
        raise SimulationError(
            f"{wanted} could not be fetched from {index}: {err}. It is needed once; connect to the network and run "
            "`trivet doctor` again, or set PIP_INDEX_URL to a mirror."
        ) from err
    target = scratch / "package"
    shutil.copytree(source / "umqtt", target / "umqtt")
    return target
