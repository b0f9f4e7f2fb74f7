"""The judge behind `tools/oracle`, run in the oracle's own environment: takes a key file and messages in hex, a line
each, gives a line of JSON each with the verdict of every library. Never imports Trivet.
"""

import json
import sys
from pathlib import Path

import cbor2
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cwt import COSE, COSEKey
from pycose.algorithms import CoseAlgorithm, Es256
from pycose.keys import EC2Key
from pycose.keys.curves import P256
from pycose.messages import Sign1Message


@CoseAlgorithm.register_attribute()
class Esp256(Es256):
    """ESP256 (RFC 9864) is ES256 with its curve said: pycose 1.1 is older than that number, so it is told here. cwt
    knows it by itself."""

    identifier = -9
    fullname = "ESP256"


def pycose(message: bytes, pem: bytes) -> bool:
    numbers = load_pem_public_key(pem).public_numbers()
    decoded = Sign1Message.decode(message)
    decoded.key = EC2Key(crv=P256, x=numbers.x.to_bytes(32, "big"), y=numbers.y.to_bytes(32, "big"))
    return bool(decoded.verify_signature())


def cwt(message: bytes, pem: bytes) -> bool:
    kid = cbor2.loads(cbor2.loads(message).value[0])[4]  # it looks for a key of that name
    key = COSEKey.from_pem(pem, kid=kid, alg="ESP256")
    COSE.new().decode(message, key)
    return True


def verdict(library, message: bytes, pem: bytes) -> bool | str:
    """True, False, or what the library said when it refused the bytes altogether."""
    try:
        return library(message, pem)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]


def main() -> None:
    pem = Path(sys.argv[1]).read_bytes()
    for line in sys.stdin:
        message = bytes.fromhex(line)
        print(json.dumps({library.__name__: verdict(library, message, pem) for library in (pycose, cwt)}))


main()
