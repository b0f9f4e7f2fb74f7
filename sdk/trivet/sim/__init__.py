"""A simulated appliance: the real firmware in real MicroPython, its flash as files, a plant of the board's physics."""

from .device import Device
from .world import World

__all__ = ["Device", "World"]
