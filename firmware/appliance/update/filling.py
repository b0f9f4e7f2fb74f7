"""Where payloads go: a file, or an image (`imaging.py`). Takes windows as they come whole, gives what is wrong with
them; writes at most one window a step, and what is left of its chunk. Nothing is believed before it was
read back.
"""

from trivet_wire.envelope import sha256
from trivet_wire.ids import R_DIGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from ..ports import Folders
    from .download import Download
    from .imaging import IntoImage

    class Source(Protocol):
        """`download.Asking` or `http.Range`."""

        def poll(self, now: int, download: Download) -> bool: ...
        def close(self) -> None: ...

    class Image(Protocol):
        """An image in a slot (`bundle.py`, `base.py`)."""

        size: int

        def read(self, off: int, buf: bytearray | memoryview) -> None: ...
        def begin(self, size: int) -> None: ...
        def resume(self, size: int) -> int: ...
        def back(self, off: int) -> None: ...
        def write(self, buf: bytes | bytearray | memoryview) -> None: ...
        def finish(self) -> bytes | None: ...


_SPOILT = 16  # chunks in vain, from which on it is no accident
RUNS = -1  # of `finish`: once more


def digest_of(folders: "Folders", name: str) -> bytes:
    """SHA-256 of a file, as flash has it."""
    hash = sha256(b"")
    room = memoryview(bytearray(256))
    file = folders.open(name, "rb")
    while True:
        count = file.readinto(room)
        if not count:
            break
        hash.update(room[:count])
    file.close()
    return hash.digest()


class IntoFile:
    """A small payload, judged as a whole: envelope, keys, delta. Goes on where the file ends."""

    def __init__(self, folders: "Folders", name: str, size: int, digest: bytes) -> None:
        self._folders = folders
        self._name = name
        self._digest = digest
        folders.make(name[: name.rfind("/")])
        self.at = max(0, folders.size(name))
        if self.at > size:
            self.drop()

    def drop(self) -> None:
        self._folders.remove(self._name)
        self.at = 0

    def take(self, window: memoryview) -> bool:
        """One window more; OSError where the flash is full."""
        file = self._folders.open(self._name, "ab")
        file.write(window)
        file.close()
        self.at += len(window)
        return True

    def finish(self) -> int:
        """0 when what stands there is what was signed; else R_DIGEST, and nothing stands there any more."""
        if digest_of(self._folders, self._name) == self._digest:
            return 0
        self.drop()
        return R_DIGEST


class Pump:
    """A payload from a source through its window into its sink."""

    RUNS, DONE, STUCK, SPOILT = 0, 1, 2, 3

    def __init__(self, download: "Download", source: "Source", sink: "IntoFile | IntoImage") -> None:
        self.download = download
        self.sink = sink
        self._source = source
        self._spoilt = 0  # chunks that were not what was signed, since it last came further
        self._far: int = sink.at

    def step(self, now: int) -> int:
        """One step at `now` (ms of the link's clock). STUCK: nobody answers; SPOILT: what comes is always wrong."""
        download = self.download
        if download.done():
            return self.DONE
        if download.whole():
            if self.sink.take(download.room[: download.goal]):
                if self.sink.at > self._far:
                    self._far = self.sink.at
                    self._spoilt = 0
                download.next()
                return self.RUNS
            self._spoilt += 1
            download.again(self.sink.at)
            return self.SPOILT if self._spoilt >= _SPOILT else self.RUNS
        return self.RUNS if self._source.poll(now, download) else self.STUCK

    def close(self) -> None:
        self._source.close()
