"""Where the firmware's sources and the boards lie: beside the SDK in a checkout, inside the package when installed.

Takes nothing, gives paths; never writes.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _data(name: str) -> Path:
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / name


def firmware() -> Path:
    """The folder that holds `trivet_wire` and `appliance`."""
    return _data("firmware")


def boards() -> Path:
    """The folder that holds one folder per board."""
    return _data("boards")
