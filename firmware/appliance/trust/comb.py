"""The comb of one point: takes a public key, gives the packed table that `p256.verify` selects from. For a key that
verifies often, and for the base point, whose table is kept in `p256_base`. Never used on the way of a single signature.
"""

from .p256 import COLUMNS, TEETH, P, add, double, on_curve, packed

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview


def table(public: "Buffer") -> bytes:
    """1,024 bytes: T + ±B3 ± B2 ± B1 ± B0 for each choice of signs, with Bi = 2^(i · COLUMNS) · public, T the highest.

    Bit i of a point's index says + for Bi. ValueError unless `public` is a point of the curve.
    """
    x = int.from_bytes(public[:32], "big")
    y = int.from_bytes(public[32:], "big")
    if len(public) != 64 or not on_curve(x, y):
        raise ValueError("no point of P-256")
    teeth = [(x, y, 1)]
    steps: list[tuple[int, int, int]] = []
    for _ in range(TEETH - 1):
        x, y, z = teeth[-1]
        steps.append(double(x, y, z, 1))
        x, y, z = steps[-1]
        teeth.append(double(x, y, z, COLUMNS - 1))
    affine = packed(teeth[:-1] + steps)
    points = [teeth[-1]]
    for i in range(TEETH - 1):  # all signs -
        u, v = _point(affine, i)
        x, y, z = points[0]
        points[0] = add(x, y, z, u, P - v)
    for i in range(TEETH - 1):  # from - to + is two of it
        u, v = _point(affine, TEETH - 1 + i)
        for at in range(1 << i):
            x, y, z = points[at]
            points.append(add(x, y, z, u, v))
    return packed(points)


def _point(data: bytes, index: int) -> "tuple[int, int]":
    at = index * 64
    return int.from_bytes(data[at : at + 32], "big"), int.from_bytes(data[at + 32 : at + 64], "big")
