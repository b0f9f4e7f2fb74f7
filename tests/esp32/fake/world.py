"""What a test turns at the fake chip, and what it sees: levels of pins, microvolts at converters, what the access point
says, what stands on a bus. NVS and RTC memory lie in files of its folder: a second process is the next start.
"""

import json

RTC_AT = 0x50000000
USER = 0x300  # where in RTC memory MicroPython keeps RTC().memory()
RTC_SIZE = 8192


class Restart(Exception):
    """The chip was reset."""


class Board:
    """What a test turns, and what it sees."""

    def __init__(self, folder, table):
        self.folder = folder
        self.pins = {}  # number -> level that comes in
        self.out = {}  # number -> level that goes out
        self.log = []  # (pin, level) from the first moment
        self.uv = {}  # converter's pin -> microvolts
        self.pulses = {}  # pin -> counted so far
        self.wires = {}  # pin -> [(rom, scratchpad)]
        self.i2c = {}  # (address, register or None) -> bytes
        self.i2c_written = []
        self.uarts = {}  # number -> bytes that wait
        self.uart_out = {}
        self.watchdog = []  # timeouts, then "fed"
        self.air = {"networks": [], "password": None, "connect": True}
        self.nvs = self._load("nvs.json", {})
        self.broken_nvs = False
        self.cause = 1
        self.now_datetime = None
        self.rtc = bytearray(RTC_SIZE)
        self.rtc_length = 0
        self.kbd = 3
        self.partitions = table
        self.running = "ota_0"
        self.irq = {}
        try:
            with open(folder + "/rtc.bin", "rb") as file:
                file.readinto(self.rtc)
            self.rtc_length = self._load("rtc.json", 0)
        except OSError:
            pass

    def _load(self, name, usual):
        try:
            with open(self.folder + "/" + name) as file:
                return json.load(file)
        except OSError:
            return usual

    def save(self):
        """At the end of a life: what outlives it."""
        with open(self.folder + "/rtc.bin", "wb") as file:
            file.write(self.rtc)
        for name, value in (("rtc.json", self.rtc_length), ("nvs.json", self.nvs)):
            with open(self.folder + "/" + name, "w") as file:
                json.dump(value, file)


board = None  # the one chip of this process, and its modules by name: chip.install puts them there
modules = {}
