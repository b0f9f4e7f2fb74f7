"""What comes of an envelope that lies whole in flash: its release is noted, or refused with a reason of its own; the
next keys take the place of the present ones, whole or not at all. Takes the machine, gives what `Machine.poll` gives.
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from .. import VERSION
from . import kept, memory, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .machine import Machine
    from .release import Release

_PENDING = (0, 1)  # otadata: NEW, PENDING
_ROOTS = "roots.cbor"


def name(machine: "Machine") -> None:
    """By which its reports name it: the start of its manifest's digest, as the envelope says it, or of the envelope's
    where that makes no sense. Believes nothing."""
    from .suit import Envelope

    row = machine.row
    row[kept.NAME] = row[kept.DIGEST][:8]
    try:
        envelope = Envelope(machine.ports.files.read(kept.ENVELOPE) or b"")
        row[kept.NAME] = envelope.authentication.digest[4:12]
    except WireError:
        pass
    machine.unload("appliance.update.suit")


def note(machine: "Machine", release: "Release") -> int:
    """A release that is believed."""
    from .joint import installed

    row, ports = machine.row, machine.ports
    if memory.tried(machine.journal, row[kept.NAME]):
        raise WireError(ids.R_TRIED)
    for component in release.components:
        if component.name == "base" and ports.slots.state() in _PENDING:
            raise WireError(ids.R_UNPROVEN)
    row[kept.SEQUENCE] = release.sequence
    row[kept.VERSION] = release.version
    row[kept.SECURITY] = 1 if release.security else 0
    row[kept.DEADLINE] = release.deadline
    row[kept.EXPIRES] = release.expires
    row[kept.FROM] = installed(ports.files, ports.slots)[3] or VERSION
    row[kept.JUDGED] = 1
    machine.happens(table.JUDGED)
    return machine.refuse(ids.R_OWNER, table.DECLINE) if memory.declined(row) else 0


def keys(machine: "Machine") -> int:
    """A key manifest. Its set's number is kept first: after a cut it says whether the set was taken already."""
    from .judging import next_keys, number

    row, ports, journal = machine.row, machine.ports, machine.journal
    row[kept.NAME] = row[kept.DIGEST][:8]
    if not row[kept.JUDGED] or number(ports) != row[kept.SEQUENCE]:
        row[kept.SEQUENCE], content = next_keys(ports)
        row[kept.JUDGED] = 1
        kept.save(journal, machine.what, row)
        ports.files.write(_ROOTS, content)
    memory.set_keys(journal, row[kept.SEQUENCE])
    machine.happens(table.KEYS)
    return 0
