"""Answers questions about the appliance's judgement of updates, in MicroPython or CPython: each line `[name, word, …]`
in JSON, bytes as hex; each answer `["ok", value]`, `["refused", reason]` or `["crashed", text]`.
"""

import json
import sys

from appliance.trust import lms, p256
from appliance.update import manifest, roots, suit
from appliance.update.release import Own
from trivet_wire.envelope import sha256
from trivet_wire.refuse import WireError


def _verified(envelope, kept):
    return bytes(suit.verified(bytes.fromhex(envelope), roots.Roots(bytes.fromhex(kept)))).hex()


def _read(data, vendor, class_, sequence, base, wall_s):
    own = Own(bytes.fromhex(vendor), bytes.fromhex(class_), sequence, tuple(base), wall_s)
    release = manifest.read(memoryview(bytes.fromhex(data)), own)
    components = [
        [one.name, one.size, one.digest.hex(), one.uri, one.chunk, bytes(one.digests).hex()]
        for one in release.components
    ]
    return [release.sequence, release.version, release.security, release.expires, release.deadline, components]


def _delta(data, vendor, class_, index, old):
    own = Own(bytes.fromhex(vendor), bytes.fromhex(class_), 0, (), 0)
    found = manifest.read(memoryview(bytes.fromhex(data)), own).components[index].delta(bytes.fromhex(old))
    return found and [found[0], found[1].hex(), found[2]]


def _next(kept, message):
    made = roots.next(roots.Roots(bytes.fromhex(kept)), bytes.fromhex(message))
    return [made.number, bytes(made.raw).hex()]


class _Files:
    def __init__(self, data):
        self.data = data

    def read(self, name):
        return self.data if name == roots.FILE else None


def _load(kept, least):
    return roots.load(_Files(None if kept is None else bytes.fromhex(kept)), least).number


def _framed(envelope):
    parts = suit.Envelope(bytes.fromhex(envelope))
    signed = [
        [suit.structure(bytes(protected), parts.authentication.digest).hex(), bytes(signature).hex()]
        for protected, signature in parts.authentication.signatures
    ]
    return [parts.authentication.covers(parts.signed), bytes(parts.manifest).hex(), signed]


def _lms(*words):
    return lms.verify(*[bytes.fromhex(word) for word in words])


def _curve(public, message, signature):
    digest = sha256(bytes.fromhex(message)).digest()
    return p256.verify(bytes.fromhex(public), digest, bytes.fromhex(signature))


CALLS = {
    "verified": _verified,
    "read": _read,
    "delta": _delta,
    "next": _next,
    "load": _load,
    "framed": _framed,
    "lms": _lms,
    "curve": _curve,
}


def answer(name, *words):
    try:
        return ["ok", CALLS[name](*words)]
    except WireError as error:
        return ["refused", error.reason]
    except Exception as error:
        return ["crashed", repr(error)]


def main() -> None:
    while True:
        line = sys.stdin.readline()
        if not line:
            break
        print(json.dumps(answer(*json.loads(line))))


if __name__ == "__main__":
    main()
