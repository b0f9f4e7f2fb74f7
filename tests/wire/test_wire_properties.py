"""What holds for all values and all bytes, in CPython and MicroPython, judged by `cbor2` and `cryptography`.

One MicroPython process answers for the whole session; the same `server.py` answers here in CPython.
"""

import sys

import cbor2
import pytest
import upy
from cryptography.hazmat.primitives import hashes, hmac
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trivet_wire import code, ids

sys.path.insert(0, str(upy.BOTH))
import server

SECRET, DEVICE = bytes(range(32)), bytes.fromhex("00112233445566ff")
BOUND = (SECRET.hex(), DEVICE.hex(), 1)

integers = st.one_of(
    st.integers(-(1 << 64), (1 << 64) - 1),
    st.integers(-300, 300),
    st.sampled_from([23, 24, 255, 256, 65535, 65536, (1 << 32) - 1, 1 << 32, -24, -25, -256, -257, -65537]),
)
leaves = st.one_of(st.none(), st.booleans(), integers, st.binary(max_size=40), st.text(max_size=20))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.one_of(integers, st.text(max_size=5)), inner, max_size=5)
    ),
    max_leaves=15,
)


def both(wire_server: upy.MicroPythonServer, *request: object) -> list:
    """The answer that both interpreters give."""
    here = server.answer(list(request))
    there = wire_server.ask(*request)
    assert there == here, f"MicroPython and CPython differ on {request!r}"
    assert here[0] != "crashed", here
    return here


def in_order(value: object) -> object:
    """Maps with their keys in the bytewise order of RFC 8949, which is not that of `cbor2`'s `canonical` (RFC 7049)."""
    if isinstance(value, list):
        return [in_order(one) for one in value]
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value, key=cbor2.dumps)}
    return value


@given(value=values)
@example(value={100: 0, -1: 0, 10: 0, "": 0, "aa": 0, "z": 0})
@settings(max_examples=200)
def test_what_is_written_is_read_back_by_all(wire_server: upy.MicroPythonServer, value: object) -> None:
    outcome, data = both(wire_server, "encode", server.dress(value))
    if outcome == "refused":
        assert data == ids.R_DEPTH
        return
    assert bytes.fromhex(data) == cbor2.dumps(in_order(value))
    assert cbor2.loads(bytes.fromhex(data), allow_duplicate_keys=False) == value
    assert both(wire_server, "decode", data) == ["ok", server.dress(value)]


@given(data=st.binary(max_size=60))
@settings(max_examples=200)
def test_random_bytes_are_read_alike_or_refused_alike(wire_server: upy.MicroPythonServer, data: bytes) -> None:
    outcome, content = both(wire_server, "decode", data.hex())
    if outcome == "ok":
        assert server.answer(["encode", content]) == ["ok", data.hex()], "only the canonical form is accepted"


@given(value=values, data=st.data())
@settings(max_examples=250)
def test_damaged_bytes_are_read_alike_or_refused_alike(
    wire_server: upy.MicroPythonServer, value: object, data: st.DataObject
) -> None:
    whole = bytearray(cbor2.dumps(in_order(value)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for damaged in (bytes(whole), bytes(whole[:cut])):
        outcome, content = both(wire_server, "decode", damaged.hex())
        if outcome == "ok":
            assert server.answer(["encode", content]) == ["ok", damaged.hex()]


@given(payload=st.binary(max_size=300))
@settings(max_examples=60)
def test_envelope_is_the_standard_s(wire_server: upy.MicroPythonServer, payload: bytes) -> None:
    message = bytes.fromhex(both(wire_server, "seal", *BOUND, payload.hex())[1])
    protected, unprotected, content, tag = cbor2.loads(message, allow_duplicate_keys=False)
    assert (protected, unprotected, content) == (cbor2.dumps({1: 4}), {}, payload)
    mac = hmac.HMAC(SECRET, hashes.SHA256())
    mac.update(cbor2.dumps(["MAC0", protected, DEVICE + b"\x01", payload]))
    assert tag == mac.finalize()[:8]
    assert both(wire_server, "unseal", *BOUND, message.hex()) == ["ok", payload.hex()]


@given(payload=st.binary(max_size=60), data=st.data())
@settings(max_examples=150)
def test_damaged_envelope_never_opens(wire_server: upy.MicroPythonServer, payload: bytes, data: st.DataObject) -> None:
    whole = bytes.fromhex(server.answer(["seal", *BOUND, payload.hex()])[1])
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.binary(max_size=3).filter(lambda piece: piece != whole[at : at + len(piece)] or not piece))
    damaged = whole[:at] + other + whole[at + max(1, len(other)) :]
    if damaged != whole:
        assert both(wire_server, "unseal", *BOUND, damaged.hex())[0] == "refused"


header = st.one_of(st.none(), st.integers(-2, 1 << 54), st.text(max_size=2), st.just([]))


@given(fields=st.lists(st.one_of(st.integers(0, 3), header), min_size=5, max_size=9))
@settings(max_examples=150)
def test_heads_are_read_alike(wire_server: upy.MicroPythonServer, fields: list) -> None:
    both(wire_server, "head", cbor2.dumps(fields).hex())


@given(series=st.lists(st.integers(-(1 << 31), (1 << 31) - 1), max_size=64))
@settings(max_examples=100)
def test_samples_read_back(wire_server: upy.MicroPythonServer, series: list[int]) -> None:
    packed = both(wire_server, "pack", series)[1]
    assert both(wire_server, "unpack", packed) == ["ok", series]


@given(data=st.binary(max_size=30))
@settings(max_examples=150)
def test_any_bytes_as_samples(wire_server: upy.MicroPythonServer, data: bytes) -> None:
    outcome, series = both(wire_server, "unpack", data.hex())
    if outcome == "ok":
        assert server.answer(["pack", series]) == ["ok", data.hex()], "only the shortest form is accepted"


@example(text="H07-1\u017f")
@example(text="H07-1K\x1c")
@given(text=st.one_of(st.text(max_size=8), st.text(code.LETTERS + "0123456789-", min_size=5, max_size=6)))
@settings(max_examples=150)
def test_any_text_as_a_code(wire_server: upy.MicroPythonServer, text: str) -> None:
    both(wire_server, "parse", text.encode().hex())


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 4096 - 18])
def test_sealed_lengths(wire_server: upy.MicroPythonServer, size: int) -> None:
    message = both(wire_server, "seal", *BOUND, bytes(size).hex())[1]
    assert both(wire_server, "unseal", *BOUND, message)[1] == bytes(size).hex()
