"""What the tests of P-256 share: both interpreters behind one call, `cryptography` as the judge, and a reference of the
group law that shares no code with either (affine, one inversion a step).
"""

from collections.abc import Callable
from pathlib import Path

import p256_server
import upy
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None  # None: infinity
Answer = bytes | bool | None
Ask = Callable[..., Answer]


class Device:
    """The appliance's P-256 in both interpreters; they must agree. Asked by name, with bytes."""

    def __init__(self) -> None:
        self._server = upy.MicroPythonServer(Path(__file__).parent / "p256_server.py", heapsize="1m")

    def __call__(self, name: str, *args: bytes) -> Answer:
        words = [arg.hex() for arg in args]
        here = p256_server.answer(name, *words)
        there = self._server.ask(name, *words)
        assert here == there, f"{name}{words}: {here} in CPython, {there} in MicroPython"
        return bytes.fromhex(here) if isinstance(here, str) else here

    def verify(self, public: bytes, digest: bytes, signature: bytes) -> bool:
        """By the key alone and by its comb: one verdict."""
        verdict = self("verify", public, digest, signature)
        assert self("combed", public, digest, signature) is verdict
        assert isinstance(verdict, bool)
        return verdict

    def close(self) -> None:
        self._server.close()


def judged(public: bytes, digest: bytes, signature: bytes) -> bool:
    """The verdict of `cryptography` on x ‖ y, digest, r ‖ s; a key or a length that it refuses counts as no."""
    if len(signature) != 64:
        return False
    encoded = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + public)
        key.verify(encoded, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


def number(value: int) -> bytes:
    return value.to_bytes(32)


def plus(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope**2 - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k: int, point: Point) -> Point:
    result: Point = None
    for bit in bin(k % N)[2:]:
        result = plus(result, result)
        if bit == "1":
            result = plus(result, point)
    return result


def packed(point: Point) -> bytes:
    assert point is not None
    return number(point[0]) + number(point[1])


def lifted(x: int) -> Point:
    """A point with this x; None when there is none."""
    square = (x**3 - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    return (x, y) if y * y % P == square else None
