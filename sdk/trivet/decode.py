"""Untrusted bytes -> typed messages, every version ever released.

Takes a topic, the bytes and the keys accepted for the topic's device; gives a `Message`, or an `Unknown` that is to be
kept, or raises one `MessageError` with a numeric reason. Never raises anything else, never looks a device up.

In this order, nothing believed before its turn: topic, size, structure, authentication, version, kind, body. `cbor2`
reads what is well; whatever it or the types refuse is judged by `trivet_wire`, whose reasons are those of the contract:
both sides name the same number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import cbor2
import msgspec
from trivet_wire import cbor, ids
from trivet_wire.refuse import WireError

from trivet.errors import MessageError
from trivet.mac0 import MessageKey, unseal
from trivet.models import BODIES, Ack, Bodies, Evidence, Frame, Head, Message, Refusal, Unknown

_TOPIC = re.compile(r"t/([0-9a-f]{16})/([ud])/([a-z][a-z0-9_]{0,31})", re.ASCII)
_KINDS = {name: kind for kind, name in ids.KIND_NAMES.items()}
# Kind and body of a time when this kind had none yet: kept, as it was then.
_BEFORE_BODIES: tuple[int, list[object]] = (ids.LEDGER_HEAD, [])
_FIRST_DOWN = 32  # kinds from here on are sent by the cloud
_NEVER_SPOOLED = (ids.HELLO, ids.FETCH)
_KNOWN_FIELDS = {kind: len(body.__struct_fields__) for kind, body in BODIES.items()}


class Topic(NamedTuple):
    """`t/<device>/u|d/<name>`; `kind` is None for a name that no kind has."""

    device: str
    down: bool
    name: str
    kind: int | None


def parse_topic(topic: str) -> Topic:
    """Raises TopicError."""
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise MessageError.of(ids.R_TOPIC, f"{topic[:80]!r} is not t/<device>/u|d/<kind>")
    device, direction, name = match.groups()
    return Topic(device, direction == "d", name, _KINDS.get(name))


def decode(topic: Topic | str, data: bytes, keys: Sequence[MessageKey]) -> Message | Unknown:
    """One message. `keys` are those accepted for the topic's device; none means that it is not enrolled."""
    if isinstance(topic, str):
        topic = parse_topic(topic)
    if not keys:
        raise MessageError.of(ids.R_UNKNOWN_DEVICE, topic.device)
    try:
        payload, key = unseal(data, keys)
        return _payload(topic, key.epoch, payload)
    except WireError as error:
        raise MessageError.of(error.reason) from None


def decode_payload(topic: Topic | str, epoch: int, payload: bytes) -> Message | Unknown:
    """As `decode`, for a payload that was authenticated before (read back from the store)."""
    if isinstance(topic, str):
        topic = parse_topic(topic)
    try:
        return _payload(topic, epoch, payload)
    except WireError as error:
        raise MessageError.of(error.reason) from None


def _payload(topic: Topic, epoch: int, payload: bytes) -> Message | Unknown:
    fields, judged = _fields(payload)
    if not isinstance(fields, list) or not fields or type(fields[0]) is not int or fields[0] < 1:
        raise WireError(_reason(payload))
    version = fields[0]
    if version > ids.VERSION:
        return _later(topic, epoch, payload, ids.R_VERSION)
    try:
        head = msgspec.convert(fields, Head, builtin_types=(bytes,))
        if len(fields) < ids.FIELDS:
            raise WireError(_reason(payload))
        known = head.kind if head.kind in ids.KIND_NAMES else None
        if topic.kind != known or (known is not None and topic.down != (known >= _FIRST_DOWN)):
            raise MessageError.of(ids.R_TOPIC, f"kind {head.kind} under the name {topic.name!r}")
        if (head.kind not in BODIES and head.kind != ids.ACK) or (head.kind, fields[ids.F_BODY]) == _BEFORE_BODIES:
            return _later(topic, epoch, payload, ids.R_KIND)
        body = _body(head.kind, fields[ids.F_BODY])
    except msgspec.ValidationError as error:
        reason = _reason(payload)
        raise MessageError.of(reason, str(error) if reason == ids.R_FIELD else "") from None
    _check(head)
    extra = len(fields) - ids.FIELDS + max(0, len(fields[ids.F_BODY]) - _KNOWN_FIELDS.get(head.kind, 1 << 16))
    if extra and not judged:
        cbor.decode(payload)  # what no type looked at
    return Message(
        device=topic.device,
        epoch=epoch,
        kind=head.kind,
        boot=head.boot,
        seq=head.seq,
        uptime_ms=head.uptime_ms,
        wall_s=head.wall_s,
        consent_seq=head.consent_seq,
        body=body,
        extra=extra,
    )


def _fields(payload: bytes) -> tuple[Any, bool]:
    """The payload's items, and whether the contract's own reader has judged all of them."""
    try:
        fields = cbor2.loads(payload, max_depth=16, allow_indefinite=False, allow_duplicate_keys=False)
        if type(fields) is list and cbor2.dumps(fields, canonical=True) == payload:
            return fields, False
    except Exception:
        pass  # whatever it was, the contract's own reader says which reason it has
    return cbor.decode(payload), True


def _reason(payload: bytes) -> int:
    """Why a payload is refused whose types do not fit: CBOR that the contract forbids comes before a wrong field."""
    try:
        cbor.decode(payload)
    except WireError as error:
        return error.reason
    return ids.R_FIELD


def _body(kind: int, body: Any) -> Bodies:
    if kind == ids.ACK:
        return Ack(msgspec.convert(body, list[Refusal], builtin_types=(bytes,)))
    typed: Any = msgspec.convert(body, BODIES[kind], builtin_types=(bytes,))
    if isinstance(typed, Evidence):
        for frame in typed.frames:
            Frame.values(frame)
    return typed  # type: ignore[no-any-return]


def _check(head: Head) -> None:
    """Spooled kinds are counted from 1 in every boot; the others have no number."""
    if head.kind < _FIRST_DOWN and (head.seq == 0) != (head.kind in _NEVER_SPOOLED):
        raise MessageError.of(ids.R_FIELD, f"seq {head.seq} for kind {head.kind}")


def _later(topic: Topic, epoch: int, payload: bytes, reason: int) -> Unknown:
    fields = cbor.decode(payload)
    kind, boot, seq = (_u32(fields, place) for place in (ids.F_KIND, ids.F_BOOT, ids.F_SEQ))
    return Unknown(
        device=topic.device,
        epoch=epoch,
        reason=reason,
        version=fields[ids.F_VERSION],
        kind=kind,
        boot=boot,
        seq=seq,
        payload=payload,
    )


def _u32(fields: list[Any], place: int) -> int | None:
    value = fields[place] if place < len(fields) else None
    return value if type(value) is int and 0 <= value <= 0xFFFFFFFF else None
