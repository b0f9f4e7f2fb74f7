"""`esp32` of the fake chip: NVS, the pulse counter, partitions in files. Only erased flash is programmed."""

import os

import world

NAMES = ("NVS", "PCNT", "Partition")
SECTOR = 4096


class NVS:
    def __init__(self, namespace):
        if world.board.broken_nvs:
            raise OSError(-0x1102)
        self._rows = world.board.nvs.setdefault(namespace, {})
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
        world.board.nvs[self._space] = dict(self._new)


class PCNT:
    def __init__(self, id, **kwargs):
        self._pin = kwargs["pin"]._id
        self._max = kwargs.get("max", 32767)
        self._on = False

    def start(self, *args, **kwargs):
        self._on = True

    def value(self, *args):
        return world.board.pulses.get(self._pin, 0) % self._max if self._on else 0


class Partition:
    def __init__(self, id, block_size=4096):
        self._label = world.board.running if id == 1 else id
        self._row = world.board.partitions[self._label]
        path = world.board.folder + "/" + self._label + ".img"
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
        for name, row in world.board.partitions.items():
            if row[0] == type and subtype in (255, row[1]) and label in (None, name):
                found.append(world.modules["esp32"].Partition(name))
        return found

    def get_next_update(self):
        return world.modules["esp32"].Partition("ota_1" if self._label == "ota_0" else "ota_0")

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
