"""A simulated appliance: the real firmware in real MicroPython, its flash as files, a plant of the board's physics.

`world.World` puts them together; `device.Device` is the flash, `device.Provision` what a maker's line writes into it.
"""
