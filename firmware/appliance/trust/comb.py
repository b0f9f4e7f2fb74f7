"""The comb of one point: takes a public key, gives the packed table that `p256.verify` selects from. For a key that
verifies often, and for the base point, whose table is kept in `p256_base`. Never used on the way of a single signature.
"""

from .identity import COMB_FILE
from .p256 import P, add, columns, double, on_curve, packed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Files

    Buffer = bytes | bytearray | memoryview


_COMMAND_TEETH = 3  # 256 bytes
TEETH = 5  # of a key's comb; the base point's has more, which must be at least as many


def table(public: "Buffer", teeth: int = TEETH) -> bytes:
    """64 bytes for each of the 2^(teeth - 1) points: T ± … ± B1 ± B0 for each choice of signs, with the teeth
    Bi = 2^(i · columns) · public, T the highest of them. Bit i of a point's index says + for Bi.

    ValueError unless `public` is a point of the curve.
    """
    x = int.from_bytes(public[:32], "big")
    y = int.from_bytes(public[32:], "big")
    if len(public) != 64 or not on_curve(x, y):
        raise ValueError("no point of P-256")
    bases = [(x, y, 1)]
    steps: list[tuple[int, int, int]] = []
    for _ in range(teeth - 1):
        steps.append(double(*bases[-1], 1))
        bases.append(double(*steps[-1], columns(teeth) - 1))
    affine = packed(bases[:-1] + steps)
    points = [bases[-1]]
    for i in range(teeth - 1):  # all signs -
        u, v = _point(affine, i)
        points[0] = add(*points[0], u, P - v)
    for i in range(teeth - 1):  # from - to + is two of it
        u, v = _point(affine, teeth - 1 + i)
        for at in range(1 << i):
            points.append(add(*points[at], u, v))
    return packed(points)


def keep(files: "Files", public: bytes) -> None:
    """Write the command key with its comb beside the identity, once, at a start: while there is room in the heap, so
    that a command needs little of it. ValueError unless it is a point of the curve; where the flash has no room it is
    done without."""
    try:
        files.write(COMB_FILE, public + table(public, _COMMAND_TEETH))
    except OSError:
        pass


def _point(data: bytes, index: int) -> "tuple[int, int]":
    at = index * 64
    return int.from_bytes(data[at : at + 32], "big"), int.from_bytes(data[at + 32 : at + 64], "big")
