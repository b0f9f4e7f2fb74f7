"""One message into the database: verify, decode, check consent, store once, open its case. Takes a transaction and
the bytes, gives an `Outcome`; never sends, never acks, and never raises for what a message says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import envelope, ids
from trivet_wire.refuse import WireError

from trivet import control, signed
from trivet.cases.open import observation, observe
from trivet.consent import requests
from trivet.decode import Topic, decode, parse_topic
from trivet.errors import MessageError
from trivet.ingest import consents, heads
from trivet.ingest.known import Known
from trivet.ingest.transport import Incoming
from trivet.mac0 import MessageKey, unseal
from trivet.models import (
    CommandResult,
    Consent,
    Evidence,
    Fault,
    Fetch,
    Hello,
    Inventory,
    LedgerHead,
    Message,
    SelfTest,
    SessionEnd,
    Unknown,
    UpdateReport,
)
from trivet.remote import heard, verify
from trivet.store.tables import DeviceRow, MessageRow, ReceiptRow, RefusedRow, utcnow
from trivet.updates import told
from trivet.updates.asked import Wanted, asked

GONE = "gone"  # the last will's topic: the engine says it, so it carries no envelope
CONSENT_TRIES = 6  # deliveries that wait for an unknown consent decision, and then
CONSENT_LONGEST_S = 600.0  # so long at most, while the engine keeps an older message that may bring it
CONSENT_BRINGS = (ids.KIND_NAMES[ids.CONSENT], ids.KIND_NAMES[ids.HELLO])
CONSENT_DELAY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Outcome:
    """What is left to do when the transaction is through.

    `dead`: bury it with this reason. `delay_s`: it must come again. `receipt`: (epoch, boot, seq) to receipt, with
    `floor` known from a HELLO; refused too when `dead` is set.
    """

    device: str = ""
    dead: int | None = None
    delay_s: float | None = None
    receipt: tuple[int, int, int] | None = None
    floor: int = 0
    keep: bool = True  # whether the dead letter may hold the content
    wanted: Wanted | None = None  # to be sent in blocks


async def take(session: AsyncSession, known: Known, incoming: Incoming, devices: dict[str, DeviceRow]) -> Outcome:
    """`devices` are the locked rows of this batch's appliances."""
    try:
        topic = parse_topic(incoming.topic)
    except MessageError as error:
        return Outcome(dead=error.reason)
    device = devices.get(topic.device)
    if device is None:
        return Outcome(topic.device, dead=ids.R_UNKNOWN_DEVICE)
    if device.revoked_at is not None:
        return Outcome(topic.device, dead=ids.R_REVOKED)
    if topic.name == GONE and not topic.down:
        device.connected = False
        return Outcome(topic.device)
    return await _Taking(session, known, incoming, device).take(topic)


@dataclass(frozen=True)
class _Taking:
    """One message of an enrolled appliance."""

    session: AsyncSession
    known: Known
    incoming: Incoming
    device: DeviceRow

    async def take(self, topic: Topic) -> Outcome:
        keys = self.known.keys(self.device)
        try:
            message = decode(topic, self.incoming.data, keys)
        except MessageError as error:
            return await self._unreadable(error, keys)
        control.heard(self.device, message.epoch)
        if isinstance(message, Unknown):
            return await self._refuse(message.epoch, message.boot, message.seq, message.reason)
        if message.kind == ids.HELLO:
            return await self._hello(message)
        if isinstance(message.body, Fetch):
            return await self._fetch(message.body)
        return await self._spooled(message)

    async def _spooled(self, message: Message) -> Outcome:
        device, epoch, boot, seq = self.device.id, message.epoch, message.boot, message.seq
        stored = await self.session.get(MessageRow, (device, boot, seq))
        if stored is not None and _content(stored.raw) == _content(self.incoming.data):
            return Outcome(device, receipt=(epoch, boot, seq))
        try:
            purpose, event_purpose = await self._purposes(message)
            for needed in sorted({purpose, event_purpose}):
                await consents.judge(self.session, self.device, message, needed)
            by_itself = self._signed(message)
        except MessageError as error:
            if error.reason == ids.R_CONSENT_UNKNOWN and await self._waits():
                tries = min(self.incoming.deliveries, len(CONSENT_DELAY_S))
                return Outcome(device, delay_s=CONSENT_DELAY_S[tries - 1])
            return await self._refuse(epoch, boot, seq, error.reason, message)
        if stored is not None or await self.session.get(RefusedRow, (device, boot, seq)) is not None:
            return await self._refuse(epoch, boot, seq, ids.R_REPLAY, message)
        await self._store(message, purpose, by_itself)
        return Outcome(device, receipt=(epoch, boot, seq))

    async def _waits(self) -> bool:
        """Whether the decision that it names may still be on its way: every worker that had it may have died."""
        if self.incoming.deliveries < CONSENT_TRIES:
            return True
        age = (utcnow() - self.incoming.at).total_seconds()
        return age < CONSENT_LONGEST_S and await self.incoming.follows(*CONSENT_BRINGS)

    async def _purposes(self, message: Message) -> tuple[int, int]:
        """Whose consent covers it: of its kind, and of the event that it tells of. Raises R_CATALOGUE when its
        catalogue or event is not known here."""
        if not isinstance(message.body, Fault | Evidence):
            assert message.purpose is not None
            return message.purpose, message.purpose
        catalogue = await self.known.catalogue(self.session, message.body.catalogue)
        if catalogue is None or not catalogue.has(message.body.event):
            raise MessageError.of(ids.R_CATALOGUE)
        own = catalogue.packed.purpose(message.body.event)
        return own if message.purpose is None else message.purpose, own

    def _signed(self, message: Message) -> bool | None:
        """Whether the appliance's own key signed it; None for a kind that is not signed. Raises R_SIGNATURE for a
        signature by anybody else."""
        if message.kind not in signed.SIGNATURE_AT:
            return None
        data = self.incoming.data
        payload = data[envelope.structure(data, 0, len(data)) : -envelope.TAILROOM]
        statement = signed.statement(self.device.id, payload)
        if statement is None or self.device.public_key is None:
            return False
        if not statement.holds(self.device.public_key):
            raise MessageError.of(ids.R_SIGNATURE)
        return True

    async def _store(self, message: Message, purpose: int, by_itself: bool | None) -> None:
        row = MessageRow(
            device=self.device.id,
            boot=message.boot,
            seq=message.seq,
            kind=message.kind,
            purpose=purpose,
            uptime_ms=message.uptime_ms,
            wall_s=message.wall_s,
            consent_seq=message.consent_seq,
            received_at=utcnow(),
            raw=self.incoming.data,
            signed=by_itself,
            body_json=body_json(message) | ({} if by_itself is None else {"signed": by_itself}),
        )
        self.session.add(row)
        await self.session.flush()
        self.device.last_seen_at = row.received_at
        newest = message.boot >= self.device.last_boot
        self.device.last_boot = max(self.device.last_boot, message.boot)
        body, said = message.body, heard.Said(self.device.id, message.boot, message.seq)
        if isinstance(body, Fault | Evidence):
            catalogue = await self.known.catalogue(self.session, body.catalogue)
            assert catalogue is not None
            seen = observation(self.device.id, message.boot, message.seq, row.body_json)
            case = await observe(self.session, seen, catalogue.rich, self.known.terms)
            if case is not None:
                await verify.observed(self.session, case, message.boot, message.seq, self.known.terms)
        elif isinstance(body, Consent):
            await consents.decided(self.session, self.device, message, body)
            await heard.decided(self.session, self.device)
        elif isinstance(body, CommandResult):
            await control.answered(self.session, self.device, body, row.received_at)
            await requests.answered(self.session, self.device.id, body.counter, body.reason)
            await told.answered(self.session, self.device.id, body.counter, body.reason)
            await heard.answered(self.session, said, body.counter, body.reason)
        elif isinstance(body, SelfTest):
            await heard.tested(self.session, said, body, self.known.terms)
        elif isinstance(body, SessionEnd):
            await heard.ended(self.session, said, body.session, body.by)
        elif isinstance(body, UpdateReport):
            await told.reported(self.session, message, body, signed=by_itself)
        elif isinstance(body, LedgerHead):
            await heads.came(self.session, message, body, signed=by_itself)
        elif isinstance(body, Inventory) and newest:
            self.device.firmware, self.device.catalogue = body.firmware, body.catalogue

    async def _hello(self, message: Message) -> Outcome:
        body = message.body
        assert isinstance(body, Hello)
        self.device.connected = True
        self.device.last_seen_at = utcnow()
        if message.boot >= self.device.last_boot:
            self.device.last_boot = message.boot
            self.device.firmware, self.device.catalogue = body.firmware, body.catalogue
        key = self.incoming.key
        await heads.greeted(self.session, message, body, int(key) if key.isdecimal() else 0)
        await consents.holds(self.session, self.device, message.consent_seq, body.consent_mask)
        await control.greeted(self.session, self.device.id)
        await heard.greeted(self.session, self.device, message.boot)
        below = max(body.tail_seq - 1, 0)
        return Outcome(self.device.id, receipt=(message.epoch, body.tail_boot, 0), floor=below)

    async def _fetch(self, body: Fetch) -> Outcome:
        """Answered, or buried with the reason why not: it has no number, so nothing is receipted."""
        wanted = await asked(self.session, self.device.id, body)
        if isinstance(wanted, int):
            return Outcome(self.device.id, dead=wanted)
        return Outcome(self.device.id, wanted=wanted)

    async def _unreadable(self, error: MessageError, keys: Sequence[MessageKey]) -> Outcome:
        """Refused before it was a message. When it is authentic and says its number, the appliance learns so and
        forgets it; when it is not, nobody is told anything."""
        try:
            payload, key = unseal(self.incoming.data, keys)
            head = envelope.Head(payload, 0, len(payload))
        except WireError:
            return Outcome(self.device.id, dead=error.reason)
        return await self._refuse(key.epoch, head.boot, head.seq, error.reason)

    async def _refuse(
        self, epoch: int, boot: int | None, seq: int | None, reason: int, message: Message | None = None
    ) -> Outcome:
        """Verified and refused: its number counts as done, its content goes to the dead letters alone, and not even
        there when no consent covers it."""
        device, keep = self.device.id, reason not in consents.CONTENTLESS
        if boot is None or not seq:
            return Outcome(device, dead=reason, keep=keep)
        receipt = await self.session.get(ReceiptRow, (device, boot))
        if reason == ids.R_ERASED and receipt is not None and seq <= receipt.gone:
            return Outcome(device, dead=reason, receipt=(epoch, boot, seq), keep=False)
        if await self.session.get(MessageRow, (device, boot, seq)) is not None:
            return await self._replayed(message, keep=keep)
        digest = b"" if reason == ids.R_ERASED else hashlib.sha256(_content(self.incoming.data)).digest()
        row = await self.session.get(RefusedRow, (device, boot, seq))
        if row is None:
            row = RefusedRow(device=device, boot=boot, seq=seq, reason=reason, digest=digest)
            self.session.add(row)
            await self.session.flush()
            if message is not None:
                await consents.report(self.session, message, reason)
        elif row.digest != digest:
            return await self._replayed(message, keep=keep)
        return Outcome(device, dead=row.reason, receipt=(epoch, boot, seq), keep=keep)

    async def _replayed(self, message: Message | None, *, keep: bool) -> Outcome:
        if message is not None:
            await consents.report(self.session, message, ids.R_REPLAY)
        return Outcome(self.device.id, dead=ids.R_REPLAY, keep=keep)


def _content(raw: bytes) -> bytes:
    """All but the tag, which changes with the key epoch."""
    return raw[: -ids.TAG_SIZE]


def body_json(message: Message) -> dict[str, Any]:
    """A body by field names, as JSON holds it: verdicts by event index, samples as numbers, no signature."""
    body: Any = message.body
    plain = {name: getattr(body, name) for name in body.__struct_fields__ if name != "signature"}
    if isinstance(body, Evidence):
        events = range(4 * len(body.verdicts))
        plain["verdicts"] = {str(event): body.verdict(event) for event in events if body.verdict(event)}
        plain["frames"] = [[frame.signal, frame.validity, frame.values()] for frame in body.frames]
    if isinstance(body, SelfTest):
        plain["measured"] = [[getattr(one, name) for name in one.__struct_fields__] for one in body.measured]
    if isinstance(body, LedgerHead):
        plain["head"] = body.head.hex()
    if isinstance(body, UpdateReport):
        plain["digest"] = body.digest.hex()
    return plain
