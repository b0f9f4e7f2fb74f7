"""A chip in MicroPython: pins, converters, counters, buses, flash, NVS and a radio that behave as an ESP32's do, where
the firmware can see it; stricter than those (only erased flash is programmed, see sim/flash.py).

`install(table, folder, partitions)` puts the modules where imports find them and gives the board, which the test
drives: levels of pins, microvolts at converters, what the access point says, what stands on a bus. Flash, NVS and RTC
memory lie in files of `folder`: a second process is the next start.
"""

import json
import os
import sys

import uctypes as real_uctypes
from strict import build

SECTOR = 4096
RTC_AT = 0x50000000
USER = 0x300  # where in RTC memory MicroPython keeps RTC().memory()
UNIT = 8


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
        self.rtc = bytearray(8192)
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


def install(table, folder, partitions, modules=None):
    """`partitions`: {label: [type, subtype, offset, size]}. Gives the board."""
    board = Board(folder, partitions)
    behaviours = _behaviours(board)
    for name, module in build(table, behaviours).items():
        if name == "micropython":
            module.const = lambda value: value
            import micropython as real

            for key in ("heap_lock", "heap_unlock", "opt_level", "mem_info", "alloc_emergency_exception_buf"):
                if hasattr(real, key):
                    setattr(module, key, getattr(real, key))
        sys.modules[name] = module
        behaviours[name]["_made"] = module

    class uctypes:
        @staticmethod
        def bytearray_at(address, size):
            if not RTC_AT <= address <= RTC_AT + 8192 - size:
                raise ValueError("the firmware looks at memory that is none of its own: " + hex(address))
            return real_uctypes.bytearray_at(real_uctypes.addressof(board.rtc) + address - RTC_AT, size)

    sys.modules["uctypes"] = uctypes
    return board


def _behaviours(board):
    made = {}
    made["machine"] = _machine(board, made)
    made["esp32"] = _esp32(board, made)
    made["network"] = _network(board)
    made["onewire"] = _onewire(board)
    made["micropython"] = {"kbd_intr": lambda char: setattr(board, "kbd", char)}
    return made


def _machine(board, made):
    class Pin:
        def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, alt=None):
            self._id = id
            self._mode = mode
            if value is not None:
                self._drive(value)
            elif mode == 3:
                self._drive(0)  # what a relay would see

        def _drive(self, value):
            board.out[self._id] = 1 if value else 0
            board.log.append((self._id, board.out[self._id]))

        def value(self, *args):
            if args:
                if self._mode != 3:
                    raise ValueError("pin %r is no output" % self._id)
                self._drive(args[0])
                return None
            return board.pins.get(self._id, 0)

        def irq(self, handler=None, trigger=0, *, priority=1, wake=None, hard=False):
            board.irq[self._id] = (self, handler, trigger)

    class ADC:
        def __init__(self, id, *, sample_ns=0, atten=0):
            self._pin = id._id if hasattr(id, "_id") else id
            if atten != 3:
                raise ValueError("without attenuation it sees 1 V")

        def read_uv(self):
            return min(board.uv.get(self._pin, 0), 3_100_000)

        def read_u16(self):
            return min(65535, board.uv.get(self._pin, 0) * 65535 // 3_150_000)

    class WDT:
        def __init__(self, *, id=0, timeout=5000):
            board.watchdog.append(timeout)

        def feed(self):
            board.watchdog[1:] = ["fed"]

    class RTC:
        def __init__(self, id=0):
            pass

        def memory(self, *args):
            if not args:
                return bytes(board.rtc[USER : USER + board.rtc_length])
            board.rtc_length = len(args[0])
            board.rtc[USER : USER + board.rtc_length] = args[0]

        def datetime(self, datetimetuple=None):
            if datetimetuple is not None:
                board.now_datetime = datetimetuple
            return board.now_datetime

    class I2C:
        def __init__(self, id=0, **kwargs):
            if kwargs.get("timeout", 50_000) > 5_000:
                raise ValueError("a held bus would hold up the tick")

        def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
            self._answer((addr, memaddr), buf)

        def readfrom_into(self, addr, buf, stop=True):
            self._answer((addr, None), buf)

        def writeto(self, addr, buf, stop=True):
            board.i2c_written.append((addr, bytes(buf)))
            return len(buf)

        def _answer(self, key, buf):
            if key not in board.i2c:
                raise OSError(19)
            buf[:] = board.i2c[key]

    class UART:
        def __init__(self, id=0, baudrate=9600, bits=8, parity=None, stop=1, **kwargs):
            self._id = id
            board.uarts.setdefault(id, bytearray())

        def any(self):
            return len(board.uarts[self._id])

        def readinto(self, buf, nbytes=0):
            waiting = board.uarts[self._id]
            count = min(len(buf), len(waiting))
            buf[:count] = waiting[:count]
            board.uarts[self._id] = waiting[count:]
            return count or None

        def write(self, buf):
            board.uart_out[self._id] = board.uart_out.get(self._id, b"") + bytes(buf)
            return len(buf)

    def reset():
        raise Restart()

    return {
        "Pin": Pin,
        "ADC": ADC,
        "WDT": WDT,
        "RTC": RTC,
        "I2C": I2C,
        "UART": UART,
        "reset": reset,
        "reset_cause": lambda: board.cause,
    }


def _esp32(board, made):
    class NVS:
        def __init__(self, namespace):
            if board.broken_nvs:
                raise OSError(-0x1102)
            self._rows = board.nvs.setdefault(namespace, {})
            self._new = dict(self._rows)
            self._space = namespace

        def get_i32(self, key):
            if key not in self._new:
                raise OSError(-0x1102)  # ESP_ERR_NVS_NOT_FOUND
            return self._new[key]

        def set_i32(self, key, value):
            if not -(1 << 31) <= value < 1 << 31:
                raise ValueError(value)
            if len(key) > 15:
                raise OSError(-0x1109)  # ESP_ERR_NVS_KEY_TOO_LONG
            self._new[key] = value

        def commit(self):
            board.nvs[self._space] = dict(self._new)

    class PCNT:
        def __init__(self, id, **kwargs):
            self._pin = kwargs["pin"]._id
            self._max = kwargs.get("max", 32767)
            self._on = False

        def start(self, *args, **kwargs):
            self._on = True

        def value(self, *args):
            return board.pulses.get(self._pin, 0) % self._max if self._on else 0

    class Partition:
        def __init__(self, id, block_size=4096):
            self._label = board.running if id == 1 else id
            self._row = board.partitions[self._label]
            path = board.folder + "/" + self._label + ".img"
            try:
                os.stat(path)
            except OSError:
                with open(path, "wb") as file:
                    for _ in range(self._row[3] // SECTOR):
                        file.write(b"\xff" * SECTOR)
            self._file = open(path, "r+b")

        def info(self):
            return tuple(self._row) + (self._label, False)

        @staticmethod
        def find(type=0, subtype=255, label=None):
            found = []
            for name, row in board.partitions.items():
                if row[0] == type and subtype in (255, row[1]) and label in (None, name):
                    found.append(made["esp32"]["_made"].Partition(name))
            return found

        def get_next_update(self):
            return made["esp32"]["_made"].Partition("ota_1" if self._label == "ota_0" else "ota_0")

        def readblocks(self, block_num, buf, offset=0):
            self._file.seek(block_num * SECTOR + offset)
            self._file.readinto(buf)

        def writeblocks(self, block_num, buf, offset=None):
            if offset is None:
                for block in range(block_num, block_num + len(buf) // SECTOR):
                    self._erase(block)
            at = block_num * SECTOR + (offset or 0)
            self._file.seek(at)
            for byte in self._file.read(len(buf)):
                if byte != 0xFF:
                    raise ValueError("programming flash that is not erased: " + self._label)
            self._file.seek(at)
            self._file.write(buf)
            self._file.flush()

        def _erase(self, block):
            self._file.seek(block * SECTOR)
            self._file.write(b"\xff" * SECTOR)
            self._file.flush()

        def ioctl(self, op, arg=0):
            if op == 4:
                return self._row[3] // SECTOR
            if op == 5:
                return SECTOR
            if op == 6:
                self._erase(arg)
            return 0

        def set_boot(self):
            head = bytearray(1)
            self.readblocks(0, head, 0)
            if head[0] != 0xE9:
                raise OSError(-5379)

        @classmethod
        def mark_app_valid_cancel_rollback(cls):
            pass

    return {"NVS": NVS, "PCNT": PCNT, "Partition": Partition}


def _network(board):
    class WLAN:
        def __init__(self, interface_id=0):
            self._active = False
            self._asked = None

        def active(self, *args):
            if args:
                self._active = bool(args[0])
                return None
            return self._active

        def config(self, *args, **kwargs):
            return ""

        def connect(self, ssid=None, password=None, *, bssid=None):
            if not self._active:
                raise OSError(12289)  # ESP_ERR_WIFI_NOT_INIT
            self._asked = (ssid, password)

        def disconnect(self):
            self._asked = None

        def isconnected(self):
            return self._asked is not None and board.air["connect"] and self._asked[1] == board.air["password"]

        def status(self, *args):
            if self._asked is None:
                return 1000
            if self._asked[0].encode() not in [row[0] for row in board.air["networks"]]:
                return 201
            return 1010 if self.isconnected() else 202

        def ifconfig(self, *args):
            return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")

        def scan(self):
            return list(board.air["networks"])

    return {"WLAN": WLAN}


def _crc8(data):
    crc = 0
    for byte in data:
        for bit in range(8):
            crc = crc >> 1 ^ 0x8C if (crc ^ byte >> bit) & 1 else crc >> 1
    return crc


def _onewire(board):
    class OneWireError(Exception):
        pass

    class OneWire:
        def __init__(self, pin):
            self._pin = pin._id
            self._chosen = None
            self._command = 0

        def scan(self):
            return [bytearray(rom) for rom, _ in board.wires.get(self._pin, [])]

        def reset(self, required=False):
            return bool(board.wires.get(self._pin))

        def select_rom(self, rom):
            self._chosen = bytes(rom)

        def writebyte(self, value):
            self._command = value

        def readinto(self, buf):
            for rom, pad in board.wires.get(self._pin, []):
                if rom == self._chosen:
                    buf[:] = pad[:8] + bytes((_crc8(pad[:8]),)) if len(pad) == 8 else pad
                    return
            buf[:] = b"\xff" * len(buf)

        def crc8(self, data):
            return _crc8(data)

    return {"OneWire": OneWire, "OneWireError": OneWireError}
