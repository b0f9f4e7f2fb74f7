"""The cloud's COSE_Sign1 against the appliance's curve: what one side signs the other verifies; nothing else passes."""

import pytest
from appliance.trust import p256
from cryptography.hazmat.primitives.asymmetric import ec
from trivet import sign1
from trivet_wire import ids
from trivet_wire import sign1 as wire
from trivet_wire.refuse import WireError

KEY = ec.generate_private_key(ec.SECP256R1())
PRIVATE = KEY.private_numbers().private_value.to_bytes(32)
PUBLIC = sign1.public_bytes(KEY.public_key())
KID = sign1.key_id(PUBLIC)
PAYLOAD = b"a payload"


def test_both_sides_make_the_same_bytes() -> None:
    made = wire.assembled(KID, PAYLOAD, p256.sign(PRIVATE, wire.digest(KID, PAYLOAD)))
    assert made == sign1.signed(KEY, KID, PAYLOAD)
    assert p256.public(PRIVATE) == PUBLIC


def test_the_appliance_verifies_what_the_cloud_signed() -> None:
    parts = wire.Signed(sign1.signed(KEY, KID, PAYLOAD))
    assert p256.verify(PUBLIC, wire.digest(parts.kid, PAYLOAD), parts.signature)


def test_what_was_signed_is_given_back() -> None:
    assert sign1.opened(sign1.signed(KEY, KID, PAYLOAD), PUBLIC, KID) == sign1.Verified(KID, PAYLOAD)


@pytest.mark.parametrize("change", ["payload", "signature", "kid", "key"])
def test_anything_else_is_refused(change: str) -> None:
    made = bytearray(sign1.signed(KEY, KID, PAYLOAD))
    public = PUBLIC
    if change == "payload":
        made[made.index(PAYLOAD)] ^= 1
    elif change == "signature":
        made[-1] ^= 1
    elif change == "kid":
        made = bytearray(sign1.signed(KEY, bytes(8), PAYLOAD))
    else:
        public = sign1.public_bytes(ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(WireError) as refused:
        sign1.opened(bytes(made), public, KID)
    assert refused.value.reason == ids.R_SIGNATURE


def test_a_signature_of_zeros_or_of_another_size_does_not_fit() -> None:
    for made in (bytes(64), b"\xff" * 64, b"", bytes(63), bytes(65)):
        assert not sign1.fits(PUBLIC, KID, PAYLOAD, made)


def test_keys_that_are_none_say_so() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        sign1.public_key(b"\x04" + PUBLIC)
    with pytest.raises(ValueError, match=r"."):
        sign1.public_key(bytes(64))
    with pytest.raises(ValueError, match="P-256"):
        sign1.public_bytes(ec.generate_private_key(ec.SECP384R1()).public_key())
