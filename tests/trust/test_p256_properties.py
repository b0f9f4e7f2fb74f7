"""The appliance's P-256 against `cryptography`, over keys, digests and damage that nobody chose. Both interpreters."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from p256_kit import Device, N, judged, number
from trivet import sign1

near = st.integers(0, 40)
scalars = st.one_of(
    st.integers(1, N - 1),
    near.map(lambda k: k + 1),
    near.map(lambda k: N - 1 - k),
    st.integers(0, 255).map(lambda bit: 1 << bit),
)
digests = st.one_of(st.binary(min_size=32, max_size=32), scalars.map(number), near.map(lambda k: number(N - 20 + k)))
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DETERMINISTIC = ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True)


def made(secret: int) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    key = ec.derive_private_key(secret, ec.SECP256R1())
    return key, sign1.public_bytes(key.public_key())


@many
@given(secret=scalars, digest=digests)
def test_keys_and_signatures_come_out_the_same(device: Device, secret: int, digest: bytes) -> None:
    key, public = made(secret)
    assert device("public", number(secret)) == public
    signature = device("sign", number(secret), digest)
    r, s = decode_dss_signature(key.sign(digest, DETERMINISTIC))
    assert signature == number(r) + number(s)
    assert device.verify(public, digest, signature)


@many
@given(secret=scalars, digest=digests, damage=st.data())
def test_a_damaged_case_gets_the_same_verdict(
    device: Device, secret: int, digest: bytes, damage: st.DataObject
) -> None:
    _, public = made(secret)
    signature = device("sign", number(secret), digest)
    assert isinstance(signature, bytes)
    parts = [bytearray(public), bytearray(digest), bytearray(signature)]
    part = damage.draw(st.sampled_from(parts))
    part[damage.draw(st.integers(0, len(part) - 1))] ^= damage.draw(st.integers(1, 255))
    altered = tuple(bytes(one) for one in parts)
    assert device.verify(*altered) == judged(*altered)


@many
@given(secret=scalars, digest=digests, r=scalars, s=scalars)
def test_any_numbers_get_the_same_verdict(device: Device, secret: int, digest: bytes, r: int, s: int) -> None:
    _, public = made(secret)
    assert device.verify(public, digest, number(r) + number(s)) == judged(public, digest, number(r) + number(s))


@many
@given(secret=scalars, digest=digests)
def test_a_random_signature_of_theirs_verifies(device: Device, secret: int, digest: bytes) -> None:
    key, public = made(secret)
    encoded = key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    r, s = decode_dss_signature(encoded)
    assert encode_dss_signature(r, s) == encoded
    assert device.verify(public, digest, number(r) + number(s))
    assert device.verify(public, digest, number(r) + number(N - s))


@many
@given(mine=scalars, theirs=scalars)
def test_the_shared_secret_is_the_same(device: Device, mine: int, theirs: int) -> None:
    key, public = made(mine)
    other, their_public = made(theirs)
    secret = key.exchange(ec.ECDH(), other.public_key())
    assert device("shared", number(mine), their_public) == secret
    assert device("shared", number(theirs), public) == secret
