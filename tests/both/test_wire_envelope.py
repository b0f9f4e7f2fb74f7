"""The envelope: layout, tags, bounds, and that nothing but the very key opens it."""

from runner import refused, run
from trivet_wire import cbor, envelope, ids

DEVICE = bytes.fromhex("00112233445566ff")
KEY = envelope.Key(bytes(range(32)), DEVICE, 1)
PAYLOAD = cbor.encode([1, ids.HEARTBEAT, 3, 9, 123456, None, 0, [100, -60, 0, 0, 1, 0]])
MESSAGE = envelope.sealed(KEY, PAYLOAD)


def opened(message: bytes) -> bytes:
    start = envelope.unseal(KEY, message)
    return message[start : len(message) - envelope.TAILROOM]


def test_layout_is_cose_mac0_untagged() -> None:
    value = cbor.decode(MESSAGE)
    assert value[:3] == [b"\xa1\x01\x04", {}, PAYLOAD] and len(value[3]) == 8


def test_every_length_of_payload_is_sealed_and_opened() -> None:
    for size in (0, 1, 23, 24, 255, 256, 1000, 4096 - envelope.OVERHEAD):
        assert opened(envelope.sealed(KEY, bytes(size))) == bytes(size)
    refused(ids.R_TOO_LARGE, envelope.sealed, KEY, bytes(4096 - envelope.OVERHEAD + 1))
    refused(ids.R_TOO_LARGE, envelope.unseal, KEY, MESSAGE + bytes(4096))


def test_sealing_in_place_touches_only_head_and_tail() -> None:
    buf = bytearray(b"\xee" * (len(PAYLOAD) + 40))
    buf[20 : 20 + len(PAYLOAD)] = PAYLOAD
    start = envelope.seal(KEY, buf, 20, 20 + len(PAYLOAD))
    end = 20 + len(PAYLOAD) + envelope.TAILROOM
    assert bytes(buf[start:end]) == MESSAGE
    assert bytes(buf[:start]) == b"\xee" * start and bytes(buf[end:]) == b"\xee" * (len(buf) - end)
    assert envelope.unseal(KEY, buf, start, end) == 20


def test_sealing_without_room_is_a_mistake_of_the_caller() -> None:
    for off, end in ((8, 20), (9, 92), (20, 19)):
        try:
            envelope.seal(KEY, bytearray(100), off, end)
        except ValueError:
            continue
        raise AssertionError("no room, no complaint")


def test_every_altered_bit_is_refused() -> None:
    for place in range(len(MESSAGE)):
        for bit in range(8):
            altered = bytearray(MESSAGE)
            altered[place] ^= 1 << bit
            try:
                envelope.unseal(KEY, altered)
            except cbor.WireError:
                continue
            raise AssertionError("byte %d bit %d went through" % (place, bit))


def test_every_shorter_or_longer_message_is_refused() -> None:
    for size in range(len(MESSAGE)):
        refused(ids.R_TRUNCATED, envelope.unseal, KEY, MESSAGE[:size])
    refused(ids.R_TRAILING, envelope.unseal, KEY, MESSAGE + b"\x00")


def test_another_device_epoch_or_secret_does_not_open_it() -> None:
    for other in (
        envelope.Key(bytes(range(32)), DEVICE, 2),
        envelope.Key(bytes(range(32)), DEVICE[:7] + b"\x00", 1),
        envelope.Key(bytes(32), DEVICE, 1),
    ):
        refused(ids.R_TAG, envelope.unseal, other, MESSAGE)


def test_what_is_not_ours_says_what_is_wrong_with_it() -> None:
    for text, reason in (
        ("", ids.R_TRUNCATED),
        ("7b7d", ids.R_TRUNCATED),  # {} as JSON: a text of 27 bytes that is not there
        ("80", ids.R_ENVELOPE),
        ("00", ids.R_ENVELOPE),
        ("d18443a10104a0408" + "0" * 1, ids.R_TYPE),  # tag 17
        ("9f43a10104a040ff", ids.R_INDEFINITE),
        ("8443a10105a04048" + "00" * 8, ids.R_ENVELOPE),  # alg 5
        ("8443a10104a10100" + "4048" + "00" * 8, ids.R_ENVELOPE),  # something unprotected
        ("8443a10104a040" + "44" + "00" * 4, ids.R_ENVELOPE),  # a short tag
        ("8443a10104a0f648" + "00" * 8, ids.R_ENVELOPE),  # detached payload
        ("8443a10104a0580048" + "00" * 8, ids.R_NOT_CANONICAL),
        ("8443a10104a05f4048" + "00" * 8, ids.R_INDEFINITE),
        ("8443a10104a04048" + "00" * 7, ids.R_TRUNCATED),
        ("81" * 20, ids.R_DEPTH),
        ("fb" + "00" * 8, ids.R_TYPE),
    ):
        refused(reason, envelope.unseal, KEY, bytes.fromhex(text))


def test_head_is_written_and_read() -> None:
    for wall in (0, 1795600000):
        buf = bytearray(64)
        writer = cbor.Writer(buf)
        envelope.put_head(writer, ids.FAULT, 300, 400, 5000000, wall, 7)
        writer.array(0)
        head = envelope.Head(buf, 0, writer.pos)
        assert (head.kind, head.boot, head.seq, head.uptime_ms) == (ids.FAULT, 300, 400, 5000000)
        assert (head.wall_s, head.consent_seq) == (wall, 7)
        assert head.reader.array() == 0
        head.reader.done()


def test_head_of_a_later_version_or_with_a_wrong_field_is_refused() -> None:
    good = [1, 2, 3, 4, 5, 6, 7, []]
    for place, value, reason in (
        (0, 2, ids.R_VERSION),
        (0, 0, ids.R_FIELD),
        (0, "1", ids.R_FIELD),
        (1, -1, ids.R_FIELD),
        (2, 1 << 32, ids.R_FIELD),
        (3, None, ids.R_FIELD),
        (4, 1 << 53, ids.R_FIELD),
        (5, b"", ids.R_FIELD),
        (6, [], ids.R_FIELD),
    ):
        data = cbor.encode(good[:place] + [value] + good[place + 1 :])
        refused(reason, envelope.Head, data, 0, len(data))
    for data in (b"\x80", cbor.encode(good[:7]), b"\x01"):
        refused(ids.R_FIELD, envelope.Head, data, 0, len(data))


run(globals()) if __name__ == "__main__" else None
