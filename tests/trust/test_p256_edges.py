"""The places where implementations of ECDSA break, each crafted: the verdict is that of `cryptography`, in both
interpreters, with and without the key's comb.
"""

import itertools

import pytest
from p256_kit import Device, G, N, P, Point, judged, lifted, number, packed, plus, times

D = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
Q = packed(times(D, G))
HASHES = (0, 1, 2, N - 2, N - 1, N, N + 1, P - 1, P, P + 1, 2**256 - 1, 2**255)
# Scalars at which a comb's columns or a NAF's digits carry, cancel or run out.
SCALARS = (0, 1, 2, 3, 16, 17, 2**43, 2**52 - 1, 2**104 + 1, 2**208, 2**255, (N - 1) // 2, (N + 1) // 2, N - 3, N - 1)


def agreed(device: Device, public: bytes, digest: bytes, signature: bytes) -> bool:
    """The verdict of all."""
    verdict = device.verify(public, digest, signature)
    assert verdict == judged(public, digest, signature), (public.hex(), digest.hex(), signature.hex())
    return verdict


def crafted(d: int, u1: int, u2: int) -> tuple[bytes, bytes] | None:
    """(digest, signature) by the key d whose verification computes u1·G + u2·dG; None when that is infinity."""
    point = times(u1 + u2 * d, G)
    if point is None or point[0] % N == 0:
        return None
    r = point[0] % N
    s = r * pow(u2, -1, N) % N
    return number(u1 * s % N), number(r) + number(s)


@pytest.mark.parametrize("value", HASHES, ids=hex)
def test_edge_values_of_the_hash(device: Device, value: int) -> None:
    digest = number(value)
    signature = device("sign", number(D), digest)
    assert isinstance(signature, bytes)
    assert agreed(device, Q, digest, signature)
    assert not agreed(device, Q, number(value ^ 1), signature)
    same = number((value + N) % 2**256 if value + N < 2**256 else value % N)
    assert agreed(device, Q, same, signature)  # a digest counts modulo n


def test_r_and_s_at_and_beyond_their_range(device: Device) -> None:
    digest = number(12345)
    signature = device("sign", number(D), digest)
    assert isinstance(signature, bytes)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    values = (0, 1, 2, r, s, N - r, N - s, N - 1, N, N + 1, P - 1, P, 2**256 - r, 2**256 - s, 2**256 - 1)
    valid = [(a, b) for a, b in itertools.product(values, repeat=2) if agreed(device, Q, digest, number(a) + number(b))]
    assert valid == [(r, s), (r, N - s)]


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 63, 65, 66, 70, 72, 128])
def test_another_length_is_no_signature(device: Device, size: int) -> None:
    digest = number(12345)
    signature = device("sign", number(D), digest)
    assert isinstance(signature, bytes)
    assert not device.verify(Q, digest, (signature + bytes(size))[:size] if size > 64 else signature[:size])
    assert not device.verify(Q, digest, bytes(max(0, size - 64)) + signature if size > 64 else signature[:size])
    assert not device.verify(Q, (digest * 4)[: size if size != 32 else 31], signature)
    assert not device.verify((Q * 2)[:size], digest, signature)


def test_over_long_and_der_encodings_are_none(device: Device) -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    digest = number(12345)
    signature = device("sign", number(D), digest)
    assert isinstance(signature, bytes)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    for wrong in (
        encode_dss_signature(r, s),
        r.to_bytes(33) + s.to_bytes(33),
        r.to_bytes(32, "little") + s.to_bytes(32, "little"),
        signature[32:] + signature[:32],
        (-r).to_bytes(33, signed=True)[1:] + signature[32:],
        signature[:32] + (-s).to_bytes(33, signed=True)[1:],
    ):
        assert not device.verify(Q, digest, wrong)
        assert not judged(Q, digest, wrong)


def test_keys_that_are_no_points(device: Device) -> None:
    digest = number(12345)
    signature = device("sign", number(D), digest)
    assert isinstance(signature, bytes)
    x, y = int.from_bytes(Q[:32]), int.from_bytes(Q[32:])
    beyond = next(point for at in itertools.count(1) if (point := lifted(at)) is not None and at + P < 2**256)
    for one, other in (
        (0, 0),  # what some write for infinity
        (x, 0),
        (0, y),
        (y, x),
        (x, y ^ 1),
        (x ^ 1, y),
        (P, P),
        (2**256 - 1, 2**256 - 1),
        (beyond[0] + P, beyond[1]),  # a point's x, one p too high
    ):
        public = number(one) + number(other)
        assert not agreed(device, public, digest, signature)
        assert device("shared", number(D), public) is None


def test_verification_at_every_edge_of_u1_and_u2(device: Device) -> None:
    """Keys that are small multiples of the base point, or of a tooth of its comb: points meet in the ladder."""
    count = 0
    for d in (1, 3, 2**43, (N + 1) // 2, N - 1):
        public = packed(times(d, G))
        for u1, u2 in itertools.product(SCALARS[::2], SCALARS[1:]):
            made = crafted(d, u1, u2)
            if made is not None:
                assert agreed(device, public, *made), (d, u1, u2)
                count += 1
    assert count > 400


@pytest.mark.parametrize("u2", SCALARS[1:], ids=hex)
def test_the_two_halves_of_the_sum_are_equal(device: Device, u2: int) -> None:
    """u1·G = u2·Q: the last step doubles."""
    made = crafted(D, u2 * D % N, u2)
    assert made is not None
    assert agreed(device, Q, *made)


@pytest.mark.parametrize("u2", SCALARS[1:], ids=hex)
def test_the_two_halves_of_the_sum_cancel(device: Device, u2: int) -> None:
    """u1·G = -u2·Q: the sum is infinity, whose x is no number that r may equal."""
    for r in (1, 2, G[0] % N, N - 1):
        s = r * pow(u2, -1, N) % N
        digest = number(-u2 * D * s % N)
        assert not agreed(device, Q, digest, number(r) + number(s))


def test_u1_is_zero(device: Device) -> None:
    for u2 in SCALARS[1:]:
        made = crafted(D, 0, u2)
        assert made is not None
        assert made[0] == bytes(32)
        assert agreed(device, Q, *made)
        assert agreed(device, Q, number(N), made[1])


def test_x_of_the_sum_beyond_the_order(device: Device) -> None:
    """x in n … p-1: r is x - n, and r + n must be tried; where r + n reaches p it must not."""
    found = 0
    for x in itertools.count(N):
        point = lifted(x)
        if point is None:
            continue
        r, u1, u2 = x - N, 7 + found, 11
        if r == 0:
            continue
        public, digest, signature = _key_for(point, r, u1, u2)
        assert agreed(device, public, digest, signature)
        assert not agreed(device, public, digest, number(r + 1) + signature[32:])
        found += 1
        if found == 8:
            break
    for point in (lifted(5), lifted(P - N + 5), lifted(N - 1)):
        if point is not None:
            assert agreed(device, *_key_for(point, point[0] % N, 3, 5))


def _key_for(point: Point, r: int, u1: int, u2: int) -> tuple[bytes, bytes, bytes]:
    """A key, digest and signature whose sum is just `point`."""
    opposite = times(N - u1, G)
    key = times(pow(u2, -1, N), plus(point, opposite))
    s = r * pow(u2, -1, N) % N
    return packed(key), number(u1 * s % N), number(r) + number(s)
