"""Hash-based signatures as they are made: LMS_SHA256_M32_H10 with LMOTS_SHA256_N32_W4 in HSS of one level (RFC 8554).

Takes a `Secret` and the index of a leaf, gives signatures; takes public key, message and signature, gives a verdict.
Never knows which leaves are used: **a leaf that signs twice breaks the key**, and `lms_key.py` sees to that.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256

HEIGHT = 10
LEAVES = 1 << HEIGHT
PUBLIC_SIZE = 60  # u32 L = 1, LMS public key
SIGNATURE_SIZE = 2512  # u32 Nspk = 0, LMS signature
N = 32  # bytes of a hash
CHAINS = 67  # p: 64 digits of a digest, 3 of their checksum
LONGEST = 15  # 2^w - 1 steps of a chain
LMS_TYPE, OTS_TYPE = struct.pack(">I", 6), struct.pack(">I", 3)
_ONE_LEVEL, _NO_KEYS = struct.pack(">I", 1), struct.pack(">I", 0)
_PUBLIC, _MESSAGE, _LEAF, _INNER = b"\x80\x80", b"\x81\x81", b"\x82\x82", b"\x83\x83"  # section 7.1


@dataclass(frozen=True)
class Secret:
    """Everything of a private key but its state: identifier I (16 bytes) and seed (32 bytes, RFC 8554 appendix A)."""

    identifier: bytes
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.identifier) != 16 or len(self.seed) != N:
            raise ValueError("an LMS key is an identifier of 16 bytes and a seed of 32")

    @property
    def public(self) -> bytes:
        """60 bytes. Two seconds of work the first time."""
        return _ONE_LEVEL + LMS_TYPE + OTS_TYPE + self.identifier + _tree(self)[1]


def new_secret() -> Secret:
    return Secret(secrets.token_bytes(16), secrets.token_bytes(N))


def sign(secret: Secret, leaf: int, message: bytes, randomizer: bytes | None = None) -> bytes:
    """The signature with one leaf (0 … 1023), which must never have signed before; `randomizer` is for tests."""
    if not 0 <= leaf < LEAVES:
        raise ValueError(f"a leaf is 0 … {LEAVES - 1}, not {leaf}")
    start = secret.identifier + struct.pack(">I", leaf)
    randomizer = secrets.token_bytes(N) if randomizer is None else randomizer
    digits = _digits(start, randomizer, message)
    parts = [_chained(start, i, 0, digit, _first(secret, start, i)) for i, digit in enumerate(digits)]
    nodes = _tree(secret)
    path = [nodes[((LEAVES + leaf) >> level) ^ 1] for level in range(HEIGHT)]
    ots = OTS_TYPE + randomizer + b"".join(parts)
    return _NO_KEYS + struct.pack(">I", leaf) + ots + LMS_TYPE + b"".join(path)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of `public` (60 bytes) signed `message`; False for anything malformed (section 6.3)."""
    if len(public) != PUBLIC_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    nspk, leaf, ots, randomizer, chains, lms, path = struct.unpack(">4sI4s32s2144s4s320s", signature)
    levels, lms_own, ots_own, identifier, root = struct.unpack(">4s4s4s16s32s", public)
    fixed = (nspk, levels, ots, ots_own, lms, lms_own)
    if fixed != (_NO_KEYS, _ONE_LEVEL, OTS_TYPE, OTS_TYPE, LMS_TYPE, LMS_TYPE) or leaf >= LEAVES:
        return False
    start = identifier + struct.pack(">I", leaf)
    ends = b"".join(
        _chained(start, i, digit, LONGEST, chains[N * i : N * (i + 1)])
        for i, digit in enumerate(_digits(start, randomizer, message))
    )
    number = LEAVES + leaf
    node = _node(identifier, number, _LEAF, sha256(start + _PUBLIC + ends).digest())
    for level in range(HEIGHT):
        beside = path[N * level : N * (level + 1)]
        pair = beside + node if number & 1 else node + beside
        number >>= 1
        node = _node(identifier, number, _INNER, pair)
    return node == bytes(root)


def index(signature: bytes) -> int:
    """The leaf that made this signature."""
    return int.from_bytes(signature[4:8])


@cache
def _tree(secret: Secret) -> list[bytes]:
    """Every node of the key's tree by its number, 1 is the root (section 5.3)."""
    nodes = [b""] * (2 * LEAVES)
    for leaf in range(LEAVES):
        start = secret.identifier + struct.pack(">I", leaf)
        ends = b"".join(_chained(start, i, 0, LONGEST, _first(secret, start, i)) for i in range(CHAINS))
        key = sha256(start + _PUBLIC + ends).digest()
        nodes[LEAVES + leaf] = _node(secret.identifier, LEAVES + leaf, _LEAF, key)
    for number in range(LEAVES - 1, 0, -1):
        pair = nodes[2 * number] + nodes[2 * number + 1]
        nodes[number] = _node(secret.identifier, number, _INNER, pair)
    return nodes


def _node(identifier: bytes, number: int, purpose: bytes, content: bytes) -> bytes:
    return sha256(identifier + struct.pack(">I", number) + purpose + content).digest()


def _first(secret: Secret, start: bytes, chain: int) -> bytes:
    """Where a chain begins (appendix A)."""
    return sha256(start + struct.pack(">HB", chain, 0xFF) + secret.seed).digest()


def _chained(start: bytes, chain: int, first: int, last: int, value: bytes) -> bytes:
    """A chain's value from step `first` on to step `last`."""
    head = start + struct.pack(">H", chain)
    for step in range(first, last):
        value = sha256(head + bytes((step,)) + value).digest()
    return value


def _digits(start: bytes, randomizer: bytes, message: bytes) -> list[int]:
    """The 67 digits of four bits that the chains spell: a digest and its checksum (section 4.4)."""
    digest = sha256(start + _MESSAGE + randomizer + message).digest()
    digits = [half for byte in digest for half in (byte >> 4, byte & 15)]
    checksum = sum(LONGEST - digit for digit in digits) << 4
    return [*digits, checksum >> 12, checksum >> 8 & 15, checksum >> 4 & 15]
