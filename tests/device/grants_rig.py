"""MicroPython side of test_grants: grants on the appliance's own journal, ledger and littlefs, without a heart; the
test plays the technician and moves the clock.

Arguments: folder with `journal.img`, `ledger.img` and `fs.img`. Answers JSON lines.
"""

import json
import sys

from appliance.service import granting
from appliance.service.grants import Grants
from appliance.service.reading import recite
from appliance.sim.flash import FileFlash
from appliance.store.journal import Journal
from appliance.system.disk import Files
from appliance.trust import chain
from appliance.trust import identity as trust
from appliance.trust.ledger import Ledger
from appliance.update.why import why


class Ports:
    def __init__(self, folder):
        self.clock = self
        self.files = Files(folder + "/fs.img")
        self.now = 1000
        self.wall = 0

    def ticks_ms(self):
        return self.now

    def wall_s(self):
        return self.wall

    def unload(self, module):
        sys.modules.pop(module, None)


folder = sys.argv[1]
ports = Ports(folder)
flash = FileFlash(folder + "/journal.img", 16)
journal = Journal(flash)
journal.mount()
identity = trust.load(ports.files)
ledger = Ledger(FileFlash(folder + "/ledger.img", 8), journal, identity.ledger_key(), ports)
ledger.load()
grants = Grants(journal)


class App:
    """As far as granting reaches."""


app = App()
app.ports, app.journal, app.ledger = ports, journal, ledger


def challenge(nonce):
    return grants.challenge(bytes.fromhex(nonce), ports.now)


def answer(message, signature):
    before = ledger.end[0]
    reason, name = granting.answer(app, identity, grants, bytes.fromhex(message), bytes.fromhex(signature))
    return {"reason": reason, "noted": ledger.end[0] - before, "name": name}


def revoke(message):
    return granting.keep(app, identity, grants, bytes.fromhex(message))


def note(wall):
    """Something that the appliance does at a time that it then knows."""
    ports.wall = wall
    ledger.note(chain.STARTED, 1, 1)
    ports.wall = 0
    return ledger.tally[chain.T_LAST]


def holds(may):
    return grants.holds(may, ports.now)


def wait(ms):
    ports.now += ms


def wall(seconds):
    ports.wall = seconds


def state():
    return {"failures": grants.failures, "free_at": grants.free_at, "now": ports.now, "serial": grants.serial}


def words(language):
    return [record[2] for record in recite(ledger, language, 50, why) if record is not None]


while True:
    line = sys.stdin.readline()
    if not line:
        break
    words_ = json.loads(line)
    print(json.dumps(globals()[words_[0]](*words_[1:])))
