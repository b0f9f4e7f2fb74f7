"""Where the firmware's sources and this user's cache are; takes nothing, never writes."""

from pathlib import Path

from platformdirs import user_cache_path

_PACKAGE = Path(__file__).resolve().parents[1]


def firmware() -> Path:
    """The firmware's source folder: beside the SDK in a checkout, inside the package when installed from a wheel."""
    packaged = _PACKAGE / "_data" / "firmware"
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "firmware"


def cache() -> Path:
    """This user's folder for what can always be made again: ROM images, fetched packages."""
    return user_cache_path("trivet")
