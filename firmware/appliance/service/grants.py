"""Who may do a technician's work at the service port: the state of it. Made when somebody first asks, then held; the
judging is in `granting.py`, which comes and goes.

SecurityAccess of UDS (ISO 14229-1, section 9.4) in spirit: a challenge that is good once and for a minute, a grant that
ends by itself, and a delay that grows with failures in a row. They are counted in the journal *before* an answer is
looked at, so that neither a reset nor a power cut takes one back; after a start the delay runs anew.
"""

from trivet_wire.ids import MAY_UPDATE, R_BUSY, R_GRANT, R_ROLE

from ..store.binary import pack, unpack_from
from ..store.records import GRANTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store.journal import Journal

NONCE_MS = 60_000
HELD_MS = 1_800_000
_BUSY_MS = 120_000  # from a technician's word on: a self-test, which lasts a minute at most, and a minute behind it
FREE = 3  # failures without a delay
_DELAY_MS = 10_000  # after the first that has one; doubles with each, up to
_LONGEST_MS = 3_600_000
_RECORD = "<BI"
_LIST_SIZE = 4


class Grants:
    """`now`: ms since the start, as `ports.Clock.ticks_ms`."""

    def __init__(self, journal: "Journal") -> None:
        self._journal = journal
        buf = bytearray(5)
        row: tuple[int, int] = (0, 0)
        if journal.get(GRANTS, 0, buf) == len(buf):
            row = unpack_from(_RECORD, buf)
        self.failures, self.floor = row  # in a row; the latest time (Unix s) that the vendor is known to have signed
        self.nonce = b""
        self.nonce_until = 0
        self.serial = 0  # of the credential that holds
        self._may = 0
        self._until = 0
        self.busy_until = 0  # ms up to which somebody is at work: no update restarts the appliance under their hands
        self.free_at = self._delay()  # ms from which on an answer is looked at

    def holds(self, may: int, now: int) -> int:
        """0 when what `may` names (ids.MAY_*) is allowed now, and then it is being done; else why not."""
        if not self.serial or now >= self._until:
            self.end()
            return R_GRANT
        if not self._may & may:
            return R_ROLE
        if may != MAY_UPDATE:
            self.busy_until = now + _BUSY_MS
        return 0

    def left(self, now: int) -> int:
        """Seconds that the grant still holds, 0 without one."""
        return (self._until - now) // 1000 if self.serial and now < self._until else 0

    def challenge(self, nonce: bytes, now: int) -> int:
        """From now on `nonce` is what must be answered, and no earlier one. R_BUSY within a delay."""
        self.nonce = b""
        if now < self.free_at:
            return R_BUSY
        self.nonce = nonce
        self.nonce_until = now + NONCE_MS
        return 0

    def count(self, now: int) -> None:
        """One more attempt; `give` takes it back. JournalFull: then it may not be looked at."""
        failures = min(self.failures + 1, 255)
        self._keep(failures, self.floor)
        self.failures = failures
        self.free_at = now + self._delay()

    def forgive(self, failures: int) -> None:
        """What was counted last was none: `failures` as before it. JournalFull."""
        self._keep(failures, self.floor)
        self.failures = failures
        self.free_at = 0

    def give(self, serial: int, may: int, floor: int, now: int) -> None:
        """A credential was found good, `floor` is the time it was issued at."""
        self._keep(0, max(self.floor, floor))
        self.failures = self.free_at = 0
        self.floor = max(self.floor, floor)
        self.serial = serial
        self._may = may
        self._until = now + HELD_MS

    def learn(self, floor: int) -> None:
        """The vendor signed at that time: it is no earlier. JournalFull."""
        self._keep(self.failures, max(self.floor, floor))
        self.floor = max(self.floor, floor)

    def end(self) -> None:
        self.serial = self._may = self._until = 0

    def _delay(self) -> int:
        over = self.failures - FREE
        if over < 0:
            return 0
        return min(_DELAY_MS << min(over, 9), _LONGEST_MS)

    def _keep(self, failures: int, floor: int) -> None:
        if failures != self.failures or floor != self.floor:
            self._journal.prepare()
            self._journal.put(GRANTS, 0, pack(_RECORD, failures, floor))


def revoked(journal: "Journal") -> "tuple[int, bytes]":
    """(number of the newest list, its serial numbers as u32 each); (0, b"") before the first."""
    view = memoryview(journal.scratch)
    size = journal.get(GRANTS, 1, view)
    if size < _LIST_SIZE:
        return 0, b""
    number: tuple[int] = unpack_from("<I", view)
    return number[0], bytes(view[_LIST_SIZE:size])


def revoke(journal: "Journal", number: int, serials: "list[int]") -> bool:
    """Keep a list that is newer than the kept one; False: it is not. JournalFull."""
    if number <= revoked(journal)[0]:
        return False
    journal.prepare()
    journal.put(GRANTS, 1, pack("<I", number) + b"".join([pack("<I", serial) for serial in serials]))
    return True


def listed(serials: bytes, serial: int) -> bool:
    """Whether a serial number stands in what `revoked` gave."""
    wanted = pack("<I", serial)
    for at in range(0, len(serials), _LIST_SIZE):
        if serials[at : at + _LIST_SIZE] == wanted:
            return True
    return False
