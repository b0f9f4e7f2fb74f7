"""What an appliance's queue holds: sealed messages that wait for their receipt. Takes the folder of its flash (a
copy, or one whose appliance is off), prints a JSON list of hexadecimal messages, oldest first; opens none of them
and sends none.

waiting.py FOLDER    runs under CPython over the firmware's own sources
"""

import json
import sys

from appliance.outbox.spool import Spool
from appliance.sim.flash import FileFlash
from appliance.store.journal import Journal
from trivet_wire.ids import MAX_MESSAGE

_SECTORS = 16  # as in ports.py of the simulation


def waiting(folder: str) -> "list[str]":
    journal = Journal(FileFlash(folder + "/journal.img", _SECTORS))
    journal.mount()
    spool = Spool(journal, 1)
    spool.load()
    found, buffer = [], bytearray(MAX_MESSAGE)
    while length := spool.peek(buffer):
        found.append(bytes(buffer[:length]).hex())
        spool.mark_sent()
    return found


if __name__ == "__main__":
    print(json.dumps(waiting(sys.argv[1])))
