"""Canonical CBOR: what is written, what is refused and with which reason."""

from runner import refused, run
from trivet_wire import cbor, ids

EXAMPLES = (  # RFC 8949, appendix A, as far as the contract allows them
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"),
    (-10, "29"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"", "40"),
    (b"\x01\x02\x03\x04", "4401020304"),
    ("", "60"),
    ("IETF", "6449455446"),
    ("\u00fc", "62c3bc"),
    ("\u6c34", "63e6b0b4"),
    ([], "80"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({}, "a0"),
    ({1: 2, 3: 4}, "a201020304"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    ({10: 0, 100: 0, -1: 0, "z": 0, "aa": 0}, "a50a0018640020 00617a0062616100"),  # section 4.2.1
)

REFUSED = (
    ("", ids.R_TRUNCATED),
    ("18", ids.R_TRUNCATED),
    ("1900", ids.R_TRUNCATED),
    ("42ff", ids.R_TRUNCATED),
    ("82 00", ids.R_TRUNCATED),
    ("a1 00", ids.R_TRUNCATED),
    ("9b7fffffffffffffff", ids.R_TRUNCATED),
    ("bbffffffffffffffff", ids.R_TRUNCATED),
    ("5bffffffffffffffff", ids.R_TRUNCATED),
    ("0000", ids.R_TRAILING),
    ("8000", ids.R_TRAILING),
    ("1817", ids.R_NOT_CANONICAL),
    ("1900ff", ids.R_NOT_CANONICAL),
    ("1a0000ffff", ids.R_NOT_CANONICAL),
    ("1b00000000ffffffff", ids.R_NOT_CANONICAL),
    ("3817", ids.R_NOT_CANONICAL),
    ("5801ff", ids.R_NOT_CANONICAL),
    ("980100", ids.R_NOT_CANONICAL),
    ("a2 0100 0100", ids.R_NOT_CANONICAL),
    ("a2 0200 0100", ids.R_NOT_CANONICAL),
    ("a2 616200 616100", ids.R_NOT_CANONICAL),
    ("9fff", ids.R_INDEFINITE),
    ("5f41ffff", ids.R_INDEFINITE),
    ("7fff", ids.R_INDEFINITE),
    ("bfff", ids.R_INDEFINITE),
    ("ff", ids.R_INDEFINITE),
    ("1f", ids.R_TYPE),
    ("1c", ids.R_TYPE),
    ("f90000", ids.R_TYPE),
    ("fa00000000", ids.R_TYPE),
    ("fb0000000000000000", ids.R_TYPE),
    ("c000", ids.R_TYPE),
    ("f7", ids.R_TYPE),
    ("e0", ids.R_TYPE),
    ("f8ff", ids.R_TYPE),
    ("a1 4000", ids.R_TYPE),
    ("a1 8000", ids.R_TYPE),
    ("a1 f400", ids.R_TYPE),
    ("a1 f97e0000", ids.R_TYPE),
    ("a1 9fff00", ids.R_INDEFINITE),
    ("61ff", ids.R_TYPE),
    ("62c080", ids.R_TYPE),
    ("63eda080", ids.R_TYPE),
    ("64f4908080", ids.R_TYPE),
    ("62c3", ids.R_TRUNCATED),
    ("61c3", ids.R_TYPE),
    ("81" * 7 + "00", ids.R_DEPTH),
    ("a100" * 7 + "00", ids.R_DEPTH),
)


def from_hex(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


def test_examples_of_the_standard_are_written_and_read() -> None:
    for value, text in EXAMPLES:
        assert cbor.encode(value) == from_hex(text), value
        back = cbor.decode(from_hex(text))
        assert back == value and type(back) is type(value)


def test_what_is_refused_says_why() -> None:
    for text, reason in REFUSED:
        try:
            refused(reason, cbor.decode, from_hex(text))
        except AssertionError as error:
            raise AssertionError("%s: %s" % (text, error))


def test_depth_of_six_is_allowed_and_the_bound_can_be_moved() -> None:
    assert cbor.encode(cbor.decode(from_hex("81" * 6 + "00"))) == from_hex("81" * 6 + "00")
    assert cbor.decode(from_hex("81" * 9 + "00"), 100, 9)
    refused(ids.R_DEPTH, cbor.decode, b"\x81\x00", 100, 0)
    refused(ids.R_DEPTH, cbor.encode, [[[[[[[]]]]]]])


def test_size_is_judged_before_anything_is_read() -> None:
    refused(ids.R_TOO_LARGE, cbor.decode, bytes(4097))
    refused(ids.R_TOO_LARGE, cbor.decode, b"\x00\x00", 1)
    refused(ids.R_TOO_LARGE, cbor.encode, bytes(100), 100)
    assert len(cbor.encode(bytes(98), 100)) == 100


def test_what_cannot_be_written_is_refused() -> None:
    for value in (1.5, object(), {1.5: 0}, {b"": 0}, {None: 0}, {True: 0}, "\ud800"):
        refused(ids.R_TYPE, cbor.encode, value)
    refused(ids.R_FIELD, cbor.encode, 1 << 64)
    refused(ids.R_FIELD, cbor.encode, -(1 << 64) - 1)


def test_writer_fills_its_range_and_not_one_byte_more() -> None:
    whole = cbor.encode([1, b"abc", "de", {5: None}, 70000])
    for room in range(len(whole) + 1):
        buf = bytearray(b"\xee" * (len(whole) + 4))
        writer = cbor.Writer(buf, 2, 2 + room)
        if room < len(whole):
            refused(ids.R_TOO_LARGE, writer.item, [1, b"abc", "de", {5: None}, 70000])
        else:
            writer.item([1, b"abc", "de", {5: None}, 70000])
            assert bytes(buf[2 : writer.pos]) == whole
        assert bytes(buf[:2]) == b"\xee\xee" and bytes(buf[2 + room :]) == b"\xee" * (len(whole) + 2 - room)


def test_typed_reading_copies_nothing_and_names_a_wrong_type() -> None:
    data = cbor.encode([7, -8, b"xyz", "hi", None, {"k": 1}])
    reader = cbor.Reader(b"\xff" + data + b"\xff", 1, 1 + len(data))
    assert reader.array() == 6
    assert reader.unsigned(7) == 7
    assert reader.integer() == -8
    start = reader.bstr()
    assert (b"\xff" + data)[start : reader.pos] == b"xyz"
    assert not reader.null()
    assert reader.tstr() == "hi"
    assert reader.null()
    assert reader.map() == 1
    refused(ids.R_FIELD, reader.integer)
    refused(ids.R_FIELD, cbor.Reader(b"\x08").unsigned, 7)
    refused(ids.R_FIELD, cbor.Reader(b"\x20").unsigned, 7)
    refused(ids.R_FIELD, cbor.Reader(b"\x08").array)
    refused(ids.R_TRAILING, cbor.Reader(b"\x08").done)


run(globals()) if __name__ == "__main__" else None
