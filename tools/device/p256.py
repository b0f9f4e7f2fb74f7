"""The appliance's side of `tools/bench p256`: runs under MicroPython or CPython, on the firmware's own P-256.

p256.py time N        > one JSON line: the fastest of N runs of each operation, in microseconds
p256.py peak WHAT     > the least free heap with which one operation works, in bytes
p256.py run WHAT N    > nothing: N runs of one operation, for a profiler to count
"""

import json
import sys

from appliance.trust import comb, p256
from measure import fastest, least

PRIVATE = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")  # RFC 6979, A.2.5
DIGEST = bytes.fromhex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf")  # of "sample"
PUBLIC = p256.public(PRIVATE)
SIGNATURE = p256.sign(PRIVATE, DIGEST)
TABLE = comb.table(PUBLIC)


def verify() -> None:
    assert p256.verify(PUBLIC, DIGEST, SIGNATURE)


def verify_fixed() -> None:
    assert p256.verify(PUBLIC, DIGEST, SIGNATURE, TABLE)


def sign() -> None:
    assert p256.sign(PRIVATE, DIGEST) == SIGNATURE


def make() -> None:
    p256.public(PRIVATE)


def shared() -> None:
    p256.shared(PRIVATE, PUBLIC)


def table() -> None:
    comb.table(PUBLIC)


CALLS = {"verify": verify, "verify_fixed": verify_fixed, "sign": sign, "public": make, "shared": shared, "comb": table}


def main() -> None:
    what = sys.argv[1]
    if what == "time":
        print(json.dumps({name: fastest(CALLS[name], int(sys.argv[2])) for name in CALLS}))
    elif what == "peak":
        print(least(CALLS[sys.argv[2]]))
    else:
        for _ in range(int(sys.argv[3])):
            CALLS[sys.argv[2]]()


main()
