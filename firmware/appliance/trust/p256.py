"""ECDSA and ECDH on NIST P-256 (FIPS 186-5, section 6; SP 800-186, section 3.2.1.3; SP 800-56A, section 5.7.1.2).

Takes and gives big-endian bytes: a private key 32, a public key 64 (x ‖ y), a digest 32, a signature 64 (r ‖ s).
Signing is deterministic (RFC 6979 with SHA-256). Both s and n - s verify. Never reads a random source but in `make`,
never raises for what came from outside but in `shared`, never keeps a secret.

Not constant-time: the integers are the interpreter's. What is cheap stands against a listener at the supply line: every
signature runs the same sequence of point operations, in coordinates and through an inverse that are blinded from the
secret stream of RFC 6979, so the signature stays deterministic.

How: Jacobian coordinates with exceptional cases handled (Hankerson, Menezes, Vanstone: Guide to ECC, section 3.2.2);
fixed points by a signed comb (section 3.3.2, with digits +1 and -1), any other by its 4-NAF. Everything runs through
one ladder: a scalar is a row of odd digits, a point a packed table that digits select from.
"""

from array import array

from trivet_wire.envelope import sha256

from .p256_base import TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Buffer = bytes | bytearray | memoryview
    Source = tuple[array[int], Buffer]  # digits, lowest first; points that they select: x ‖ y each
    Jacobian = tuple[int, int, int]

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def make(random: "Callable[[int], bytes]") -> bytes:
    """A new private key from `random(n)`, a source of n unpredictable bytes (FIPS 186-5, appendix A.2.2)."""
    while True:
        private = random(32)
        if 0 < _number(private) < N:
            return private


def public(private: "Buffer") -> bytes:
    """The public key; ValueError unless the private key is 32 bytes in 1 … n-1."""
    return _affine(_sum([_combed(_secret(private), TABLE)]))


def sign(private: "Buffer", digest: "Buffer") -> bytes:
    """r ‖ s over a SHA-256 digest, the same for the same input (RFC 6979, section 3.2). ValueError for wrong sizes."""
    secret = _secret(private)
    if len(digest) != 32:
        raise ValueError("a digest is 32 bytes")
    z = _number(digest)
    stream = _Stream(bytes(private), (z % N).to_bytes(32, "big"))
    while True:
        k = stream.scalar()
        blind = stream.blind()
        x = _affine(_sum([_combed(k, TABLE)], blind))
        r = _number(x[:32]) % N
        s = (z + r * secret) * blind % N * inverse(k * blind % N, N) % N
        if r and s:
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public: "Buffer", digest: "Buffer", signature: "Buffer", comb: "Buffer" = b"") -> bool:
    """Whether `signature` over `digest` is by the holder of `public`; False for anything malformed.

    `comb`: the key's own table, made once by `comb.table(public)`, for a key that verifies often; `public` itself: no
    table at all, which costs time, for a moment with little heap.
    """
    if len(public) != 64 or len(digest) != 32 or len(signature) != 64:
        return False
    x = _number(public[:32])
    y = _number(public[32:])
    r = _number(signature[:32])
    s = _number(signature[32:])
    if not 0 < r < N or not 0 < s < N or not on_curve(x, y):
        return False
    w = inverse(s, N)
    u1 = _combed(_number(digest) * w % N, TABLE)
    u2 = r * w % N
    if len(comb) == 64:
        source: Source = (_naf(u2, 2), bytes(comb))
    else:
        source = _combed(u2, comb) if comb else (_naf(u2, 4), _odd(x, y))
    x, y, z = _sum([u1, source])
    if not z:
        return False
    z = z * z % P  # x is X / Z^2: compared without an inversion, for both x that r may stand for
    return r * z % P == x or (r + N < P and (r + N) * z % P == x)


def shared(private: "Buffer", public: "Buffer") -> bytes:
    """x of private · public (ECDH). ValueError unless `public` is a point of the curve: it came from outside.

    Rare, and done while everything else is in the heap: without a table, which costs a fifth of time.
    """
    secret = _secret(private)
    x = _number(public[:32])
    y = _number(public[32:])
    if len(public) != 64 or not on_curve(x, y):
        raise ValueError("no point of P-256")
    return _affine(_sum([(_naf(secret, 2), bytes(public))]))[:32]


# -- numbers -----------------------------------------------------------------------------------------------------------


def _number(data: "Buffer") -> int:
    return int.from_bytes(data, "big")


def _secret(private: "Buffer") -> int:
    value = _number(private)
    if len(private) != 32 or not 0 < value < N:
        raise ValueError("a private key is 32 bytes in 1 … n-1")
    return value


def inverse(a: int, modulus: int) -> int:
    """1 / a for a prime modulus, a not 0. Extended Euclid: twenty times as fast as pow(a, modulus - 2, modulus)."""
    b = modulus
    u = 1
    v = 0
    while a > 1:
        q = b // a
        a, b = b - q * a, a
        u, v = v - q * u, u
    return u % modulus


def on_curve(x: int, y: int) -> bool:
    """Whether (x, y) is a point; infinity has no such coordinates."""
    return x < P and y < P and (y * y - (x * x - 3) * x - _B) % P == 0


# -- scalars as digits -------------------------------------------------------------------------------------------------


def columns(teeth: int) -> int:
    """Of a comb that covers 256 bits."""
    return (255 + teeth) // teeth


def _combed(k: int, table: "Buffer") -> "Source":
    """k (0 … n-1) as one odd digit for each column of the comb in `table`, none of them 0.

    k = sum of ±2^i over all i has odd k only; an even one is taken as n - k, with every digit negated.
    """
    flip = not k & 1
    if flip:
        k = N - k
    teeth = 1
    while 32 << teeth < len(table):
        teeth += 1
    width = columns(teeth)
    bits = (k + (1 << teeth * width) - 1 >> 1).to_bytes(40, "little")  # bit i set: +2^i; clear: -2^i
    digits = array("b", bytes(width))
    for column in range(width):
        digit = 0
        for at in range(column, teeth * width, width):
            digit = digit >> 1 | (bits[at >> 3] >> (at & 7) & 1) << teeth
        digit += 1 - (1 << teeth)  # the highest tooth gives the sign, the others relative to it the point
        digits[column] = -digit if flip else digit
    return digits, table


def _naf(k: int, width: int) -> "array[int]":
    """k as its NAF of that width: odd digits below 2^(width - 1), at least width - 1 zeros between them."""
    bits = k.to_bytes(40, "little")
    digits = array("b", bytes(257))
    carry = at = 0
    while at < 257:
        word = (bits[at >> 3] | bits[(at >> 3) + 1] << 8) >> (at & 7)
        if word & 1 == carry:
            at += 1
            continue
        digit = (word & (1 << width) - 1) + carry
        carry = digit >> width - 1
        digits[at] = digit - (carry << width)
        at += width
    return digits


def _odd(x: int, y: int) -> bytes:
    """(x, y) times 1, 3, 5, 7."""
    two = double(x, y, 1, 1)
    points = [(x, y, 1), add(*two, x, y)]
    for half in (two, points[1]):
        points.append(add(*double(*half, 1), x, y))
    return packed(points)


# -- points: affine (x, y), or Jacobian (X, Y, Z) for (X / Z^2, Y / Z^3), Z = 0 at infinity ----------------------------


def double(x: int, y: int, z: int, times: int) -> "Jacobian":
    """2^times · (x, y, z). A point of order 2 does not exist on this curve; infinity stays."""
    p = P
    while times:
        d = z * z % p
        g = y * y % p
        b = x * (g << 2) % p
        a = (x - d) * 3 * (x + d) % p
        z = (y + y) * z % p
        x = (a * a - b - b) % p
        y = (a * (b - x) - (g * g << 3)) % p
        times -= 1
    return x, y, z


def add(x: int, y: int, z: int, u: int, v: int) -> "Jacobian":
    """(x, y, z) + (u, v), whichever they are."""
    p = P
    if not z:
        return u, v, 1
    s = z * z % p
    h = (u * s - x) % p
    r = (v * (s * z % p) - y) % p
    if not h:
        return (1, 1, 0) if r else double(x, y, z, 1)
    s = h * h % p
    w = x * s % p
    s = h * s % p
    x = (r * r - s - w - w) % p
    return x, (r * (w - x) - y * s) % p, z * h % p


def _sum(sources: "list[Source]", blind: int = 0) -> "Jacobian":
    """The sum over all sources, the one with most digits last, of digits · point. `blind`: a Z to begin with, so that
    no coordinate is the table's."""
    x = y = 1
    z = times = 0
    for column in range(len(sources[-1][0]) - 1, -1, -1):
        times += 1
        for digits, table in sources:
            digit = digits[column] if column < len(digits) else 0
            if digit:
                at = (digit if digit > 0 else -digit) >> 1 << 6
                u = int.from_bytes(table[at : at + 32], "big")
                v = int.from_bytes(table[at + 32 : at + 64], "big")
                if digit < 0:
                    v = P - v
                if z:
                    x, y, z = double(x, y, z, times)
                times = 0
                x, y, z = add(x, y, z, u, v)
                if blind:
                    x, y, z = x * blind * blind % P, y * blind * blind * blind % P, blind
                    blind = 0
    return double(x, y, z, times)


def packed(points: "list[Jacobian]") -> bytes:
    """x ‖ y of each point, none of them infinity, at the price of one inversion (Montgomery's trick)."""
    products: list[int] = []
    product = 1
    for _, _, z in points:
        products.append(product)
        product = product * z % P
    product = inverse(product, P)
    data = bytearray(64 * len(points))
    for i in range(len(points) - 1, -1, -1):
        x, y, z = points[i]
        w = product * products[i] % P
        product = product * z % P
        s = w * w % P
        data[64 * i : 64 * i + 32] = (x * s % P).to_bytes(32, "big")
        data[64 * i + 32 : 64 * i + 64] = (y * (s * w % P) % P).to_bytes(32, "big")
    return bytes(data)


def _affine(point: "Jacobian") -> bytes:
    return packed([point])


class _Stream:
    """The secret stream of one signature (RFC 6979, section 3.2): candidates for k, and what blinds it."""

    def __init__(self, private: bytes, digest: bytes) -> None:
        self._k = bytes(32)
        self._v = b"\x01" * 32
        for step in (b"\x00", b"\x01"):
            self._step(step + private + digest)

    def _step(self, tail: bytes) -> None:
        self._k = _hmac(self._k, self._v + tail)
        self._v = _hmac(self._k, self._v)

    def scalar(self) -> int:
        """The next k in 1 … n-1."""
        while True:
            self._v = _hmac(self._k, self._v)
            k = _number(self._v)
            self._after = self._v
            if 0 < k < N:
                return k
            self._step(b"\x00")

    def blind(self) -> int:
        """1 … n-1, from beside the stream: k stays what RFC 6979 says."""
        return _number(_hmac(self._k, b"blind" + self._v)) % (N - 1) + 1


def _hmac(key: bytes, data: bytes) -> bytes:
    inner = sha256(bytes(b ^ 0x36 for b in key) + b"\x36" * 32)
    inner.update(data)
    outer = sha256(bytes(b ^ 0x5C for b in key) + b"\x5c" * 32)
    outer.update(inner.digest())
    return outer.digest()
