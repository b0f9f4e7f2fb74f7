"""Series of samples as bytes."""

from array import array

from runner import refused, run
from trivet_wire import ids, samples


def packed(values) -> bytes:
    buf = bytearray(5 * len(values) + 1)
    return bytes(buf[: samples.pack(values, buf)])


def test_one_byte_for_a_small_difference() -> None:
    assert packed([0, 63, -1, -1]) == b"\x00\x7e\x7f\x00"
    assert len(packed([3000] * 16)) == 2 + 15


def test_series_read_back() -> None:
    for values in ([], [0], [-1], [2147483647, -2147483648, 2147483647], list(range(-300, 6100, 100))):
        assert samples.unpack(packed(values)) == values
    assert samples.unpack(packed(array("i", [5, -5]))) == [5, -5]


def test_one_by_one_gives_the_same_bytes_as_all_at_once() -> None:
    buf = bytearray(20)
    off = 3
    last = 0
    for value in (100, 90, 4000):
        off = samples.put(buf, off, 20, value - last)
        last = value
    assert bytes(buf[3:off]) == packed([100, 90, 4000])


def test_what_is_refused_says_why() -> None:
    for text, reason in (
        ("80", ids.R_TRUNCATED),
        ("8080", ids.R_TRUNCATED),
        ("8000", ids.R_NOT_CANONICAL),
        ("808080808001", ids.R_FIELD),
        ("ffffffffffff", ids.R_FIELD),
        ("8080808010", ids.R_FIELD),  # 2^31
    ):
        refused(reason, samples.unpack, bytes.fromhex(text))
    assert samples.unpack(bytes.fromhex("ffffffff0f02")) == [-2147483648, -2147483647]
    refused(ids.R_FIELD, samples.unpack, bytes(65))
    refused(ids.R_FIELD, packed, [1 << 31])
    refused(ids.R_TOO_LARGE, samples.pack, [100, 4000], bytearray(3))


run(globals()) if __name__ == "__main__" else None
