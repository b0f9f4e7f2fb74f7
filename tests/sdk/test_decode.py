"""`trivet.decode`: whatever arrives is a message, something to keep, or one refusal with a number; nothing else."""

import json
from typing import Any

import cbor2
import pytest
import upy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trivet import errors
from trivet.decode import decode, decode_payload, parse_topic
from trivet.keys import SecretMaster
from trivet.mac0 import MessageKey, message_keys
from trivet.models import BODIES, Consent, Evidence, Fault, Hello, Message, Unknown
from trivet_wire import cbor, envelope, ids
from trivet_wire.refuse import WireError

MASTER = SecretMaster(bytes(range(32)))
DEVICE = "00112233445566ff"
KEY = message_keys(MASTER, DEVICE, [1])[0]
FAULT = [1, ids.FAULT, 312, 847, 5, None, 3, [7, 0x2F, 2, 99]]
TOPIC = f"t/{DEVICE}/u/fault"
VECTORS = json.loads((upy.ROOT / "tests/vectors/messages.json").read_text(encoding="utf-8"))


def reason_of(topic: str, data: bytes, accepted: list[MessageKey] | None = None) -> int:
    """0 when accepted or kept; anything but a MessageError escapes and fails the test."""
    try:
        decode(topic, data, [KEY] if accepted is None else accepted)
    except errors.MessageError as error:
        return error.reason if error.reason in type(error).reasons else -1
    return 0


def test_a_fault_is_read() -> None:
    message = decode(TOPIC, KEY.seal(cbor2.dumps(FAULT)), [KEY])
    assert isinstance(message, Message)
    assert message.body == Fault(event=7, status=0x2F, occurrence=2, catalogue=99)
    assert (message.device, message.kind_name, message.purpose, message.extra) == (DEVICE, "fault", None, 0)


def test_both_sides_seal_alike() -> None:
    wire = envelope.Key(MASTER.message_key(DEVICE, 1), bytes.fromhex(DEVICE), 1)
    for size in (0, 1, 23, 24, 255, 256, 4096 - envelope.OVERHEAD):
        assert KEY.seal(bytes(size)) == envelope.sealed(wire, bytes(size))
    with pytest.raises(WireError):
        KEY.seal(bytes(4096 - envelope.OVERHEAD + 1))


def test_any_accepted_epoch_opens_and_is_named() -> None:
    old, new = message_keys(MASTER, DEVICE, [1, 2])
    for key in (old, new):
        message = decode(TOPIC, key.seal(cbor2.dumps(FAULT)), [new, old])
        assert message.epoch == key.epoch
    assert reason_of(TOPIC, old.seal(cbor2.dumps(FAULT)), [new]) == ids.R_TAG


def test_another_device_s_message_is_refused() -> None:
    other = "ffeeddccbbaa9988"
    key = message_keys(MASTER, other, [1])[0]
    assert reason_of(TOPIC, key.seal(cbor2.dumps(FAULT))) == ids.R_TAG
    assert reason_of(f"t/{other}/u/fault", KEY.seal(cbor2.dumps(FAULT)), [key]) == ids.R_TAG


def test_without_keys_the_device_is_unknown() -> None:
    with pytest.raises(errors.DeviceError):
        decode(TOPIC, KEY.seal(cbor2.dumps(FAULT)), [])


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "t",
        "t//u/fault",
        f"t/{DEVICE}/x/fault",
        f"T/{DEVICE}/u/fault",
        f"t/{DEVICE.upper()}/u/fault",
        f"t/{DEVICE[1:]}/u/fault",
        f"t/{DEVICE}/u/",
        f"t/{DEVICE}/u/FAULT",
        TOPIC + "/",
        TOPIC + "\n",
        TOPIC + "\0",
        "/" + TOPIC,
    ],
)
def test_topics_that_are_none(topic: str) -> None:
    with pytest.raises(errors.TopicError) as caught:
        decode(topic, b"", [KEY])
    assert caught.value.reason == ids.R_TOPIC


def test_a_topic_says_device_direction_and_kind() -> None:
    assert parse_topic(f"t/{DEVICE}/d/ack") == (DEVICE, True, "ack", ids.ACK)
    assert parse_topic(f"t/{DEVICE}/u/gone") == (DEVICE, False, "gone", None)


def test_the_topic_must_name_the_payload_s_kind() -> None:
    for name in ("evidence", "gone", "ack"):
        assert reason_of(f"t/{DEVICE}/u/{name}", KEY.seal(cbor2.dumps(FAULT))) == ids.R_TOPIC
    assert reason_of(f"t/{DEVICE}/d/fault", KEY.seal(cbor2.dumps(FAULT))) == ids.R_TOPIC
    unknown = KEY.seal(cbor2.dumps([1, 99, *FAULT[2:]]))
    assert reason_of(TOPIC, unknown) == ids.R_TOPIC
    assert reason_of(f"t/{DEVICE}/u/novelty", unknown) == 0


def test_later_versions_are_kept_with_what_can_be_known() -> None:
    kept = decode(TOPIC, KEY.seal(cbor2.dumps([2, 1, 312, 848, "new layout"])), [KEY])
    assert isinstance(kept, Unknown)
    assert (kept.reason, kept.version, kept.kind, kept.boot, kept.seq) == (ids.R_VERSION, 2, 1, 312, 848)
    strange = decode(TOPIC, KEY.seal(cbor2.dumps([3, "kind", -1])), [KEY])
    assert isinstance(strange, Unknown)
    assert (strange.kind, strange.boot, strange.seq) == (None, None, None)


def test_only_hello_has_sequence_zero() -> None:
    hello = [1, ids.HELLO, 3, 0, 5, None, 0, ["oven", "1", 9, 2, 17, 3]]
    message = decode(f"t/{DEVICE}/u/hello", KEY.seal(cbor2.dumps(hello)), [KEY])
    assert isinstance(message.body, Hello)
    hello[3] = 1
    assert reason_of(f"t/{DEVICE}/u/hello", KEY.seal(cbor2.dumps(hello))) == ids.R_FIELD
    assert reason_of(TOPIC, KEY.seal(cbor2.dumps([*FAULT[:3], 0, *FAULT[4:]]))) == ids.R_FIELD


@pytest.mark.parametrize(
    "tail", ["f94700", "c11a00000000", "f7", "c249ffffffffffffffffff", "d81c80", "d9010280", "c482013b7fffffffffffffff"]
)
def test_what_cbor_knows_and_the_contract_forbids(tail: str) -> None:
    """Floats, dates, bignums, references, sets, decimals: also in a place that no type looks at."""
    body = cbor2.dumps(FAULT)[:-6] + bytes.fromhex("84072f02" + tail)
    more = b"\x89" + cbor2.dumps(FAULT)[1:] + bytes.fromhex(tail)
    later = b"\x82\x02" + bytes.fromhex(tail)
    for payload in (body, more, later):
        assert reason_of(TOPIC, KEY.seal(payload)) == ids.R_TYPE


def test_a_text_is_no_byte_string() -> None:
    evidence = [1, 2, 3, 4, 5, None, 0, [1, 2, 3, 1, 4, 5, 127, 6, 500, "AAAA", []]]
    assert reason_of(f"t/{DEVICE}/u/evidence", KEY.seal(cbor2.dumps(evidence))) == ids.R_FIELD


def test_series_of_evidence_are_judged_on_arrival() -> None:
    for series, reason in ((b"\x80", ids.R_TRUNCATED), (b"\x80\x00", ids.R_NOT_CANONICAL), (bytes(65), ids.R_FIELD)):
        evidence = [1, 2, 3, 4, 5, None, 0, [1, 2, 3, 1, 4, 5, 127, 6, 500, b"", [[0, 0, series]]]]
        assert reason_of(f"t/{DEVICE}/u/evidence", KEY.seal(cbor2.dumps(evidence))) == reason


def test_verdicts_are_two_bits_each() -> None:
    evidence = Evidence(1, 2, 3, 1, 4, 5, 127, 6, 500, bytes([0b01_10_00_01, 0b10]), [])
    assert [evidence.verdict(event) for event in range(6)] == [1, 0, 2, 1, 2, 0]
    assert evidence.verdict(500) == ids.VERDICT_NOT_TESTED


def test_every_bit_of_every_released_message_matters() -> None:
    for vector in VECTORS.values():
        key = MessageKey(bytes.fromhex(vector["secret"]), DEVICE, vector["epoch"])
        data = bytes.fromhex(vector["message"])
        for place in range(len(data)):
            altered = data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :]
            assert reason_of(vector["topic"], altered, [key])
        for size in range(len(data)):
            assert reason_of(vector["topic"], data[:size], [key]) == ids.R_TRUNCATED


def test_the_kinds_have_models_and_purposes() -> None:
    for kind, body in BODIES.items():
        assert kind in ids.KIND_PURPOSE
        assert body.__doc__
    message = decode_payload(f"t/{DEVICE}/u/consent", 1, cbor2.dumps([1, 5, 1, 1, 1, None, 1, [1, 1, 3, 4, "en", 0]]))
    assert isinstance(message.body, Consent)
    assert message.purpose == ids.SAFETY


def test_every_reason_has_a_class_that_says_what_to_do() -> None:
    for reason, name in ids.REASON_NAMES.items():
        error = errors.MessageError.of(reason, "detail")
        assert reason in type(error).reasons
        assert name in str(error)
        assert type(error).advice in str(error)


items = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-300, 1 << 33), st.floats(), st.binary(max_size=5), st.text(max_size=3)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.integers(0, 3), inner, max_size=2)),
    max_leaves=8,
)
names = st.sampled_from(sorted(VECTORS))
nearly = st.lists(items, min_size=5, max_size=9).map(lambda tail: [1, *tail])
spoilt = st.tuples(names, st.integers(0, 7), items).map(lambda pick: (VECTORS[pick[0]], pick[1], pick[2]))


def fields_of(value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    return [fields_of(one) for one in value] if isinstance(value, list) else value


def judged(topic: str, payload: bytes) -> None:
    """Accepted only if the contract's own reader accepts; refused by its reason when it has one."""
    try:
        cbor.decode(payload)
        expected = 0
    except WireError as error:
        expected = error.reason
    reason = reason_of(topic, KEY.seal(payload))
    assert (
        reason == expected
        if expected
        else reason in (0, ids.R_FIELD, ids.R_TOPIC, ids.R_TRUNCATED, ids.R_NOT_CANONICAL)
    )


@given(pick=spoilt, inside=st.integers(0, 10))
@settings(max_examples=400)
def test_a_wrong_item_anywhere_is_refused_or_harmless(pick: tuple[Any, int, Any], inside: int) -> None:
    vector, place, item = pick
    fields = fields_of(vector["fields"])
    fields[place] = item
    judged(vector["topic"], cbor2.dumps(fields))
    fields = fields_of(vector["fields"])
    if inside < len(fields[7]):
        fields[7][inside] = item
        judged(vector["topic"], cbor2.dumps(fields))


@given(
    name=st.sampled_from(sorted(VECTORS)), at=st.integers(0, 300), piece=st.binary(max_size=3), cut=st.integers(0, 3)
)
@settings(max_examples=500)
def test_damaged_payloads_under_a_right_tag(name: str, at: int, piece: bytes, cut: int) -> None:
    vector = VECTORS[name]
    payload = cbor2.dumps(fields_of(vector["fields"]))
    at %= len(payload)
    judged(vector["topic"], payload[:at] + piece + payload[at + cut :])


@given(payload=st.binary(max_size=80))
@example(payload=b"")
@settings(max_examples=300)
def test_any_payload_under_a_right_tag(payload: bytes) -> None:
    judged(TOPIC, payload)


@given(fields=nearly)
@settings(max_examples=200)
def test_nearly_messages(fields: list[Any]) -> None:
    judged(TOPIC, cbor2.dumps(fields))


@given(topic=st.one_of(st.text(max_size=30), st.just(TOPIC)), data=st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_under_any_topic(topic: str, data: bytes) -> None:
    assert reason_of(topic, data)


@given(
    name=st.sampled_from(sorted(VECTORS)), at=st.integers(0, 300), piece=st.binary(max_size=3), cut=st.integers(0, 3)
)
@settings(max_examples=200)
def test_damaged_messages_have_one_reason_on_both_sides(
    wire_server: upy.MicroPythonServer, name: str, at: int, piece: bytes, cut: int
) -> None:
    vector = VECTORS[name]
    key = MessageKey(bytes.fromhex(vector["secret"]), DEVICE, vector["epoch"])
    data = bytes.fromhex(vector["message"])
    at %= len(data)
    damaged = data[:at] + piece + data[at + cut :]
    outcome, content = wire_server.ask("unseal", vector["secret"], DEVICE, vector["epoch"], damaged.hex())
    reason = reason_of(vector["topic"], damaged, [key])
    assert [outcome, content][0 if damaged == data else 1] == ("ok" if damaged == data else reason)
