"""COSE_Sign1: layout, bounds, and that every bit of a message is either refused or changes what is signed."""

from runner import refused, run
from trivet_wire import cbor, ids, sign1

KID = bytes.fromhex("00112233445566ff")
PAYLOAD = cbor.encode([1, ids.EVIDENCE, 3, 9, 123456, None, 0, [100, -60, 0]])
SIGNATURE = bytes(range(64))
MESSAGE = sign1.assembled(KID, PAYLOAD, SIGNATURE)


def parts(message: bytes):
    signed = sign1.Signed(message)
    return signed.kid, message[signed.payload : signed.payload_end], signed.signature


def test_layout_is_cose_sign1_tagged() -> None:
    assert MESSAGE[0] == 0xC0 | 18
    protected, unprotected, payload, signature = cbor.decode(MESSAGE[1:])
    assert cbor.decode(protected) == {1: -9, 4: KID}
    assert (unprotected, payload, signature) == ({}, PAYLOAD, SIGNATURE)


def test_what_is_signed_is_the_sig_structure() -> None:
    from hashlib import sha256

    for size in (0, 1, 23, 24, 255, 256, 3000):
        protected = cbor.encode({1: -9, 4: KID})
        structure = cbor.encode(["Signature1", protected, b"", bytes(size)])
        assert sign1.digest(KID, bytes(size)) == sha256(structure).digest()


def test_every_length_of_payload_is_assembled_and_parsed() -> None:
    for size in (0, 1, 23, 24, 255, 256, 1000, ids.MAX_MESSAGE - 86):
        assert parts(sign1.assembled(KID, bytes(size), SIGNATURE)) == (KID, bytes(size), SIGNATURE)
    refused(ids.R_TOO_LARGE, sign1.assembled, KID, bytes(ids.MAX_MESSAGE - 85), SIGNATURE)
    refused(ids.R_TOO_LARGE, sign1.Signed, MESSAGE + bytes(4096))


def test_parsing_stays_within_its_range() -> None:
    buf = b"\xee" * 20 + MESSAGE + b"\xee" * 20
    signed = sign1.Signed(buf, 20, 20 + len(MESSAGE))
    assert buf[signed.payload : signed.payload_end] == PAYLOAD and signed.signature == SIGNATURE


def test_every_altered_bit_is_refused_or_seen_in_the_parts() -> None:
    for place in range(len(MESSAGE)):
        for bit in range(8):
            altered = bytearray(MESSAGE)
            altered[place] ^= 1 << bit
            try:
                found = parts(bytes(altered))
            except cbor.WireError:
                continue
            assert found != (KID, PAYLOAD, SIGNATURE), "byte %d bit %d makes no difference" % (place, bit)


def test_every_shorter_or_longer_message_is_refused() -> None:
    for size in range(len(MESSAGE)):
        refused(ids.R_TRUNCATED, sign1.Signed, MESSAGE[:size])
    refused(ids.R_TRAILING, sign1.Signed, MESSAGE + b"\x00")


def test_what_is_not_ours_is_refused_with_its_reason() -> None:
    protected = "a201280448" + "00" * 8
    tail = "5840" + "00" * 64
    for text, reason in (
        ("844d" + protected + "a040" + tail, ids.R_ENVELOPE),  # untagged
        ("d1844d" + protected + "a040" + tail, ids.R_ENVELOPE),  # tag 17
        ("d28443a10128a040" + tail, ids.R_ENVELOPE),  # without a key id
        ("d2844d" + protected.replace("0128", "0126") + "a040" + tail, ids.R_ENVELOPE),  # alg -7
        ("d2844d" + protected + "a1010040" + tail, ids.R_ENVELOPE),  # something unprotected
        ("d2844d" + protected + "a0f6" + tail, ids.R_ENVELOPE),  # detached payload
        ("d2844d" + protected + "a060" + tail, ids.R_ENVELOPE),  # payload a text
        ("d2844d" + protected + "a05f40ff" + tail, ids.R_INDEFINITE),
        ("d2844d" + protected + "a05800" + tail, ids.R_NOT_CANONICAL),
        ("d2844d" + protected + "a040583f" + "00" * 63, ids.R_ENVELOPE),  # a short signature
        ("d2844d" + protected + "a040590040" + "00" * 64, ids.R_ENVELOPE),  # a longer head than needed
        ("", ids.R_TRUNCATED),
    ):
        refused(reason, sign1.Signed, bytes.fromhex(text))


def test_a_wrong_size_is_a_mistake_of_the_caller() -> None:
    for call in (
        lambda: sign1.digest(KID[:7], PAYLOAD),
        lambda: sign1.assembled(KID + b"\x00", PAYLOAD, SIGNATURE),
        lambda: sign1.assembled(KID, PAYLOAD, SIGNATURE[:63]),
    ):
        try:
            call()
        except ValueError as error:
            assert not isinstance(error, cbor.WireError)
            continue
        raise AssertionError("a wrong size, no complaint")


run(globals()) if __name__ == "__main__" else None
