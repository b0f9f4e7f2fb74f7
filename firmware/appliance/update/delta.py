"""Which delta leads from the base that runs to the one that is wanted? Takes the old image, gives the delta, one small
step a turn. Loaded where a base has deltas, and let go of before the one that fits is fetched; `patching.py` uses it
then. A bundle knows what it is; a base that the maker flashed does not.
"""

from trivet_wire.envelope import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .filling import Image
    from .release import Component

_PIECE = 512  # bytes read at once


class Delta:
    """`look()` until it is no more RUNS. `found`: size, SHA-256 and uri of the delta; None where there is none."""

    RUNS, DONE = 0, 1

    def __init__(self, old: "Image", component: "Component") -> None:
        self._old = old
        self._component = component
        self._piece = memoryview(bytearray(_PIECE))
        self._hash = sha256(b"")
        self._at = 0
        self.found: "tuple[int, bytes, str] | None" = None

    def look(self) -> int:
        """A piece more of SHA-256 of what runs; at its end, the delta that begins there."""
        part = self._piece[: min(_PIECE, self._old.size - self._at)]
        if len(part):
            self._old.read(self._at, part)
            self._hash.update(part)
            self._at += len(part)
            return self.RUNS
        if self._at:
            self.found = self._component.delta(self._hash.digest())
        return self.DONE
