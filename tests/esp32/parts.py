"""One case of a single part of the chip's room on the fake chip, in MicroPython: `parts.py FOLDER TABLES FILE CASE …`.
What follows is the case's own, and lies in `board.words`; `board.pause` lets real milliseconds pass.
"""

import json
import sys


class Ticks:
    """Time that a case turns."""

    def __init__(self):
        self.now = 0

    def ticks_ms(self):
        return self.now & (1 << 30) - 1

    def ticks_diff(self, a, b):
        return (a - b + (1 << 29) & (1 << 30) - 1) - (1 << 29)

    def sleep_ms(self, ms):
        self.now += ms


class Clock:
    """The module `time` of a chip, which counts from 2000 on."""

    def __init__(self, ticks, real):
        self.ticks_ms = ticks.ticks_ms
        self.ticks_diff = ticks.ticks_diff
        self.sleep_ms = ticks.sleep_ms
        self._real = real

    def gmtime(self, seconds):
        return self._real.gmtime(seconds + 946_684_800)[:8]

    def time(self):
        return 1_800_000_000 - 946_684_800


def main(folder, tables, file, case, *words):
    import chip

    real = __import__("time")
    with open(tables) as found, open(folder + "/partitions.json") as rows:
        board = chip.install(json.load(found), folder, json.load(rows))
    board.words, board.pause = words, real.sleep_ms
    ticks = Ticks()
    sys.modules["time"] = Clock(ticks, real)
    getattr(__import__(file), case)(board, ticks)
    print("passed")


main(*sys.argv[1:])
