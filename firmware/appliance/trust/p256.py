"""ECDSA and ECDH on NIST P-256 (FIPS 186-5, section 6; SP 800-186, section 3.2.1.3; SP 800-56A, section 5.7.1.2).

Takes and gives big-endian bytes: a private key 32, a public key 64 (x ‖ y), a digest 32, a signature 64 (r ‖ s).
Signing is deterministic (RFC 6979 with SHA-256). Both s and n - s verify. Never reads a random source but in `make`,
never raises for what came from outside but in `shared`, never keeps a secret.

Not constant-time: the integers are the interpreter's. What is cheap stands against a listener at the supply line: every
signature runs the same sequence of point operations, in coordinates and through an inverse that are blinded from the
secret stream of RFC 6979, so the signature stays deterministic.

How: Jacobian coordinates with exceptional cases handled (Hankerson, Menezes, Vanstone: Guide to ECC, section 3.2.2);
fixed base by a signed comb of five teeth (section 3.3.2, with digits +1 and -1), any other point by its 5-NAF.
Everything runs through one ladder: a scalar is a row of odd digits, a point a packed table that digits select from.
"""

from trivet_wire.envelope import sha256

from .p256_base import TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Buffer = bytes | bytearray | memoryview
    Source = tuple[list[int], bytes]  # digits, lowest first; points that they select: x ‖ y each

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

TEETH = 5
COLUMNS = 52  # TEETH * COLUMNS >= 256 bits
_ONES = (1 << TEETH * COLUMNS) - 1
_COLUMN = (1 << COLUMNS) - 1
_TOP = 1 << TEETH - 1


def make(random: "Callable[[int], bytes]") -> bytes:
    """A new private key from `random(n)`, a source of n unpredictable bytes (FIPS 186-5, appendix A.2.2)."""
    while True:
        private = random(32)
        if 0 < _number(private) < N:
            return private


def public(private: "Buffer") -> bytes:
    """The public key; ValueError unless the private key is 32 bytes in 1 … n-1."""
    return _affine(_sum([(comb_digits(_secret(private)), TABLE)]))


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
        x = _affine(_sum([(comb_digits(k), TABLE)], blind))
        r = _number(x[:32]) % N
        s = (z + r * secret) * blind % N * inverse(k * blind % N, N) % N
        if r and s:
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public: "Buffer", digest: "Buffer", signature: "Buffer", comb: bytes = b"") -> bool:
    """Whether `signature` over `digest` is by the holder of `public`; False for anything malformed.

    `comb`: the key's own table, made once by `comb.table(public)`, for a key that verifies often.
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
    sources = [(comb_digits(_number(digest) * w % N), TABLE)]
    u2 = r * w % N
    if comb:
        sources.append((comb_digits(u2), comb))
    else:
        sources.append((_naf(u2), _odd(x, y)))
    x, y, z = _sum(sources)
    if not z:
        return False
    z = z * z % P  # x is X / Z^2: compared without an inversion, for both x that r may stand for
    return r * z % P == x or (r + N < P and (r + N) * z % P == x)


def shared(private: "Buffer", public: "Buffer") -> bytes:
    """x of private · public (ECDH). ValueError unless `public` is a point of the curve: it came from outside."""
    secret = _secret(private)
    x = _number(public[:32])
    y = _number(public[32:])
    if len(public) != 64 or not on_curve(x, y):
        raise ValueError("no point of P-256")
    return _affine(_sum([(_naf(secret), _odd(x, y))]))[:32]


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


def comb_digits(k: int) -> "list[int]":
    """k (0 … n-1) as one odd digit for each column of a comb, none of them 0.

    k = sum of ±2^i over all i has odd k only; an even one is taken as n - k, with every digit negated.
    """
    flip = 0
    if not k & 1:
        k = N - k
        flip = _TOP
    k = k + _ONES >> 1  # bit i set: +2^i; clear: -2^i
    digits: list[int] = []
    a = k & _COLUMN
    b = k >> COLUMNS & _COLUMN
    c = k >> 2 * COLUMNS & _COLUMN
    d = k >> 3 * COLUMNS & _COLUMN
    e = k >> 4 * COLUMNS
    for i in range(COLUMNS):
        digit = (a >> i & 1) + (b >> i & 1) * 2 + (c >> i & 1) * 4 + (d >> i & 1) * 8 + (e >> i & 1) * 16
        # the highest tooth gives the sign, the others relative to it the point
        if digit < _TOP:
            digit = -2 * (_TOP - 1 - digit) - 1
        else:
            digit = 2 * (digit - _TOP) + 1
        digits.append(-digit if flip else digit)
    return digits


def _naf(k: int) -> "list[int]":
    """k as its 5-NAF: odd digits within ±15, at least four 0 between them."""
    digits: list[int] = []
    while k:
        digit = 0
        if k & 1:
            digit = k & 31
            if digit > 15:
                digit -= 32
            k -= digit
        digits.append(digit)
        k >>= 1
    return digits


# -- points: affine (x, y), or Jacobian (X, Y, Z) for (X / Z^2, Y / Z^3), Z = 0 at infinity ----------------------------


def double(x: int, y: int, z: int, times: int) -> "tuple[int, int, int]":
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


def add(x: int, y: int, z: int, u: int, v: int) -> "tuple[int, int, int]":
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


def _sum(sources: "list[Source]", blind: int = 1) -> "tuple[int, int, int]":
    """The sum over all sources of digits · point. `blind` (not 0): a Z to begin with."""
    x = y = 1
    z = 0
    count = 0
    for digits, _ in sources:
        count = max(count, len(digits))
    while count:
        count -= 1
        if z:
            x, y, z = double(x, y, z, 1)
        for digits, table in sources:
            digit = digits[count] if count < len(digits) else 0
            if digit:
                at = (digit if digit > 0 else -digit) >> 1 << 6
                u = int.from_bytes(table[at : at + 32], "big")
                v = int.from_bytes(table[at + 32 : at + 64], "big")
                if digit < 0:
                    v = P - v
                if z:
                    x, y, z = add(x, y, z, u, v)
                else:
                    z = blind
                    x = u * z * z % P
                    y = v * z * z * z % P
    return x, y, z


def packed(points: "list[tuple[int, int, int]]") -> bytes:
    """x ‖ y of each point, none of them infinity, at the price of one inversion (Montgomery's trick)."""
    products: list[int] = []
    product = 1
    for _, _, z in points:
        products.append(product)
        product = product * z % P
    product = inverse(product, P)
    data = b""
    for i in range(len(points) - 1, -1, -1):
        x, y, z = points[i]
        w = product * products[i] % P
        product = product * z % P
        s = w * w % P
        data = (x * s % P).to_bytes(32, "big") + (y * (s * w % P) % P).to_bytes(32, "big") + data
    return data


def _affine(point: "tuple[int, int, int]") -> bytes:
    return packed([point])


def _odd(x: int, y: int) -> bytes:
    """The table of (x, y), 3 (x, y), … 15 (x, y)."""
    two = packed([double(x, y, 1, 1)])
    u = _number(two[:32])
    v = _number(two[32:])
    points = [(x, y, 1)]
    for _ in range(7):
        x, y, z = points[-1]
        points.append(add(x, y, z, u, v))
    return packed(points)


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
