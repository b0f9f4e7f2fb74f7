"""The ledger of a simulated appliance, read from copies of its flash: the firmware's own rooms say what stands there
and whether it is as it was written. Takes a folder (a copy: a start may repair), a language, how many records; reads
the appliance's keys from stdin; prints one JSON object. Runs in both interpreters; `trivet ledger` runs it.
"""

import json
import sys

from trivet_wire.envelope import Key

from appliance.service.reading import recite, verdict
from appliance.sim.flash import FileFlash
from appliance.store.journal import Journal
from appliance.trust.identity import Identity
from appliance.trust.ledger import ANCHOR, NUMBER, Ledger
from appliance.update.why import why as reason_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_JOURNAL, _LEDGER = 16, 8  # sectors, as in ports.py


class _Still:
    """A clock that nobody winds."""

    def ticks_ms(self) -> int:
        return 0

    def link_ms(self) -> int:
        return 0

    def wall_s(self) -> int:
        return 0


def opened(folder: str, keys: "dict[str, Any]") -> "tuple[Ledger, bool]":
    """The ledger in a folder as it lies there, and whether the journal knows its end."""
    device = bytes.fromhex(keys["device"])
    key = Key(bytes.fromhex(keys["message_key"]), device, keys["epoch"])
    private = bytes.fromhex(keys["private"]) if keys["private"] else None
    journal = Journal(FileFlash(folder + "/journal.img", _JOURNAL))
    journal.mount()
    sealed = Identity(device, keys["epoch"], key, [], "", private).ledger_key()
    ledger = Ledger(FileFlash(folder + "/ledger.img", _LEDGER), journal, sealed, _Still())
    assert ledger.log is not None
    ledger.log.mount()
    return ledger, ledger.known()


def main(arguments: "list[str]") -> None:
    """FOLDER LANGUAGE LAST"""
    folder, language, last = arguments
    ledger, known = opened(folder, json.loads(sys.stdin.read()))
    first, why, words = verdict(ledger, language, known)
    records: "list[dict[str, Any]]" = []

    def say(number: int, when: str, text: str) -> None:
        records.append({"record": number, "when": when, "text": text})

    for record in recite(ledger, language, int(last), reason_words):
        if record is not None:
            say(*record)
    said = {"records": records, "first": first, "why": why, "verdict": words}
    print(json.dumps(said | {"newest": ledger.end[NUMBER], "receipted": ledger.end[ANCHOR]}))


if __name__ == "__main__":
    main(sys.argv[1:])
