"""The way into a start for the update alone, which has all of the heap for it: what must be known of this life is
noted, then the appliance resets. Takes the machine, gives whether it goes; called in the very turn in which every gate
that a restart asks for was seen open. Loaded for the moment.
"""

from ..updating import ALONE, ALONE_AT
from . import kept
from .trial import ACTIVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trivet_wire.catalogue import Catalogue

    from ..app import Appliance
    from .machine import Machine

_NOTICE = {"en": "Update: one moment.", "de": "Update: einen Moment."}
_MOST = 12  # such starts for one update: where they lead nowhere, it goes on beside the heart


def ready(machine: "Machine") -> None:
    """Right before the commit: what the present version is like, for the trial to be judged by."""
    row, heart, uplink = machine.row, machine.appliance.heart, machine.appliance.uplink
    assert heart is not None
    row[kept.CODES] = _baseline(heart.manager.status, heart.catalogue)
    row[kept.LINK] = kept.EXPECTED if uplink is not None and uplink.was_up else kept.NEVER_UP


def leave(machine: "Machine") -> bool:
    """Go, at the end of this turn. False: there is nothing to gain, or a trial would lose a try: go on here."""
    appliance, row = machine.appliance, machine.row
    choice = appliance.choice
    if appliance.alone or row[kept.ALONE] >= _MOST or (choice is not None and choice.trial):
        return False
    row[kept.ALONE] += 1
    kept.save(machine.journal, machine.what, row)
    machine.ports.retained[ALONE_AT] = ALONE
    appliance.leaving = True
    return True


def begin(appliance: "Appliance") -> None:
    """Such a start: said on the line, and on the display."""
    teller = appliance.ports.teller
    teller.tell({"e": "alone", "boot": appliance.boot})
    teller.show(_NOTICE[appliance.language])


def _baseline(status: bytearray, catalogue: "Catalogue") -> bytes:
    """Codes that are active now, a u16 each."""
    codes = bytearray()
    for event in range(len(status)):
        if status[event] & ACTIVE:
            code = catalogue.code(event)
            codes.extend(bytes((code & 0xFF, code >> 8)))
    return bytes(codes)
