"""A life of the oven on a fake chip, in virtual time: `life.py FOLDER TABLES IMAGE ROOM SCENE …`. The image is the one
that goes into a real board's flash, ROOM what the room of the ports is called in it; only the chip's modules and the
passing of time are the test's. Prints JSON lines.

Time passes where the firmware sleeps. A scene is a function that is asked at each of those moments; it turns the
board's world and ends the life with `Over`.
"""

import json
import sys
import time as real_time

import vfs

FULL = 2_500_000  # microvolts that the board's dividers hang on


class Over(Exception):
    """The life ends here."""


class Time:
    """As MicroPython's on a chip, where it is used: ticks go round, the calendar begins at 2000 and is not set."""

    def __init__(self):
        self.now = (1 << 30) - 2_000  # the chip's counter goes round in the third second
        self.scene = None
        self.set_at = None

    def ticks_ms(self):
        return self.now & (1 << 30) - 1

    def ticks_diff(self, a, b):
        return (a - b + (1 << 29) & (1 << 30) - 1) - (1 << 29)

    def sleep_ms(self, ms):
        self.now += ms
        if self.scene is not None:
            self.scene(self.now - (1 << 30) + 2_000)

    def gmtime(self, seconds):
        return real_time.gmtime(seconds + 946_684_800)[:8]

    def time(self):
        return 0 if self.set_at is None else self.set_at[0] + (self.now - self.set_at[1]) // 1000


def say(**row):
    print(json.dumps(row))


def panel(program, target):
    body = bytes((program, target & 0xFF, target >> 8))
    return b"\xa5" + body + bytes((sum(body) & 0xFF,))


def ntc(celsius):
    """Microvolts at the cavity's converter: 100k NTC, beta 3950, under 3.3k of 2.5 V."""
    import math

    r = 100_000 * math.exp(3950 * (1 / (celsius + 273.15) - 1 / 298.15))
    return int(FULL * r / (r + 3300))


def bake(board, ports):
    """The panel asks for a bake; after 20 s the cavity's sensor breaks off."""
    board.uv.update({36: ntc(25), 39: FULL * 450 // 4095, 34: FULL * 2875 // 4095, 35: 0, 32: FULL // 2})
    seen = {"on": 0, "off": 0}

    def scene(now):
        if now % 100 == 0:
            board.uarts.setdefault(1, bytearray())
            board.uarts[1].extend(panel(2 if now > 3_000 else 0, 180))
        amps = board.out[16] * (6.96 * board.out[17] + 4.35 * board.out[18])
        board.uv[35] = int(amps / 20.475 * FULL)
        board.pulses[26] = now // 10 * board.out[19]  # 100 a second: 3,000 turns a minute
        if now > 20_000:
            board.uv[36] = FULL
        if board.out.get(16) and not seen["on"]:
            seen["on"] = now
        if now > 20_000 and not board.out.get(16) and not seen["off"]:
            seen["off"] = now
        if now >= 40_000:
            say(relays=board.log[:5], on=seen["on"], off=seen["off"], watchdog=board.watchdog)
            say(shown=ports().teller.shown, panel=board.uart_out.get(1, b"").decode())
            raise Over

    return scene


def idle(board, ports):
    def scene(now):
        if now >= 3_000:
            raise Over

    return scene


def restart(board, ports):
    """Somebody restarts it by command."""

    def scene(now):
        if now >= 3_000:
            ports().reset()

    return scene


def hang(board, ports):
    """The third second never ends: the watchdog bites while the tick has its turn."""

    def scene(now):
        if now >= 3_000:
            ports().retained[1] = ord("t")
            raise Over

    return scene


SCENES = {"bake": bake, "idle": idle, "restart": restart, "hang": hang}


def main(folder, tables, image, room, scene, cause="1"):
    import chip
    import uctypes

    with open(image, "rb") as file:
        rom = file.read()
    with open(tables) as file, open(folder + "/partitions.json") as rows:
        board = chip.install(json.load(file), folder, json.load(rows))
    board.cause = int(cause)
    time = sys.modules["time"] = Time()
    vfs.mount(vfs.VfsRom(memoryview(rom)), "/rom")
    del uctypes
    sys.path[:] = ["/rom", ".frozen"]
    made = []

    import main_esp32

    room = __import__(room)  # in an image its modules are one, and it and their classes have other names
    Ports = next(one for one in map(lambda name: getattr(room, name), dir(room)) if hasattr(one, "witnessed"))
    first = Ports.__init__

    def init(self):
        first(self)
        self.teller.listener = lambda event: say(**event)
        made.append(self)

    Ports.__init__ = init
    time.scene = SCENES[scene](board, lambda: made[0])
    try:
        main_esp32.main()
        say(left=True)
    except Over:
        pass
    except chip.Restart:
        say(restarted=True)
    say(nvs=board.nvs, cause=made[0].cause, retained=list(made[0].retained))
    board.save()


if __name__ == "__main__":
    main(*sys.argv[1:])
