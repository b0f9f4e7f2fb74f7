"""Released bytes judged by who shares no code with us: `cbor2`, `cryptography`, and the rules in messages.cddl."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import cbor2
import pycddl
import pytest
import trivet
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from trivet.decode import decode
from trivet.errors import MessageError
from trivet.mac0 import MessageKey
from trivet.models import Evidence, Message, Unknown
from trivet_wire import ids

VECTORS = Path(__file__).parent.parent / "vectors"
CDDL = (Path(trivet.__file__).parent / "messages.cddl").read_text(encoding="utf-8")
SIGNATURE = 67  # bytes that it adds to a message at most: 64, their head, one more of the payload's head

SIGNING_KEY = ec.derive_private_key(  # RFC 6979, A.2.5
    0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1()
)


def load(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


MESSAGES, LATER, REFUSED = load("messages.json"), load("later.json"), load("refused.json")


@cache
def schema(root: str) -> pycddl.Schema:
    return pycddl.Schema(f"root = {root}\n{CDDL}")


def rule_of(vector: dict[str, Any]) -> str:
    """The rule of the very kind: `pycddl` loses its way in a choice of nine arrays that hold arrays."""
    return vector["topic"].split("/")[3] + "-message"


def fields_of(value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    return [fields_of(one) for one in value] if isinstance(value, list) else value


def received(vector: dict[str, Any]) -> Message | Unknown:
    device = vector["topic"].split("/")[1]
    key = MessageKey(bytes.fromhex(vector["secret"]), device, vector["epoch"])
    return decode(vector["topic"], bytes.fromhex(vector["message"]), [key])


def test_released_bytes_did_not_change() -> None:
    before = {path: path.read_bytes() for path in VECTORS.glob("*.json")}
    made = subprocess.run([sys.executable, VECTORS / "make.py"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert {path: path.read_bytes() for path in VECTORS.glob("*.json")} == before


@pytest.mark.parametrize("vector", MESSAGES.values(), ids=MESSAGES)
def test_an_independent_reader_agrees(vector: dict[str, Any]) -> None:
    message = bytes.fromhex(vector["message"])
    protected, unprotected, payload, tag = cbor2.loads(message, allow_duplicate_keys=False)
    assert cbor2.loads(protected) == {1: 4}
    assert unprotected == {}
    external = bytes.fromhex(vector["topic"].split("/")[1]) + bytes([vector["epoch"]])
    mac = hmac.HMAC(bytes.fromhex(vector["secret"]), hashes.SHA256())
    mac.update(cbor2.dumps(["MAC0", protected, external, payload]))
    assert tag == mac.finalize()[:8]
    fields = cbor2.loads(payload, allow_duplicate_keys=False)
    assert fields == fields_of(vector["fields"])
    assert cbor2.dumps(fields, canonical=True) == payload


@pytest.mark.parametrize("vector", MESSAGES.values(), ids=MESSAGES)
def test_every_message_obeys_the_rules(vector: dict[str, Any]) -> None:
    message = bytes.fromhex(vector["message"])
    schema("envelope").validate_cbor(message)
    protected, _, payload, _ = cbor2.loads(message)
    schema("protected-header").validate_cbor(protected)
    schema(rule_of(vector)).validate_cbor(payload)


def test_the_rules_refuse_what_is_wrong() -> None:
    for vector in MESSAGES.values():
        fields = fields_of(vector["fields"])
        wrong = [[*fields[:place], value, *fields[place + 1 :]] for place in range(7) for value in (-1, 1.5, "x")]
        for values in (*wrong, [*fields, 0], fields[:7], [*fields[:7], None], [2, *fields[1:]]):
            with pytest.raises(pycddl.ValidationError):
                schema(rule_of(vector)).validate_cbor(cbor2.dumps(values))
            with pytest.raises(pycddl.ValidationError):
                schema("envelope").validate_cbor(cbor2.dumps(values))


@pytest.mark.parametrize("vector", MESSAGES.values(), ids=MESSAGES)
def test_the_sdk_reads_what_was_meant(vector: dict[str, Any]) -> None:
    message = received(vector)
    _, kind, boot, seq, uptime_ms, wall_s, consent_seq, body = fields_of(vector["fields"])
    assert isinstance(message, Message)
    assert (message.device, message.epoch) == (vector["topic"].split("/")[1], vector["epoch"])
    assert (message.kind, message.boot, message.seq, message.uptime_ms) == (kind, boot, seq, uptime_ms)
    assert (message.wall_s, message.consent_seq, message.extra) == (wall_s, consent_seq, 0)
    values = [getattr(message.body, name) for name in message.body.__struct_fields__]
    plain = json.loads(json.dumps(values, default=lambda one: one.hex() if isinstance(one, bytes) else list_of(one)))
    meant = json.loads(json.dumps(body, default=bytes.hex))
    if kind != ids.ACK:
        meant += [None] * (len(plain) - len(meant))  # released before there were these fields
    assert plain == ([meant] if kind == ids.ACK else meant)


def list_of(struct: Any) -> list[Any]:
    return [getattr(struct, name) for name in struct.__struct_fields__]


@pytest.mark.parametrize("vector", LATER.values(), ids=LATER)
def test_later_messages_are_kept(vector: dict[str, Any]) -> None:
    message = received(vector)
    if "extra" in vector:
        assert isinstance(message, Message)
        assert message.extra == vector["extra"]
    else:
        assert isinstance(message, Unknown)
        assert message.reason == vector["reason"]


@pytest.mark.parametrize("vector", REFUSED.values(), ids=REFUSED)
def test_refused_messages_have_their_reason(vector: dict[str, Any]) -> None:
    with pytest.raises(MessageError) as caught:
        received(vector)
    assert caught.value.reason == vector["reason"]
    assert vector["reason"] in type(caught.value).reasons


def test_size_goals_are_met() -> None:
    """On the wire before MQTT, authenticated. Assumed: boot and sequence in the hundreds (two bytes each), uptime below
    49 days, wall time known, fewer than 24 consent decisions; for the heartbeat 415 cycles and 61 KiB free; for the
    evidence 30 events, eight signals by sixteen samples with a sensor's noise, signed.
    """
    sizes = {name: len(vector["message"]) // 2 for name, vector in MESSAGES.items()}
    assert sizes["heartbeat"] <= 48
    assert sizes["fault"] <= 48
    assert sizes["evidence-signed"] <= sizes["evidence"] + SIGNATURE
    assert sizes["evidence-signed"] <= 420
    evidence = received(MESSAGES["evidence-signed"])
    assert isinstance(evidence, Message)
    assert isinstance(evidence.body, Evidence)
    assert [len(frame.values()) for frame in evidence.body.frames] == [16] * 8


@pytest.mark.parametrize(
    "name",
    ["evidence-signed", "consent-signed", "ledger-head", "ledger-head-wrong", "update-trial", "update-rolled-back"],
)
def test_a_signature_is_verified_by_who_shares_no_code_with_us(name: str) -> None:
    """The Sig_structure of RFC 9052, section 4.4, built here from what was received."""
    vector = MESSAGES[name]
    fields = cbor2.loads(cbor2.loads(bytes.fromhex(vector["message"]))[2])
    signature = fields[7].pop()
    protected = cbor2.dumps({1: -9, 4: bytes.fromhex(vector["topic"].split("/")[1])}, canonical=True)
    schema("signed-header").validate_cbor(protected)
    structure = cbor2.dumps(["Signature1", protected, b"", cbor2.dumps(fields, canonical=True)])
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    SIGNING_KEY.public_key().verify(encode_dss_signature(r, s), structure, ec.ECDSA(hashes.SHA256()))


def test_evidence_keeps_its_goal_when_every_signal_is_loud() -> None:
    """Twelve of fifteen steps of each of the eight signals beyond ±63: two bytes each."""
    loud = 2 + 12 * 2 + 3
    grown = sum(max(0, loud - len(frame["hex"]) // 2) + 1 for _, _, frame in MESSAGES["evidence"]["fields"][7][10])
    assert len(MESSAGES["evidence"]["message"]) // 2 + grown <= 420 - SIGNATURE
