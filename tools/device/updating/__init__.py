"""An update on flash that loses its power: runs in MicroPython over the firmware's own update room, real littlefs and a
model of the chip's boot loader. Read by `tools/device/updates.py`."""
