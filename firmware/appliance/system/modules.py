"""Modules that are needed now and then: takes a name, lets go of what stands behind it."""

import sys


def unload(module: str) -> None:
    """Out of the table of modules and out of its package, which it has none of in an image (ports.Ports)."""
    if sys.modules.pop(module, None) is not None:
        package, _, name = module.rpartition(".")
        room = sys.modules.get(package)
        if hasattr(room, name):  # else it was imported before its room was let go of
            delattr(room, name)
