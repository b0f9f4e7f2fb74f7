"""Signed statements as files: takes what the cloud stored, gives a COSE_Sign1 that any COSE library verifies; takes
such a file and a public key, gives what was signed in plain words, or an `EvidenceError` that says what is wrong.

Every read is under an `Access` and stands in the owner's log. What no consent covers any more is not handed out. A file
verifies without this cloud: the device id is its key id, the public key comes from whoever is trusted to know it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from trivet_wire import envelope, ids
from trivet_wire import sign1 as wire
from trivet_wire.refuse import WireError

from trivet import sign1
from trivet.catalogue import Catalogue
from trivet.consent.access import OWN, Reading
from trivet.decode import decode_payload
from trivet.errors import MessageError, TrivetError
from trivet.models import CHANNEL_NAMES, Consent, Evidence, Message, UpdateReport
from trivet.signed import SIGNATURE_AT, Statement, statement, with_place
from trivet.store.tables import CaseRecord, DeviceRow, MessageRow

MAX_FILE = ids.MAX_MESSAGE


class EvidenceError(TrivetError):
    """There is nothing to hand out, or a file proves nothing; the text says why and what to do."""


@dataclass(frozen=True)
class Number:
    """Which message of which appliance: `0011223344556677/312/848`."""

    device: str
    boot: int
    seq: int

    def __str__(self) -> str:
        return f"{self.device}/{self.boot}/{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Number:
        parts = text.split("/")
        if len(parts) != 3 or not all(part.isdecimal() for part in parts[1:]) or len(parts[0]) != 16:
            raise EvidenceError(
                f"{text!r} is neither a case's number nor a message's: a message is DEVICE/START/NUMBER, "
                "as `trivet evidence list DEVICE` shows them"
            )
        return cls(parts[0], int(parts[1]), int(parts[2]))


# -- out of the cloud --------------------------------------------------------------------------------------------------


async def number_of(read: Reading, what: str) -> Number:
    """The message that `what` means: a case's number stands for its evidence."""
    if not what.isdecimal():
        return Number.parse(what)
    case = await read.session.get(CaseRecord, int(what))
    if case is None:
        raise EvidenceError(f"there is no case {what}")
    if case.evidence_seq < 0:
        raise EvidenceError(f"case {what} has no evidence: the appliance sent its code, but no freeze frame")
    return Number(case.device, case.evidence_boot, case.evidence_seq)


async def fetch(read: Reading, number: Number) -> Statement:
    """The signed statement in a stored message, its signature verified again."""
    row = await read.session.get(MessageRow, (number.device, number.boot, number.seq))
    await read.ask([number.device])
    if row is None or not read.covers(number.device, row.purpose):
        raise EvidenceError(f"message {number} is not here, or its owner does not agree to its use any more")
    if row.kind not in SIGNATURE_AT:
        raise EvidenceError(f"message {number} is of a kind that appliances do not sign ({ids.KIND_NAMES[row.kind]})")
    public = await public_key(read, number.device)
    told = statement(number.device, payload_of(row))
    if told is None:
        raise EvidenceError(f"message {number} is unsigned: that appliance had no signing key")
    if not told.holds(public):
        raise EvidenceError(f"message {number} does not verify with the appliance's key: it was altered here")
    read.note(number.device, f"signed {ids.KIND_NAMES[row.kind]} {number.boot}/{number.seq}", row.purpose)
    return told


async def public_key(read: Reading, device: str) -> bytes:
    """x ‖ y of an appliance's signing key."""
    row = await read.session.get(DeviceRow, device)
    if row is None:
        raise EvidenceError(f"{device} is not enrolled here")
    if row.public_key is None:
        raise EvidenceError(f"no public key of {device} is known here: it was enrolled before appliances signed")
    return row.public_key


async def listed(read: Reading, device: str) -> list[tuple[Number, Message]]:
    """Every signed statement of an appliance that may be shown, oldest first."""
    await read.ask([device])
    query = select(MessageRow).where(MessageRow.device == device, MessageRow.signed.is_(True))
    found = []
    for row in await read.session.scalars(query.order_by(MessageRow.boot, MessageRow.seq)):
        if read.covers(device, row.purpose):
            found.append((Number(device, row.boot, row.seq), _message(device, row.kind, payload_of(row))))
            read.note(device, "list of signed statements", None if read.access.purpose == OWN else row.purpose)
    return found


def payload_of(row: MessageRow) -> bytes:
    """The payload of a message as it came."""
    return row.raw[envelope.structure(row.raw, 0, len(row.raw)) : -envelope.TAILROOM]


# -- a file by itself --------------------------------------------------------------------------------------------------


def load_public(path: Path) -> bytes:
    """x ‖ y from a PEM file: a public key, or a certificate's."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"the key {path} cannot be read: {error.strerror}") from None
    try:
        if b"BEGIN CERTIFICATE" in data:
            from cryptography import x509

            key: object = x509.load_pem_x509_certificate(data).public_key()
        else:
            key = serialization.load_pem_public_key(data)
        if isinstance(key, ec.EllipticCurvePublicKey):
            return sign1.public_bytes(key)
    except ValueError as error:
        raise EvidenceError(f"{path} holds no public key of P-256 in PEM form: {error}") from None
    raise EvidenceError(f"{path} holds another kind of key: an appliance signs with P-256 (ESP256)")


def pem(public: bytes) -> bytes:
    """A public key as a PEM file (SubjectPublicKeyInfo)."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return sign1.public_key(public).public_bytes(serialization.Encoding.PEM, form)


def check(data: bytes, public: bytes) -> Message:
    """What a file's signer stated, once the signature fits; else EvidenceError."""
    if len(data) > MAX_FILE:
        raise EvidenceError(f"the file is too long to be a statement of an appliance ({len(data)} bytes)")
    try:
        parts = wire.Signed(data)
    except WireError as error:
        raise EvidenceError(
            f"this is no COSE_Sign1 of an appliance ({ids.REASON_NAMES[error.reason]}): was the file cut, or changed "
            "by a text editor?"
        ) from None
    payload = data[parts.payload : parts.payload_end]
    if not sign1.fits(public, parts.kid, payload, parts.signature):
        raise EvidenceError(
            "the signature does not fit: the file was altered, or this is not the key of the appliance that signed it. "
            "Believe nothing in it."
        )
    try:
        kind = envelope.Head(payload, 0, len(payload)).kind
        return _message(parts.kid.hex(), kind, with_place(payload))
    except (WireError, MessageError, KeyError, ValueError, TypeError, IndexError) as error:
        raise EvidenceError(f"the signature fits, but what was signed cannot be read here: {error}") from None


def _message(device: str, kind: int, payload: bytes) -> Message:
    message = decode_payload(f"t/{device}/u/{ids.KIND_NAMES[kind]}", 0, payload)
    if not isinstance(message, Message):
        raise MessageError.of(message.reason)
    return message


# -- in words ----------------------------------------------------------------------------------------------------------


def words(message: Message, catalogue: Catalogue | None = None) -> Iterator[tuple[str, str]]:
    """(heading, text) of what was signed. Without the catalogue, numbers stand where names would."""
    yield "Appliance", f"{message.device} (start {message.boot}, message {message.seq})"
    yield "When", _when(message)
    body = message.body
    if isinstance(body, Evidence):
        yield from _evidence(body, catalogue)
    elif isinstance(body, Consent):
        yield from _consent(message, body)
    elif isinstance(body, UpdateReport):
        yield from _update(body)
    else:
        yield "What", f"a message of kind {message.kind_name}"


def _when(message: Message) -> str:
    up = dt.timedelta(seconds=message.uptime_ms // 1000)
    if message.wall_s is None:
        return f"{up} after its start; it had no trusted clock yet"
    return f"{dt.datetime.fromtimestamp(message.wall_s, dt.UTC):%Y-%m-%d %H:%M:%S} UTC, {up} after its start"


def _evidence(body: Evidence, catalogue: Catalogue | None) -> Iterator[tuple[str, str]]:
    known = catalogue is not None and catalogue.has(body.event)
    if catalogue is not None and known:
        yield "What", f"{catalogue.code(body.event)} {catalogue.text(body.event)['title']} ({catalogue.model})"
    else:
        yield "What", f"event {body.event} of catalogue {body.catalogue:08x}, whose texts are not here"
    state = "confirmed" if body.status & ids.CONFIRMED else "pending" if body.status & ids.PENDING else "not failing"
    yield "State", f"{state} (status {body.status:#04x}), occurrence {body.occurrence}, operation {body.cycle}"
    for frame in body.frames:
        name, unit, scale = f"signal {frame.signal}", "", 1
        if catalogue is not None and frame.signal < len(catalogue.rich.signals):
            signal = catalogue.rich.signals[frame.signal]
            name, unit, scale = signal.text.get("en", signal.name), signal.unit, signal.scale
        validity = ids.VALIDITY_NAMES[frame.validity] if frame.validity < len(ids.VALIDITY_NAMES) else "?"
        values = frame.values()
        series = " ".join(f"{value / scale:g}" for value in values)
        yield "Signal", f"{name}: {series} {unit}".rstrip() + f" ({validity}, every {body.period_ms / 1000:g} s)"


def _update(body: UpdateReport) -> Iterator[tuple[str, str]]:
    states = ids.UPDATE_STATES
    state = states[body.state] if body.state < len(states) else f"state {body.state}"
    yield "What", f"update {body.version or 'unread'} (number {body.sequence}): {state}"
    if body.reason:
        yield "Why", ids.REASON_NAMES.get(body.reason, f"reason {body.reason}")
    yield "Before it", body.from_version or "as delivered"
    yield "Manifest", f"SHA-256 begins with {body.digest.hex()}"
    if body.trial_s or body.trial_cycles:
        yield "Trial", f"{dt.timedelta(seconds=body.trial_s)}, {body.trial_cycles} operation cycles"
    if body.event is not None:
        yield "Fault", f"event {body.event} of the update's own catalogue"


def _consent(message: Message, body: Consent) -> Iterator[tuple[str, str]]:
    names = ids.PURPOSE_NAMES
    purpose = names[body.purpose] if body.purpose < len(names) else f"purpose {body.purpose}"
    channel = CHANNEL_NAMES[body.channel] if body.channel < len(CHANNEL_NAMES) else f"channel {body.channel}"
    yield "What", f"decision {message.consent_seq}: {'yes' if body.granted else 'no'} to {purpose}, by {channel}"
    yield "Text shown", f"{body.text_hash:08x} in {body.language}"
    allowed = [name for place, name in enumerate(names) if body.mask >> place & 1]
    yield "Allowed since", ", ".join(allowed)
