"""Answers questions about the appliance's P-256, in MicroPython: each line `[name, hex, …]` in JSON, each answer hex,
true, false, or null for a ValueError.
"""

import json
import sys

from appliance.trust import comb, p256


def _combed(public: bytes, digest: bytes, signature: bytes) -> bool:
    try:
        return p256.verify(public, digest, signature, comb.table(public))
    except ValueError:
        return False


CALLS = {
    "public": p256.public,
    "sign": p256.sign,
    "verify": p256.verify,
    "combed": _combed,
    "shared": p256.shared,
}


def answer(name: str, *words: str):
    try:
        given = CALLS[name](*[bytes.fromhex(word) for word in words])
    except ValueError:
        return None
    return given.hex() if isinstance(given, bytes) else given


def main() -> None:
    while True:
        line = sys.stdin.readline()
        if not line:
            break
        print(json.dumps(answer(*json.loads(line))))


if __name__ == "__main__":
    main()
