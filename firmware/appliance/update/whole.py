"""A bundle's image in one file, until it is copied into its folder: written as it comes, chunk by chunk. Takes
`Folders`, gives what stands in flash (`filling.Image`). A chunk under way lies in a file of its own, and joins the
others when its last bytes come: whoever writes has judged it by then. So after a power cut only judged chunks are
there, and one that is spoilt costs its own bytes alone.
"""

from .filling import digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Folders

    Buffer = bytes | bytearray | memoryview

_PART = "update/part"
_PIECE = 256  # bytes copied at once


class Whole:
    """The file `name`. `chunk`: bytes of each chunk; 0: nobody judges one, and each window joins at once."""

    def __init__(self, folders: "Folders", name: str, chunk: int) -> None:
        self._folders = folders
        self._name = name
        self._chunk = chunk
        self._at = 0
        self.size = 0
        folders.make(name[: name.rfind("/")])

    def read(self, off: int, buf: "bytearray | memoryview") -> None:
        """Fill `buf` from `off`."""
        file = self._folders.open(self._name)
        file.seek(off)
        file.readinto(buf)
        file.close()

    def begin(self, size: int) -> None:
        """A new image of `size` bytes."""
        self._folders.remove(self._name)
        self.resume(size)

    def resume(self, size: int) -> int:
        """Go on with one that was begun; gives the bytes that are there."""
        self.size = size
        self._folders.remove(_PART)
        self._at = max(0, self._folders.size(self._name))
        if self._at > size or (self._chunk and self._at % self._chunk and self._at != size):
            self._folders.remove(self._name)  # of another image
            self._at = 0
        return self._at

    def back(self, off: int) -> None:
        """The chunk under way, which begins at `off`, is written again."""
        self._folders.remove(_PART)
        self._at = off

    def write(self, buf: "Buffer") -> None:
        """The next bytes, all of one chunk. OSError without room."""
        self._at += len(buf)
        if self._chunk and self._at % self._chunk and self._at != self.size:
            self._append(_PART, buf)
        else:
            self._append(self._name, buf)

    def finish(self) -> bytes:
        """SHA-256 as it is read back."""
        return digest_of(self._folders, self._name)

    def _append(self, name: str, buf: "Buffer") -> None:
        """Before the last bytes of a chunk come the first, which lie in the other file: all of them, or none."""
        folders = self._folders
        file = folders.open(name, "ab")
        if name != _PART and folders.size(_PART) > 0:
            piece = memoryview(bytearray(_PIECE))
            part = folders.open(_PART)
            count = part.readinto(piece)
            while count:
                file.write(piece[:count])
                count = part.readinto(piece)
            part.close()
        file.write(buf)
        file.close()
        if name != _PART:
            folders.remove(_PART)
