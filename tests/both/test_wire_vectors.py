"""Released bytes (`tests/vectors`), read and made again by both interpreters."""

import json

from runner import refused, run
from trivet_wire import catalogue, cbor, code, envelope, samples
from trivet_wire.refuse import WireError

VECTORS = __file__.rsplit("/", 1)[0] + "/../vectors/"


def load(name: str):
    with open(VECTORS + name) as file:
        return json.load(file)


def key_of(vector) -> envelope.Key:
    return envelope.Key(bytes.fromhex(vector["secret"]), bytes.fromhex(vector["topic"].split("/")[1]), vector["epoch"])


def fields_of(value):
    """From JSON: `{"hex": …}` is bytes."""
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    return [fields_of(one) for one in value] if isinstance(value, list) else value


def test_messages_are_made_again_byte_for_byte() -> None:
    for name, vector in load("messages.json").items():
        payload = cbor.encode(fields_of(vector["fields"]))
        assert envelope.sealed(key_of(vector), payload).hex() == vector["message"], name


def test_messages_open_and_say_what_was_meant() -> None:
    for name, vector in load("messages.json").items():
        message = bytes.fromhex(vector["message"])
        start = envelope.unseal(key_of(vector), message)
        head = envelope.Head(message, start, len(message) - envelope.TAILROOM)
        body = head.reader.item()
        head.reader.done()
        meant = fields_of(vector["fields"])
        assert [head.kind, head.boot, head.seq, head.uptime_ms] == meant[1:5], name
        assert [head.wall_s or None, head.consent_seq, body] == meant[5:], name


def test_series_of_the_evidence_read_back() -> None:
    frames = fields_of(load("messages.json")["evidence"]["fields"])[7][10]
    for _, _, packed in frames:
        series = samples.unpack(packed)
        buf = bytearray(80)
        assert bytes(buf[: samples.pack(series, buf)]) == packed
        assert len(series) == 16


def test_refused_messages_have_their_reason() -> None:
    """What only the types of a body can tell (R_FIELD) is the cloud's to judge, and is well here."""
    for name, vector in load("refused.json").items():
        message = bytes.fromhex(vector["message"])

        def read(message=message, vector=vector):
            start = envelope.unseal(key_of(vector), message)
            end = len(message) - envelope.TAILROOM
            cbor.decode(message[start:end])
            return envelope.Head(message, start, end)

        if vector["reason"] != 12:
            refused(vector["reason"], read)
            continue
        try:
            read()
        except WireError as error:
            assert error.reason == 12, name


def test_later_messages_are_authentic() -> None:
    for vector in load("later.json").values():
        assert envelope.unseal(key_of(vector), bytes.fromhex(vector["message"])) > 0


def test_catalogues_are_read() -> None:
    for name, vector in load("catalogues.json").items():
        packed = bytes.fromhex(vector["packed"])
        c = catalogue.Catalogue(packed)
        assert catalogue.catalogue_id(packed) == vector["id"], name
        for event in range(c.events):
            assert c.find(code.parse(c.text(event))) == event
    c = catalogue.Catalogue(bytes.fromhex(load("catalogues.json")["two-rows"]["packed"]))
    assert (c.text(0), c.severity(0), c.hazard(0), c.purpose(0), c.freezes(0, 31)) == ("H07-1K", 2, True, 0, True)
    assert (c.text(1), c.severity(1), c.hazard(1), c.purpose(1), c.confirm(1)) == ("A00-0A", 5, False, 1, 3)


run(globals()) if __name__ == "__main__" else None
