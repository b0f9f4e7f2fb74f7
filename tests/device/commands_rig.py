"""MicroPython side of test_commands: the appliance's own composition root without a heart, on a journal file and a
littlefs image; the test plays the cloud.

Arguments: folder with `journal.img` and `fs.img`. Answers JSON lines.
"""

import json
import sys

from appliance.app import Appliance
from appliance.hearing import Hearing
from appliance.service.grants import revoked as kept_list
from appliance.sim.flash import FileFlash
from appliance.store.journal import JournalFull
from appliance.store.records import COMMANDS, RESET
from appliance.system.disk import Files
from trivet_wire import ids


class Left(Exception):
    """The appliance restarts itself."""


class Ports:
    cause = ids.RESET_POWER_ON

    def __init__(self, folder):
        self.clock = self.teller = self.watchdog = self
        self.retained = bytearray(4)
        self.flash = FileFlash(folder + "/journal.img", 16)
        self.ledger_flash = FileFlash(folder + "/ledger.img", 16)
        self.files = Files(folder + "/fs.img")
        self.link = None
        self.now = 1000
        self.wall = 0
        self.told = []
        self.unloaded = 0

    def ticks_ms(self):
        return self.now

    link_ms = ticks_ms

    def wall_s(self):
        return self.wall

    def feed(self):
        pass

    def tell(self, event):
        self.told.append(event)

    def show(self, text):
        pass

    def trace(self, error):
        sys.print_exception(error)
        return str(error)

    def random(self, n):
        return bytes(n)

    def unload(self, module):
        self.unloaded += 1

    def witnessed(self, journal):
        pass

    def reset(self):
        raise Left


ports = Ports(sys.argv[1])
appliance = Appliance(ports)
appliance.live(None)
hearing = Hearing(appliance, ports, appliance._identity, appliance.sealer)


def hear(text, wait=True):
    """One message on the command topic; gives results, as [counter, command, reason], and whether it restarts."""
    left = appliance.spool.count
    if wait:
        ports.now += 11_000
    ports.told.clear()
    hearing.take(bytes.fromhex(text))
    results = [[e["counter"], e["command"], e["reason"]] for e in ports.told if e["e"] == "command"]
    return {"results": results, "queued": appliance.spool.count - left, "leaves": appliance.leaving}


def state():
    buf = bytearray(6)
    kept = appliance.journal.get(COMMANDS, 0, buf)
    consent = appliance.consent
    return {
        "mask": consent.mask,
        "seq": consent.seq,
        "channel": consent.channel,
        "language": consent.language,
        "hash": consent.text_hash,
        "epoch": appliance._identity.epoch,
        "kept": buf.hex() if kept > 0 else "",
        "reset": appliance.journal.length(RESET, 0) >= 0,
        "boot": appliance.boot,
        "count": appliance.spool.count,
    }


def revoked():
    number, serials = kept_list(appliance.journal)
    return [number, [int.from_bytes(serials[at : at + 4], "little") for at in range(0, len(serials), 4)]]


def set_wall(seconds):
    ports.wall = seconds


def decide(purpose, granted):
    return appliance.decide(purpose, granted, 0, "en", 0)


def fill():
    """Until the journal takes nothing more, however small; gives how many records that were."""
    key = 0
    for size in (1024, 256, 64, 16, 1):
        try:
            while True:
                while appliance.journal.service():
                    pass
                appliance.journal.put(200, key, bytes(size))
                key += 1
        except JournalFull:
            pass
    return key


def spooled():
    """Every message that waits, as sealed."""
    buf = bytearray(2048)
    found = []
    appliance.spool.rewind()
    while True:
        size = appliance.spool.peek(buf)
        if not size:
            appliance.spool.rewind()
            return found
        found.append(bytes(buf[:size]).hex())
        appliance.spool.mark_sent()


while True:
    line = sys.stdin.readline()
    if not line:
        break
    words = json.loads(line)
    print(json.dumps(globals()[words[0]](*words[1:])))
