"""What reads messages, at the appliance and in the cloud, as targets of a fuzzer. What they believe and nobody sealed
or signed is counted: the keys are the released vectors', and all that they sealed is known.
"""

import json
from hashlib import sha256
from pathlib import Path

from appliance.trust import p256
from trivet import evidence
from trivet.bench.fuzzing.loop import Target
from trivet.decode import decode, decode_payload
from trivet.errors import MessageError
from trivet.evidence import EvidenceError
from trivet.keys import LocalSigner
from trivet.mac0 import MessageKey
from trivet_wire import cbor, envelope, sign1
from trivet_wire.refuse import WireError

VECTORS = json.loads((Path(__file__).parents[2] / "tests" / "vectors" / "messages.json").read_text(encoding="utf-8"))
FIRST = VECTORS["fault"]
DEVICE = FIRST["topic"].split("/")[1]
SECRET = bytes.fromhex(FIRST["secret"])
OWN = [one for one in VECTORS.values() if (one["secret"], one["topic"].split("/")[1]) == (FIRST["secret"], DEVICE)]
OWN = [one for one in OWN if one["epoch"] == FIRST["epoch"]]
SEALED = [bytes.fromhex(one["message"]) for one in OWN]
KEY = envelope.Key(SECRET, bytes.fromhex(DEVICE), FIRST["epoch"])
PAYLOADS = [one[envelope.unseal(KEY, one) : len(one) - envelope.TAILROOM] for one in SEALED]
SIGNER = LocalSigner((77).to_bytes(32))
KID = bytes.fromhex(DEVICE)


def signed(payload: bytes) -> bytes:
    return sign1.assembled(KID, payload, SIGNER.sign(sign1.digest(KID, payload)))


SIGNED = [signed(payload) for payload in PAYLOADS if len(payload) < 2000]


def appliance_targets():
    def sealed(data: bytes) -> bool:
        start = envelope.unseal(KEY, data)
        payload = data[start : len(data) - envelope.TAILROOM]
        forged = payload not in PAYLOADS
        head = envelope.Head(data, start, len(data) - envelope.TAILROOM)
        head.reader.item()
        return forged

    def item(data: bytes) -> bool:
        return cbor.encode(cbor.decode(data)) != data  # canonical: there is one way to write it

    def believed(data: bytes) -> bool:
        parts = sign1.Signed(data)
        payload = data[parts.payload : parts.payload_end]
        if not p256.verify(SIGNER.public, sign1.digest(parts.kid, payload), parts.signature):
            raise WireError(20)
        return payload not in PAYLOADS

    refusals = (WireError,)
    return [
        Target("appliance-sealed", sealed, refusals, SEALED),
        Target("appliance-item", item, refusals, PAYLOADS),
        Target("appliance-signed", believed, refusals, SIGNED),
    ]


def cloud_targets():
    keys = [MessageKey(SECRET, DEVICE, FIRST["epoch"])]
    topics = [one["topic"] for one in OWN]

    def topic(data: bytes) -> str:
        """Any of them, the same for the same input."""
        return topics[sha256(data).digest()[0] % len(topics)]

    def sealed(data: bytes) -> bool:
        decode(topic(data), data, keys)
        return data not in SEALED

    def payload(data: bytes) -> bool:
        decode_payload(topic(data), 1, data)
        return False

    def statement(data: bytes) -> bool:
        evidence.check(data, SIGNER.public)
        return data[sign1.Signed(data).payload : sign1.Signed(data).payload_end] not in PAYLOADS

    return [
        Target("cloud-sealed", sealed, (MessageError,), SEALED),
        Target("cloud-payload", payload, (MessageError,), PAYLOADS),
        Target("cloud-statement", statement, (EvidenceError,), SIGNED),
    ]


def targets(side: str) -> "list[Target]":
    return appliance_targets() if side == "appliance" else cloud_targets()
