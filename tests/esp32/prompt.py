"""A board that was flashed and is no appliance yet, at its interpreter's prompt: `micropython -i prompt.py FOLDER
TABLES IMAGE`. The chip's modules are the fake ones, the image is a real board's."""

import json
import sys

import chip
import vfs

folder, tables, image = sys.argv[1:4]
with open(image, "rb") as file:
    rom = file.read()
with open(tables) as file, open(folder + "/partitions.json") as rows:
    chip.install(json.load(file), folder, json.load(rows))
vfs.mount(vfs.VfsRom(memoryview(rom)), "/rom")
sys.path[:] = ["/rom", ".frozen"]
