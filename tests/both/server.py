"""Answers requests about the shared contract, so that a test can ask two interpreters the same.

Each line of input is `[name, argument, …]` in JSON, each of output `["ok", value]`, `["refused", reason]` or
`["crashed", text]`. Bytes and texts travel as hex, because MicroPython's json does not join surrogates. A value
travels in a form that keeps its type: `["i", decimal]`, `["b", hex]`, `["t", hex of UTF-8]`, `["a", [value, …]]`,
`["m", [[key, value], …]]` (sorted by the key's form) or null, true, false.
"""

import json
import sys

from trivet_wire import catalogue, cbor, code, envelope, samples
from trivet_wire.refuse import WireError


def dress(value):
    """A value in the form that travels."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        return ["i", str(value)]
    if isinstance(value, str):
        return ["t", value.encode().hex()]
    if isinstance(value, bytes):
        return ["b", value.hex()]
    if isinstance(value, (list, tuple)):
        return ["a", [dress(one) for one in value]]
    return ["m", sorted(([dress(key), dress(value[key])] for key in value), key=lambda pair: json.dumps(pair[0]))]


def undress(form):
    if form is None or form is True or form is False:
        return form
    kind, content = form
    if kind == "i":
        return int(content)
    if kind == "t":
        return bytes.fromhex(content).decode()
    if kind == "b":
        return bytes.fromhex(content)
    if kind == "a":
        return [undress(one) for one in content]
    pairs = {}
    for key, one in content:
        pairs[undress(key)] = undress(one)
    return pairs


def _key(secret: str, device: str, epoch: int) -> envelope.Key:
    return envelope.Key(bytes.fromhex(secret), bytes.fromhex(device), epoch)


def _unseal(secret: str, device: str, epoch: int, message: str) -> str:
    data = bytes.fromhex(message)
    start = envelope.unseal(_key(secret, device, epoch), data)
    return data[start : len(data) - envelope.TAILROOM].hex()


def _head(payload: str):
    data = bytes.fromhex(payload)
    head = envelope.Head(data, 0, len(data))
    rest = head.reader.item()
    return [head.kind, head.boot, head.seq, head.uptime_ms, head.wall_s, head.consent_seq, dress(rest)]


def _pack(values) -> str:
    buf = bytearray(5 * len(values))
    return bytes(buf[: samples.pack(values, buf)]).hex()


def _rows(packed: str):
    c = catalogue.Catalogue(bytes.fromhex(packed))
    return [[c.text(e), c.ne107(e), c.severity(e), c.purpose(e), c.find(c.code(e))] for e in range(c.events)]


def _parse(text: str):
    try:
        return code.parse(bytes.fromhex(text).decode())
    except code.CodeError as error:
        return str(error)


CALLS = {
    "encode": lambda form: cbor.encode(undress(form)).hex(),
    "decode": lambda data: dress(cbor.decode(bytes.fromhex(data))),
    "seal": lambda secret, device, epoch, payload: envelope.sealed(
        _key(secret, device, epoch), bytes.fromhex(payload)
    ).hex(),
    "unseal": _unseal,
    "head": _head,
    "pack": _pack,
    "unpack": lambda data: samples.unpack(bytes.fromhex(data)),
    "rows": _rows,
    "parse": _parse,
}


def answer(request):
    try:
        return ["ok", CALLS[request[0]](*request[1:])]
    except WireError as error:
        return ["refused", error.reason]
    except Exception as error:
        return ["crashed", repr(error)]


def main() -> None:
    while True:
        line = sys.stdin.readline()
        if not line:
            break
        print(json.dumps(answer(json.loads(line))))


if __name__ == "__main__":
    main()
