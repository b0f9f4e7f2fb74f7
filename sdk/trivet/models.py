"""Typed messages, one struct per body; a field's place is its place on the wire. Append-only, as messages.cddl is.

Takes decoded CBOR through `msgspec`, which checks every type and range; gives frozen values. Never looks anything up.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from trivet_wire import ids, samples

I8 = Annotated[int, Meta(ge=-128, le=127)]
U8 = Annotated[int, Meta(ge=0, le=0xFF)]
U16 = Annotated[int, Meta(ge=0, le=0xFFFF)]
U32 = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
I32 = Annotated[int, Meta(ge=-0x80000000, le=0x7FFFFFFF)]
Operator = Annotated[int, Meta(ge=0, le=5)]  # < <= == != >= >
Bit = Annotated[int, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Language = Annotated[str, Meta(min_length=2, max_length=16)]
Event = Annotated[int, Meta(ge=0, le=511)]
Verdicts = Annotated[bytes, Meta(max_length=128)]  # two bits for each of 512 events
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]  # r ‖ s; what it covers: trivet.signed
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Head8 = Annotated[bytes, Meta(min_length=8, max_length=8)]
Version = Annotated[str, Meta(max_length=64)]
Length = Annotated[int, Meta(ge=1, le=ids.MAX_FETCH)]
Samples = Annotated[bytes, Meta(max_length=samples.MAX_SAMPLES * samples.MAX_BYTES)]

CHANNEL_NAMES = ("appliance", "serial", "account", "factory reset")
CHANNEL_FACTORY_RESET = 3


class Body(msgspec.Struct, array_like=True, frozen=True):
    """What stands in the last field of a payload."""


class Fault(Body, frozen=True):
    """A change of an event's status byte that its purpose lets out."""

    event: Event
    status: U8
    occurrence: U32
    catalogue: U32


class Frame(Body, frozen=True):
    """One signal's series: oldest first, the last is the tick of the trigger."""

    signal: U8
    validity: U8
    samples: Samples

    def values(self) -> list[int]:
        """Scaled integers as the board measures them; raises `trivet_wire.refuse.WireError`."""
        return samples.unpack(self.samples)


class Evidence(Body, frozen=True):
    """What the appliance saw around a fault; `period_ms` lies between two samples."""

    event: Event
    status: U8
    catalogue: U32
    trigger: U8
    cycle: U32
    occurrence: U32
    fdc_max: I8
    inhibited: U32
    period_ms: U32
    verdicts: Verdicts
    frames: Annotated[list[Frame], Meta(max_length=32)]
    signature: Signature | None = None

    def verdict(self, event: int) -> int:
        """ids.VERDICT_NOT_TESTED, _PASSED or _FAILED; an event beyond the end was not tested."""
        at = event >> 2
        return self.verdicts[at] >> 2 * (event & 3) & 3 if at < len(self.verdicts) else ids.VERDICT_NOT_TESTED


class Heartbeat(Body, frozen=True):
    """Free heap, radio level, reconnects, spooled records, cycles, late ticks. What counts counts from the grant of
    `improve` on, reconnects and late ticks at most from the last start."""

    heap_free_kib: U32
    rssi_dbm: I8
    reconnects: U32
    queued: U32
    cycles: U32
    overruns: U32


class Inventory(Body, frozen=True):
    """What the appliance is: sent after a start. `starts` counts them."""

    model: Name
    firmware: Name
    catalogue: U32
    reset_cause: U8
    starts: U32


class Consent(Body, frozen=True):
    """A decision of the owner; `mask` is the state after it, `text_hash` the version of the text shown."""

    purpose: U8
    granted: Bit
    mask: U8
    text_hash: U32
    language: Language
    channel: U8
    signature: Signature | None = None


class CommandResult(Body, frozen=True):
    """What came of a command: `reason` 0 when it was done, else ids.R_…. Counter and command are 0 when the
    command could not be believed."""

    counter: U32
    command: U8
    reason: U8


class Crash(Body, frozen=True):
    """An exception that escaped a task; `hash` groups equal ones."""

    hash: U32
    file: Name
    line: U32
    task: Name


class Operation(Body, frozen=True):
    """Start or end of an operation cycle."""

    cycle: U32
    started: Bit


class LedgerHead(Body, frozen=True):
    """How far the appliance's ledger is: number of its newest record, and the hash that all records up to it make.
    `wrong`: number of the first record that the appliance found not as it was written, and `why` (ids.L_*); else 0."""

    counter: U32
    head: Hash
    wrong: U32
    why: U8
    signature: Signature | None


class UpdateReport(Body, frozen=True):
    """How far an update is. `digest`: first 8 bytes of the manifest's SHA-256 (of a key manifest's: of its whole file);
    `state` ids.U_…, `reason` 0 or ids.R_…; `version` is the update's, `from_version` what ran before it. `trial_s`
    seconds and `trial_cycles` operation cycles of trial so far, `event` the fault that ended it, in the catalogue of
    the update."""

    digest: Head8
    sequence: U32
    state: U8
    reason: U8
    version: Version
    from_version: Version
    trial_s: U32
    trial_cycles: U32
    event: Event | None
    signature: Signature | None


class Fetch(Body, frozen=True):
    """Asks for `length` bytes from `offset` on of the payload whose SHA-256 begins with `digest`."""

    digest: Head8
    offset: U32
    length: Length


class Measured(Body, frozen=True):
    """One expectation of a self-test: `signal` (less `minus`) `operator` `limit`, scaled as the signal is, and what was
    measured."""

    signal: U8
    minus: U8 | None
    operator: Operator
    limit: I32
    value: I32


class SelfTest(Body, frozen=True):
    """What a self-test came to that the command `counter` asked for within a service session: `reason` 0 passed, else
    ids.R_…; `step` of `steps` was the last that ran."""

    session: U32
    counter: U32
    routine: Name
    reason: U8
    step: U8
    steps: U8
    catalogue: U32
    measured: Annotated[list[Measured], Meta(max_length=32)]
    signature: Signature | None


class SessionEnd(Body, frozen=True):
    """A service session is over; `by`: ids.END_…."""

    session: U32
    by: U8


class Hello(Body, frozen=True):
    """State on connect. Whatever came before (tail_boot, tail_seq) is receipted or lost. Of the ledger: number and hash
    (its first 8 bytes) of the newest record, and the number in the last LEDGER_HEAD whose receipt it saw; null in one
    of a firmware that kept no ledger."""

    model: Name
    firmware: Name
    catalogue: U32
    tail_boot: U32
    tail_seq: U32
    consent_mask: U8
    ledger_counter: U32 | None = None
    ledger_head: Head8 | None = None
    anchor: U32 | None = None


class Refusal(Body, frozen=True):
    seq: U32
    reason: U8


class Ack(msgspec.Struct, frozen=True):
    """Receipt: everything up to the header's (boot, seq) is taken; `refused` names those refused for good."""

    refused: list[Refusal]


Bodies = (
    Fault
    | Evidence
    | Heartbeat
    | Inventory
    | Consent
    | CommandResult
    | Crash
    | Operation
    | LedgerHead
    | UpdateReport
    | Fetch
    | SelfTest
    | SessionEnd
    | Hello
    | Ack
)

BODIES: dict[int, type[Body]] = {
    ids.FAULT: Fault,
    ids.EVIDENCE: Evidence,
    ids.HEARTBEAT: Heartbeat,
    ids.INVENTORY: Inventory,
    ids.CONSENT: Consent,
    ids.COMMAND_RESULT: CommandResult,
    ids.CRASH: Crash,
    ids.OPERATION: Operation,
    ids.LEDGER_HEAD: LedgerHead,
    ids.UPDATE_REPORT: UpdateReport,
    ids.FETCH: Fetch,
    ids.SELF_TEST: SelfTest,
    ids.SESSION: SessionEnd,
    ids.HELLO: Hello,
}


class Head(Body, frozen=True):
    """The first seven fields of a payload."""

    version: Annotated[int, Meta(ge=1, le=0xFFFFFFFF)]
    kind: U16
    boot: U32
    seq: U32
    uptime_ms: Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
    wall_s: U32 | None
    consent_seq: U32


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One authentic message. (device, boot, seq) is unique for ever, but for kinds that are never spooled (HELLO,
    FETCH, ACK).

    `extra` counts fields at the ends that this version does not know and left out.
    """

    device: str
    epoch: int
    kind: int
    boot: int
    seq: int
    uptime_ms: int
    wall_s: int | None
    consent_seq: int
    body: Bodies
    extra: int = 0

    @property
    def kind_name(self) -> str:
        return ids.KIND_NAMES[self.kind]

    @property
    def purpose(self) -> int | None:
        """Whose consent covers it; None where the event's catalogue row says so (FAULT) or for kinds sent down."""
        return None if self.kind == ids.FAULT else ids.KIND_PURPOSE.get(self.kind)


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Authentic, but of a later version (R_VERSION) or an unknown kind (R_KIND): to be kept and counted, not dropped.

    Of a later version the places of `kind`, `boot` and `seq` are taken as today's, and None where they do not fit.
    """

    device: str
    epoch: int
    reason: int
    version: int
    kind: int | None
    boot: int | None
    seq: int | None
    payload: bytes
