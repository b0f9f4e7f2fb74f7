"""The appliance's side of what judging an update costs: runs inside a board's ROM image, on the firmware as it is
there. Standard input is one line of JSON with hex: what a signature of each kind needs, an envelope with both, its root
of keys.

verify time N         > one JSON line: the fastest of N runs of each operation, in microseconds
verify peak WHAT      > the least free heap with which one operation works, in bytes
"""

import json
import sys

from appliance.trust import comb, lms, p256
from appliance.update import manifest, roots, suit
from appliance.update.release import Own
from measure import fastest, least
from trivet_wire.envelope import sha256

GIVEN: "dict[str, bytes]" = {}
BLOCK = bytearray(4096)


def esp256() -> None:
    assert p256.verify(GIVEN["curve"], GIVEN["digest"], GIVEN["curve_signature"])


def esp256_comb() -> None:
    assert p256.verify(GIVEN["curve"], GIVEN["digest"], GIVEN["curve_signature"], GIVEN["comb"])


def lms_w4() -> None:
    assert lms.verify(GIVEN["hash"], GIVEN["message"], GIVEN["hash_signature"])


def sha256_256k() -> None:
    hash = sha256(BLOCK)
    for _ in range(63):
        hash.update(BLOCK)
    hash.digest()


def release() -> None:
    """A whole envelope with both kinds of signature, believed and read."""
    own = Own(GIVEN["vendor"], GIVEN["class"], 0, (1,), 1)
    manifest.read(suit.verified(GIVEN["envelope"], roots.Roots(GIVEN["roots"])), own)


CALLS = {
    "esp256": esp256,
    "esp256_comb": esp256_comb,
    "lms_w4": lms_w4,
    "sha256_256k": sha256_256k,
    "release": release,
}


def main(words: "list[str]") -> None:
    for name, text in json.loads(sys.stdin.readline()).items():
        GIVEN[name] = bytes.fromhex(text)
    GIVEN["digest"] = sha256(GIVEN["message"]).digest()
    GIVEN["comb"] = comb.table(GIVEN["curve"])
    if words[0] == "time":
        print(json.dumps({name: fastest(CALLS[name], int(words[1])) for name in CALLS}))
    else:
        print(least(CALLS[words[1]]))
