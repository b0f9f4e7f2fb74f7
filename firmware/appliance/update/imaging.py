"""A payload that becomes an image as it comes: a base in its slot, a bundle in its file. Takes windows, gives what is
wrong with them. Loaded for that alone; nothing is believed before it was read back.
"""

from trivet_wire.envelope import sha256
from trivet_wire.ids import R_DIGEST
from trivet_wire.refuse import WireError

from .download import WINDOW
from .filling import RUNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .filling import Image
    from .release import Component

_CHUNK_DIGEST = 16


class IntoImage:
    """An image, as it is. Each chunk is judged when it is complete; where a chunk is one window, before it is
    written."""

    def __init__(self, image: "Image", component: "Component", room: memoryview, begun: bool) -> None:
        """`room`: WINDOW bytes, free until the first window; `begun` in an earlier life."""
        self._image = image
        self._component = component
        self._hash = sha256(b"")
        self._chunk = component.chunk or component.size
        self.at = 0
        if begun:
            self.at = image.resume(component.size)
        else:
            image.begin(component.size)
        at = self.at - (self.at % self._chunk if component.chunk else 0)
        while at < self.at:
            part = room[: min(WINDOW, self.at - at)]
            image.read(at, part)
            self._hash.update(part)
            at += len(part)

    def take(self, window: memoryview) -> bool:
        """One window more. False: a chunk is not what was signed; go on from `at`. OSError where the flash is full."""
        while len(window):
            part = window[: self._chunk - self.at % self._chunk]
            if not self._take(part):
                return False
            window = window[len(part) :]
        return True

    def _take(self, window: memoryview) -> bool:
        """Bytes of one chunk."""
        end = self.at + len(window)
        self._hash.update(window)
        judged = not end % self._chunk or end == self._component.size
        if judged and self._component.chunk:
            index = (end - 1) // self._chunk * _CHUNK_DIGEST
            sound = self._hash.digest()[:_CHUNK_DIGEST] == self._component.digests[index : index + _CHUNK_DIGEST]
            self._hash = sha256(b"")
            if not sound:
                if self.at % self._chunk:
                    self.at -= self.at % self._chunk
                    self._image.back(self.at)
                return False
        self._image.write(window)
        self.at = end
        return True

    def finish(self) -> int:
        """Read back: 0, or R_DIGEST or what the image itself finds wrong; RUNS: there is more of it."""
        try:
            found = self._image.finish()
            return RUNS if found is None else 0 if found == self._component.digest else R_DIGEST
        except WireError as error:
            return error.reason
