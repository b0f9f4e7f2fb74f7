"""What the cloud may ask: takes what the command key signed (`hearing.py` believes it before this looks inside), acts
at most once, answers with a numeric reason. Loaded when the first command comes. Never acts on what is not for this
appliance, is over, or has no grant.

The counter of the last command taken stands in the journal. What can be done twice without harm is done first and
counted then; what cannot is counted first, so that a cut may lose it but never repeats it. A command that was taken
before is answered with its result when it is the last, else with R_COUNTER; it never acts again.
"""

from trivet_wire import ids
from trivet_wire.cbor_read import Reader
from trivet_wire.refuse import WireError

from ..store.binary import pack, unpack_from
from ..store.journal import JournalFull
from ..store.records import COMMANDS, RESET
from ..trust.chain import COMMAND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from trivet_wire.cbor import Writer

    from ..ports import Clock, Teller
    from ..store.journal import Journal
    from ..trust.identity import Identity
    from ..trust.ledger import Ledger

    class Sealer(Protocol):
        def open(self, kind: int, spooled: bool = True) -> Writer: ...

        def queue(self, kind: int, purpose: int, writer: Writer, confirmed: bool = False) -> bool: ...

    class Consent(Protocol):
        def allows(self, purpose: int) -> bool: ...

    class Acts(Protocol):
        """The appliance, as far as commands reach."""

        def decided(self, purpose: int, granted: bool, language: str, text_hash: int, known: int) -> int:
            """`known`: number of the newest decision that the account knew. 0, or a reason and nothing is changed."""
            ...

        def rotated(self, epoch: int, ephemeral: bytes, wrapped: bytes) -> int:
            """0, or a reason and nothing is changed."""
            ...

        def cleared(self) -> None: ...

        def relearned(self) -> None: ...

        def ordered(self, number: int, reader: Reader, count: int) -> int:
            """About an update: 0, or a reason and nothing is changed. The same again does no harm."""
            ...

        def revoked(self, number: int, serials: "list[int]") -> None:
            """From now on these technicians' credentials hold no more; nothing where a newer list is kept."""
            ...

        def remote(self, counter: int, number: int, reader: Reader, count: int) -> int:
            """Of a service session: 0, or a reason and nothing is changed. The same again does no harm."""
            ...

        def fixed(self) -> None:
            """A fix that is a restart is done at the end of this turn."""
            ...

        def recover(self) -> None:
            """Restart with everything."""
            ...

        def restart(self) -> None:
            """The reset that the journal now asks for is done at the next start."""
            ...


_RECORD = "<IBB"  # counter, command, reason
_SIZE = 6
_VERSION = 1
_U32 = 0xFFFFFFFF


class _Command:
    """The fields of a payload that the command key signed. WireError where they are none."""

    def __init__(self, payload: memoryview, device: bytes) -> None:
        reader = self.reader = Reader(payload)
        count = reader.array()
        if count and reader.unsigned(_U32) != _VERSION:
            raise WireError(ids.R_VERSION)
        if count != 7:  # what one side does not know might be a limit: never passed over
            raise WireError(ids.R_FIELD)
        at = reader.bstr()
        if bytes(payload[at : reader.pos]) != device:
            raise WireError(ids.R_UNKNOWN_DEVICE)
        self.counter = reader.unsigned(_U32)
        self.expires = 0 if reader.null() else reader.unsigned(_U32)
        self.command = reader.unsigned(255)
        self.grant = reader.unsigned(255)
        self.args = reader.array()


class Commands:
    """`take` is called between ticks with what was heard."""

    def __init__(
        self,
        identity: "Identity",
        journal: "Journal",
        clock: "Clock",
        consent: "Consent",
        sealer: "Sealer",
        acts: "Acts",
        teller: "Teller",
        ledger: "Ledger",
    ) -> None:
        self._device = bytes.fromhex(identity.device)
        self._journal = journal
        self._clock = clock
        self._consent = consent
        self._sealer = sealer
        self._acts = acts
        self._teller = teller
        self._ledger = ledger
        buf = bytearray(_SIZE)
        known = journal.get(COMMANDS, 0, buf) == _SIZE
        taken: "tuple[int, int, int]" = (0, 0, 0)
        if known:
            taken = unpack_from(_RECORD, buf)
        self.counter = taken[0]
        self._command = taken[1]
        self._reason: int = taken[2]

    def take(self, payload: memoryview | None, reason: int) -> bool:
        """What the command key signed, or why a message was not believed. False: it was no command to act on or to
        answer again."""
        self._journal.prepare()
        if payload is not None:
            try:
                command = _Command(payload, self._device)
                return self._judge(command)
            except WireError as error:
                reason = error.reason
        self._refuse(0, 0, reason)
        return False

    def _judge(self, command: _Command) -> bool:
        number = command.command
        if command.counter > self.counter:
            self._new(command)
        elif command.counter < self.counter or number != self._command:
            self._refuse(command.counter, number, ids.R_COUNTER)
            return False
        else:
            self._answer(self.counter, number, self._reason)
        return True

    def _covers(self, command: _Command) -> int:
        """0, or why this appliance does not do it now."""
        number = command.command
        if command.expires:
            wall = self._clock.wall_s()
            if not wall:
                return ids.R_CLOCK
            if wall > command.expires:
                return ids.R_EXPIRED
        if not 0 < number < len(ids.COMMAND_GRANTS):
            return ids.R_COMMAND
        if command.grant != ids.COMMAND_GRANTS[number]:
            return ids.R_GRANT
        if command.grant == ids.G_SERVICE and not self._consent.allows(ids.SERVICE):
            return ids.R_GRANT
        return 0

    def _new(self, command: _Command) -> None:
        number = command.command
        reason = self._covers(command)
        if not reason:
            try:
                reason = self._act(command)
            except WireError as error:
                reason = error.reason
            except JournalFull:  # nothing was changed
                reason = ids.R_FULL
        settled = self._settle(command.counter, number, reason)
        self._ledger.note(COMMAND, number, command.grant, reason, command.counter)
        self._teller.tell({"e": "command", "command": number, "counter": command.counter, "reason": reason})
        if settled and not reason:  # what ends this life comes last
            if number == ids.C_RECOVER:
                self._acts.recover()
            elif number == ids.C_RELEASE:
                self._acts.restart()
            elif number == ids.C_FIX:
                self._acts.fixed()

    def _act(self, command: _Command) -> int:
        acts = self._acts
        reader = command.reader
        number = command.command
        count = command.args
        if number == ids.C_CONSENT:
            return self._decide(command)
        if number == ids.C_ROTATE:
            _expect(count == 3)
            epoch = reader.unsigned(255)
            ephemeral = _bytes(reader, 64)
            wrapped = _bytes(reader, 40)
            _expect(reader.pos == reader.end)
            return acts.rotated(epoch, ephemeral, wrapped)
        if ids.C_UPDATE <= number <= ids.C_WITHDRAW:
            return acts.ordered(number, reader, count)
        if number == ids.C_REVOKE:
            from trivet_wire.credential import read_serials

            _expect(count == 2)
            newest = reader.unsigned(_U32)
            serials = read_serials(reader)
            _expect(reader.pos == reader.end)
            acts.revoked(newest, serials)
            return 0
        if number >= ids.C_SESSION:
            return acts.remote(command.counter, number, reader, count)
        _expect(count == 0 and reader.pos == reader.end)
        if number == ids.C_CLEAR:
            acts.cleared()
        elif number == ids.C_RELEARN:
            acts.relearned()
        return 0

    def _decide(self, command: _Command) -> int:
        reader = command.reader
        _expect(command.args == 5)
        purpose = reader.unsigned(len(ids.PURPOSE_NAMES) - 1)
        granted = reader.unsigned(1)
        text_hash = reader.unsigned(_U32)
        language = reader.tstr()
        known = reader.unsigned(_U32)
        _expect(purpose != ids.SAFETY and len(language) == 2 and language.islower() and reader.pos == reader.end)
        self._count(command.counter, ids.C_CONSENT, ids.R_BUSY)  # what a cut leaves: it may not come again
        return self._acts.decided(purpose, granted == 1, language, text_hash, known)

    def _settle(self, counter: int, command: int, reason: int) -> bool:
        """Count and answer, whole or not at all. False where the flash is full: the command comes again."""
        journal = self._journal
        before = (self.counter, self._command, self._reason)
        journal.prepare()
        if journal.begin():
            try:
                if command == ids.C_RELEASE and not reason:
                    journal.put(RESET, 0, bytes((ids.BY_ACCOUNT,)))
                self._count(counter, command, reason)
                self._answer(counter, command, reason)
                journal.commit()
                return True
            except JournalFull:
                journal.abort()
                self.counter, self._command, self._reason = before
        if reason:
            self._answer(counter, command, reason)
        return False

    def _count(self, counter: int, command: int, reason: int) -> None:
        self._journal.put(COMMANDS, 0, pack(_RECORD, counter, command, reason))
        self.counter = counter
        self._command = command
        self._reason = reason

    def _refuse(self, counter: int, command: int, reason: int) -> None:
        """Not believed, or an old one."""
        self._answer(counter, command, reason)
        self._ledger.note(COMMAND, command, 0, reason, counter)
        self._teller.tell({"e": "command", "command": command, "counter": counter, "reason": reason, "old": True})

    def _answer(self, counter: int, command: int, reason: int) -> None:
        writer = self._sealer.open(ids.COMMAND_RESULT)
        writer.array(3)
        writer.integer(counter)
        writer.integer(command)
        writer.integer(reason)
        self._sealer.queue(ids.COMMAND_RESULT, ids.SAFETY, writer)


def _bytes(reader: Reader, size: int) -> bytes:
    at = reader.bstr()
    _expect(reader.pos - at == size)
    return bytes(memoryview(reader.buf)[at : reader.pos])


def _expect(sound: bool) -> None:
    if not sound:
        raise WireError(ids.R_FIELD)
