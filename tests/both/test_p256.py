"""P-256 in both interpreters: published vectors, the derived table, and the points at which formulas break."""

from hashlib import sha256

from appliance.trust import comb, p256
from appliance.trust.p256_base import TABLE
from runner import run

# RFC 6979, A.2.5
PRIVATE = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
PUBLIC = bytes.fromhex(
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)
SIGNED = {
    b"sample": "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    b"test": "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
    "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
}
# SP 800-186, section 3.2.1.3
G = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
ONE = bytes(31) + b"\x01"


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def refuses(call, *args) -> bool:
    try:
        call(*args)
    except ValueError:
        return True
    return False


def test_signatures_of_rfc_6979() -> None:
    assert p256.public(PRIVATE) == PUBLIC
    for message, signature in SIGNED.items():
        digest = sha256(message).digest()
        assert p256.sign(PRIVATE, digest).hex() == signature
        assert p256.verify(PUBLIC, digest, bytes.fromhex(signature))


def test_the_kept_table_is_the_comb_of_the_base_point() -> None:
    assert comb.table(G, 7) == TABLE
    assert p256.public(ONE) == G


def test_without_any_table_the_verdict_is_the_same() -> None:
    digest = sha256(b"sample").digest()
    signature = bytes.fromhex(SIGNED[b"sample"])
    assert p256.verify(PUBLIC, digest, signature, PUBLIC)
    assert not p256.verify(PUBLIC, sha256(digest).digest(), signature, PUBLIC)
    assert not p256.verify(PUBLIC, digest, signature[:63] + bytes((signature[63] ^ 1,)), PUBLIC)


def test_a_comb_of_the_key_gives_the_same_verdict() -> None:
    for teeth in (2, 4, 5, 6):
        table = comb.table(PUBLIC, teeth)
        assert len(table) == 32 << teeth
        for message, signature in SIGNED.items():
            digest = sha256(message).digest()
            good = bytes.fromhex(signature)
            assert p256.verify(PUBLIC, digest, good, table)
            assert not p256.verify(PUBLIC, sha256(digest).digest(), good, table)
            assert not p256.verify(PUBLIC, digest, good[:63] + bytes((good[63] ^ 1,)), table)


def test_both_halves_of_s_are_valid() -> None:
    digest = sha256(b"sample").digest()
    signature = bytes.fromhex(SIGNED[b"sample"])
    other = signature[:32] + number(p256.N - int.from_bytes(signature[32:], "big"))
    assert p256.verify(PUBLIC, digest, other)


def test_addition_meets_infinity_the_same_point_and_its_opposite() -> None:
    x, y = int.from_bytes(G[:32], "big"), int.from_bytes(G[32:], "big")
    z = 12345
    here = (x * z * z % p256.P, y * z * z * z % p256.P, z)
    assert p256.add(1, 1, 0, x, y) == (x, y, 1)
    assert p256.add(here[0], here[1], here[2], x, p256.P - y)[2] == 0
    twice = p256.double(x, y, 1, 1)
    assert p256.packed([p256.add(here[0], here[1], here[2], x, y)]) == p256.packed([twice])
    assert p256.double(1, 1, 0, 3)[2] == 0


def test_multiples_near_zero_and_the_order() -> None:
    x, y = G[:32], int.from_bytes(G[32:], "big")
    assert p256.public(number(p256.N - 1)) == x + number(p256.P - y)
    two = p256.packed([p256.double(int.from_bytes(x, "big"), y, 1, 1)])
    assert p256.public(number(2)) == two
    assert p256.public(number(p256.N - 2)) == two[:32] + number(p256.P - int.from_bytes(two[32:], "big"))
    for k in (1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, (1 << 52) - 1, 1 << 52, 1 << 208, p256.N >> 1, (p256.N >> 1) + 1):
        assert p256.shared(number(k), G) == p256.public(number(k))[:32], k
        assert p256.shared(number(p256.N - k), G) == p256.public(number(k))[:32], k


def test_a_private_key_is_32_bytes_in_its_range() -> None:
    for private in (b"", bytes(32), number(p256.N), b"\xff" * 32, PRIVATE[:31], PRIVATE + b"\x00"):
        assert refuses(p256.public, private)
        assert refuses(p256.sign, private, bytes(32))
        assert refuses(p256.shared, private, PUBLIC)
    assert refuses(p256.sign, PRIVATE, bytes(31))
    assert refuses(p256.sign, PRIVATE, bytes(33))


def test_making_a_key_skips_what_is_out_of_range() -> None:
    offered = [b"\xff" * 32, bytes(32), number(p256.N), PRIVATE]
    asked = []

    def random(size: int) -> bytes:
        asked.append(size)
        return offered[len(asked) - 1]

    assert p256.make(random) == PRIVATE
    assert asked == [32] * 4


def test_what_is_no_point_of_the_curve_is_refused() -> None:
    x, y = int.from_bytes(PUBLIC[:32], "big"), int.from_bytes(PUBLIC[32:], "big")
    digest = sha256(b"sample").digest()
    signature = bytes.fromhex(SIGNED[b"sample"])
    for point in (
        bytes(64),
        PUBLIC[:63],
        PUBLIC + b"\x00",
        b"\x04" + PUBLIC,
        b"",
        PUBLIC[:63] + bytes((PUBLIC[63] ^ 1,)),
        number(x) + number(0),
        number(0) + number(y),
        b"\xff" * 64,
        number(5) + number(p256.P + 1),
    ):
        assert not p256.verify(point, digest, signature)
        assert refuses(p256.shared, PRIVATE, point)
        assert refuses(comb.table, point)


run(globals()) if __name__ == "__main__" else None
