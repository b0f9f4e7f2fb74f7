"""A started fault room on a simulated flash, for tests in both interpreters."""

from array import array

from appliance.faults.config import EventConfig
from appliance.faults.history import History
from appliance.faults.manager import Manager
from appliance.faults.memory import Memory
from appliance.faults.state import EventState
from appliance.store.journal import Journal


class RamFlash:
    """The `Flash` port over a bytearray; programming what is not erased is an error."""

    def __init__(self, sectors=8):
        self.sectors = sectors
        self.sector_size = 4096
        self.write_size = 8
        self.image = bytearray(b"\xff" * (sectors * 4096))

    def read(self, addr, buf):
        buf[:] = memoryview(self.image)[addr : addr + len(buf)]

    def program(self, addr, buf):
        if addr % 8 or len(buf) % 8 or any(byte != 0xFF for byte in self.image[addr : addr + len(buf)]):
            raise ValueError("misaligned, or not erased")
        self.image[addr : addr + len(buf)] = buf

    def erase(self, sector):
        for at in range(sector * 4096, (sector + 1) * 4096):
            self.image[at] = 0xFF


class Rig:
    """`configs` is one dict an event; keys are those of `dem_cases.py`."""

    def __init__(self, configs, flash=None, boot=1, slots=16, pool_signals=3):
        self.configs = configs
        self.flash = flash or RamFlash()
        self.slots = slots
        self.boot = boot
        self.now = 0
        self.values = array("i", [100 * i for i in range(pool_signals)])
        self.validity = bytearray(pool_signals)
        self.start()

    def start(self):
        self.journal = Journal(self.flash)
        self.journal.mount()
        events = len(self.configs)
        config = EventConfig(events)
        for event in range(events):
            configure(config, event, self.configs[event])
            config.storage[event] = 1 << event % 8
        self.state = EventState(events)
        self.history = History((1 << len(self.values)) - 1, self.values, self.validity, 1000)
        self.memory = Memory(self.journal, config, self.state, self.history, self.boot, 77, "1.2.3", self.slots)
        self.memory.load()
        self.manager = Manager(config, self.state, self.memory)
        self.manager.resume()

    def save(self):
        while self.journal.service():
            pass
        assert self.memory.service(self.now, True)

    def restart(self):
        self.save()
        self.boot += 1
        self.start()


def configure(config, event, given):
    kind = given.get("kind", 0)
    config.debounce(
        event,
        kind,
        given.get("fail", 1),
        given.get("good", 1 if kind else -1),
        given.get("inc", 1),
        given.get("dec", 1),
        given.get("up", -32768),
        given.get("down", -32768),
        given.get("on_disable", 0),
    )
    config.code(
        event,
        given.get("confirm", 1),
        given.get("heal", 0),
        given.get("age", 0),
        given.get("priority", 100),
        given.get("freeze", 7),
        bool(given.get("immediate", 0)),
        bool(given.get("warning", 0)),
    )
    config.frames(event, given.get("trigger", 1))
