"""What an appliance would send, made by hand, for tests and benches of the cloud. Takes an identity, gives sealed
bytes and topics; knows a small catalogue of its own, so that no board's texts decide whether the cloud works.
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from trivet_wire import catalogue as wire
from trivet_wire import cbor, ids, samples
from trivet_wire.catalogue import catalogue_id
from trivet_wire.code import code_text

from trivet import sign1
from trivet.mac0 import MessageKey
from trivet.registry import Identity
from trivet.signed import SIGNATURE_AT

MODEL = "BENCH-1"
# Events of the small catalogue.
ELEMENT, NTC_DRIFT, GASKET, HAZARD, CROSS = range(5)
CONFIRMED = ids.TEST_FAILED | ids.TEST_FAILED_THIS_CYCLE | ids.PENDING | ids.CONFIRMED | ids.FAILED_SINCE_CLEAR
GONE = ids.STATUS_INITIAL
CONSENT_SERVICE = 1 << ids.SAFETY | 1 << ids.SERVICE
_NAMES = ("element_top", "ntc_drift", "gasket", "overheat", "cross_check")


def packed() -> bytes:
    rows = []
    for event in range(len(_NAMES)):
        hazard = event == HAZARD
        flags = wire.HAZARD if hazard else 0
        purpose = ids.SAFETY if hazard else ids.SERVICE
        rows.append(wire.row(100 + event, wire.FAILURE, 1 if hazard else 3, flags, purpose, freeze=(0, 1)))
    return wire.pack(rows)


CATALOGUE = catalogue_id(packed())


def rich_json() -> dict[str, Any]:
    """Causes of `element_top`: the element, or a sensor that drifts; the cross-check tells them apart."""
    element = _cause("element", "part", 3.0, [["cross_check", 0.1, 2.0]], part="P1")
    sensor = _cause("ntc", "sensor", 1.0, [["cross_check", 12.0, 0.1], ["ntc_drift", 4.0, 0.8]], part="P2")
    causes = {0: [element, sensor], 1: [sensor, element], 2: [_cause("door_open", "use", 1.0, [["gasket", 2, 1]])]}
    return {
        "model": MODEL,
        "name": {"en": "Bench oven"},
        "events": [{"name": name, "judges": "cavity" if name == "cross_check" else None} for name in _NAMES],
        "signals": [
            {"name": "cavity", "unit": "°C", "scale": 10, "limits": [{"event": "overheat", "value": 3500}]},
            {"name": "mains", "unit": "V", "scale": 1},
        ],
        "functions": [{"name": "bake", "text": {"en": "Bake"}}, {"name": "grill", "text": {"en": "Grill"}}],
        "codes": [
            {
                "code": code_text(100 + event),
                "event": name,
                "ne107": "F",
                "severity": 1 if event == HAZARD else 3,
                "hazard": event == HAZARD,
                "purpose": ids.SAFETY if event == HAZARD else ids.SERVICE,
                "text": {"en": {"title": name.replace("_", " "), "owner": "", "now": ""}},
                "causes": causes.get(event, [_cause("unknown", "wiring", 1.0, [])]),
            }
            for event, name in enumerate(_NAMES)
        ],
        "parts": [{"number": number, "text": {"en": number}, "price": "1 EUR", "van": True} for number in ("P1", "P2")],
    }


def _cause(name: str, kind: str, weight: float, evidence: list[list[Any]], part: str | None = None) -> dict[str, Any]:
    ratios = [{"event": event, "failed": failed, "passed": passed} for event, failed, passed in evidence]
    return {"name": name, "text": {"en": name}, "kind": kind, "weight": weight, "part": part, "evidence": ratios}


class Sender:
    """Counts (boot, seq) as an appliance does. Each method gives (topic, sealed bytes). With `signing_key` None it
    sends no signatures."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.device = identity.device
        self.key = MessageKey(identity.message_key, identity.device, identity.epoch)
        self.signing_key: ec.EllipticCurvePrivateKey | None = sign1.private_key(identity.key_der)
        self.boot = 1
        self.seq = 0
        self.consent_seq = 0
        self.mask = 1 << ids.SAFETY

    def restart(self) -> None:
        self.boot, self.seq = self.boot + 1, 0

    def topic(self, kind: int | str) -> str:
        return f"t/{self.device}/u/{kind if isinstance(kind, str) else ids.KIND_NAMES[kind]}"

    def message(self, kind: int, body: Any, **head: int) -> tuple[str, bytes]:
        """`head` overrides version, boot, seq, consent_seq; else the next number is used."""
        if "seq" not in head:
            self.seq += 1
        payload = [
            head.get("version", ids.VERSION),
            kind,
            head.get("boot", self.boot),
            head.get("seq", self.seq),
            1000 * self.seq,
            None,
            head.get("consent_seq", self.consent_seq),
            body,
        ]
        if isinstance(body, list) and SIGNATURE_AT.get(kind) == len(body):
            body.append(self._signature(payload))
        return self.topic(kind), self.key.seal(cbor.encode(payload))

    def _signature(self, payload: list[Any]) -> bytes | None:
        if self.signing_key is None:
            return None
        return sign1.signature(self.signing_key, bytes.fromhex(self.device), cbor.encode(payload))

    def hello(self, tail_boot: int | None = None, tail_seq: int | None = None) -> tuple[str, bytes]:
        tail = [self.boot if tail_boot is None else tail_boot, self.seq + 1 if tail_seq is None else tail_seq]
        return self.message(ids.HELLO, [MODEL, "1.0.0", CATALOGUE, *tail, self.mask], seq=0)

    def consent(self, purpose: int = ids.SERVICE, granted: int = 1) -> tuple[str, bytes]:
        self.consent_seq += 1
        self.mask = self.mask | 1 << purpose if granted else self.mask & ~(1 << purpose)
        return self.message(ids.CONSENT, [purpose, granted, self.mask, 7, "en", 0])

    def fault(
        self, event: int = ELEMENT, status: int = CONFIRMED, occurrence: int = 1, **head: int
    ) -> tuple[str, bytes]:
        return self.message(ids.FAULT, [event, status, occurrence, head.pop("catalogue", CATALOGUE)], **head)

    def evidence(
        self,
        event: int = ELEMENT,
        verdicts: dict[int, int] | None = None,
        *,
        validity: int = ids.VALID,
        occurrence: int = 1,
    ) -> tuple[str, bytes]:
        bits = bytearray(2)
        for index, verdict in (verdicts or {}).items():
            bits[index >> 2] |= verdict << 2 * (index & 3)
        frames = [[0, validity, series(range(2000, 3600, 100))], [1, ids.VALID, series([230] * 16)]]
        body = [event, CONFIRMED, CATALOGUE, ids.TRIGGER_CONFIRMED, 1, occurrence, 127, 1, 1000, bytes(bits), frames]
        return self.message(ids.EVIDENCE, body)

    def heartbeat(self) -> tuple[str, bytes]:
        return self.message(ids.HEARTBEAT, [100, -60, 0, 0, 3, 0])


def series(values: Any) -> bytes:
    listed = list(values)
    buffer = bytearray(samples.MAX_BYTES * len(listed))
    return bytes(buffer[: samples.pack(listed, buffer)])


def read_ack(key: MessageKey, data: bytes) -> tuple[int, int, dict[int, int]]:
    """(boot, floor, refused: seq -> reason) of a receipt; raises WireError when it is not authentic."""
    from trivet.mac0 import unseal

    payload, _ = unseal(data, [key])
    fields: Any = cbor.decode(payload)
    return fields[ids.F_BOOT], fields[ids.F_SEQ], dict(fields[ids.F_BODY])
