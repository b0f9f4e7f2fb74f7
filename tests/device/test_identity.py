"""Who the appliance is, from files that provisioning wrote: what they may say, and what is refused."""

from appliance.trust import identity, p256
from runner import run
from trivet_wire import cbor, sign1

PRIVATE = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
PUBLIC = p256.public(PRIVATE)
DEVICE = bytes.fromhex("00112233445566ff")
# As `openssl ecparam -genkey` and `cryptography` write it.
KEY = bytes.fromhex("30770201010420") + PRIVATE + bytes.fromhex("a00a06082a8648ce3d030107a14403420004") + PUBLIC
FIELDS = {"id": DEVICE, "epoch": 1, "message_key": bytes(32), "brokers": [], "model": "oven"}


class Files:
    def __init__(self, **files):
        self._files = files

    def read(self, name):
        return self._files.get(name.replace(".", "_"))


def provisioned(key=None, **changed):
    return identity.load(Files(identity_cbor=cbor.encode(dict(FIELDS, **changed)), key_der=key))


def refuses(call, *args, **named) -> bool:
    try:
        call(*args, **named)
    except ValueError:
        return True
    return False


def test_without_files_it_is_nobody() -> None:
    assert identity.load(Files()) is None
    assert identity.load(Files(key_der=KEY)) is None


def test_with_a_key_it_signs_in_its_own_name() -> None:
    who = provisioned(KEY)
    signature = who.sign(b"payload")
    assert p256.verify(PUBLIC, sign1.digest(DEVICE, b"payload"), signature)
    assert not p256.verify(PUBLIC, sign1.digest(bytes(8), b"payload"), signature)
    assert not p256.verify(PUBLIC, sign1.digest(DEVICE, b"other"), signature)


def test_without_a_key_it_signs_nothing() -> None:
    assert provisioned().sign(b"payload") is None


def test_without_room_to_sign_it_says_so_and_signs_again_later() -> None:
    def full(private, digest):
        raise MemoryError

    who = provisioned(KEY)
    sign = p256.sign
    p256.sign = full
    try:
        assert who.sign(b"payload") is None
    finally:
        p256.sign = sign
    assert who.sign(b"payload") is not None


def test_a_key_file_of_another_form_is_refused() -> None:
    p384 = KEY[:45].replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2b81040022000000"))
    for damaged in (
        b"",
        KEY[:-1],
        KEY + b"\x00",
        b"\x31" + KEY[1:],
        KEY[:4] + b"\x02" + KEY[5:],  # another version
        KEY[:48] + b"\x22" + KEY[49:],  # another curve
        KEY[:56] + b"\x02" + KEY[57:],  # a compressed point
        p384,
    ):
        assert damaged != KEY and refuses(provisioned, damaged), damaged


def test_an_identity_without_a_field_is_refused() -> None:
    for name in FIELDS:
        fields = {key: value for key, value in FIELDS.items() if key != name}
        assert refuses(identity.load, Files(identity_cbor=cbor.encode(fields))), name
    for brokers in ([["", 1]], [["host", 0]], [["host", 65536]], [7]):
        assert refuses(provisioned, brokers=brokers), brokers


run(globals()) if __name__ == "__main__" else None
