"""The judge of hash-based signatures behind `tools/oracle --hss-lms`, run in the oracle's own environment: takes lines
of JSON [public key, message, signature] in hex, gives a verdict each, and at the end one such line that `pyhsslms`
signed itself. Never imports Trivet.
"""

import json
import sys

from pyhsslms import HssPrivateKey, HssPublicKey, lmots_sha256_n32_w4, lms_sha256_m32_h10

MESSAGE = b"signed by another library"


def verdict(public: bytes, message: bytes, signature: bytes) -> bool | str:
    """True, False, or what the library said when it refused the bytes altogether."""
    try:
        return bool(HssPublicKey.deserialize(public).verify(message, signature))
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]


def signed() -> list[str]:
    key = HssPrivateKey(levels=1, lms_type=lms_sha256_m32_h10, lmots_type=lmots_sha256_n32_w4)
    return [key.publicKey().serialize().hex(), MESSAGE.hex(), key.sign(MESSAGE).hex()]


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(verdict(*[bytes.fromhex(part) for part in json.loads(line)])))
    print(json.dumps(signed()))


main()
