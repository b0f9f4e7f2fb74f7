"""A bundle in its folder on the file system: written as its image comes, file by file, or read as one image, which a
delta builds on.

    "TVB" 01        magic and format
    u16 LE          length of the index, at most 1024
    index           canonical CBOR [[path, size, SHA-256 of the file], …], 1 … 16 files
    contents        in that order, nothing after

A path is `name.ext` or `board/name.ext`, letters a … z 0 … 9 _, 1 to 24 before and after the dot. Takes `Folders`,
gives what stands in flash. The image's first part, up to the contents, is kept as the file `begun`, and named `index`
at the very end: a folder with an `index` is complete, and its `image` says the image's SHA-256. Never touches the other
folder.
"""

from trivet_wire.cbor import decode
from trivet_wire.envelope import sha256
from trivet_wire.ids import R_COMPONENT, R_DIGEST, R_FIELD, R_FULL, R_SIZE
from trivet_wire.refuse import WireError

from . import FOLDERS, IMAGE, INDEX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import File, Folders

    Buffer = bytes | bytearray | memoryview
    Row = tuple[str, int, bytes]

STEP = 4096  # bytes after which what was written is made sure
MAX_INDEX = 1024
MAX_FILES = 16
_MAGIC = b"TVB\x01"
_HEAD = 6
_BEGUN = "/begun"
_PART = "/part"
_BOARD = "board/"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"
_SPARE = 4 * 4096  # bytes that stay free for the appliance's other files
_ENOSPC = 28
_PIECE = 512  # bytes read at once


class Bundle:
    """Bundle `slot`, 1 or 2. `size`: bytes of the image that stands there whole (0: none), or is written."""

    def __init__(self, folders: "Folders", slot: int) -> None:
        self._folders = folders
        self._folder = FOLDERS[slot]
        self._head = b""
        self._rows: list[Row] = []
        self.size = self._known(INDEX)
        self._at = 0  # bytes taken
        self._skip = 0  # bytes that are to come and are there already
        self._file: File | None = None
        self._name = ""  # of the file that is open
        self._end = 0  # of the image, of the file that is open
        self._found: Any = None  # SHA-256 of what was read back so far
        self._checked = 0  # files of it

    def read(self, off: int, buf: "bytearray | memoryview") -> None:
        """Fill `buf` from `off` of the image, as flash has it. R_SIZE beyond what is there."""
        view = memoryview(buf)
        length = len(self._head)
        done = 0
        if off < length:
            done = min(len(view), length - off)
            view[:done] = memoryview(self._head)[off : off + done]
        start = length
        for path, size, _ in self._rows:
            if done < len(view) and start <= off + done < start + size:
                part = view[done : done + min(len(view) - done, start + size - off - done)]
                self._read_file(path, off + done - start, part)
                done += len(part)
            start += size
        if done < len(view):
            raise WireError(R_SIZE)

    # -- writing -------------------------------------------------------------------------------------------------------

    def begin(self, size: int) -> None:
        """A new image of `size` bytes; what the folder held is gone, its `index` first. R_FULL without room."""
        folder = self._folder
        self.close()
        self._folders.remove(folder + INDEX)
        self._clear(folder + "/board")
        self._clear(folder)
        self._head = b""
        self._rows = []
        self._at = self._skip = 0
        self._found = None
        self.size = size
        if self._folders.free() < size + _SPARE:
            raise WireError(R_FULL)
        try:
            self._folders.make(folder)
        except OSError as error:
            raise _refusal(error) from None

    def resume(self, size: int) -> int:
        """Go on with an image of `size` bytes that was begun in an earlier life; gives the bytes of it that are surely
        there, a multiple of 4096: `write` goes on from these. 0 when nothing of it is."""
        self.close()
        if size not in (self._known(_BEGUN), self._known(INDEX)):
            self.begin(size)
            return 0
        self.size = size
        there = len(self._head)
        for path, whole, _ in self._rows:
            found = min(whole, max(0, self._folders.size(self._folder + "/" + path)))
            there += found
            if found < whole:
                break
        self._at = there - there % STEP
        self._skip = there - self._at
        return self._at

    def back(self, off: int) -> None:
        """What stands from `off` on (a multiple of 4096, at most what was written) is written again."""
        if off % STEP or off > self._at:
            raise ValueError("not a place that was written")
        self.close()
        folder = self._folder
        if self._folders.size(folder + INDEX) >= 0:
            self._folders.rename(folder + INDEX, folder + _BEGUN)
        end = self.size
        for path, size, _ in reversed(self._rows):  # from the end, so that what is there has no gap
            start = end - size
            if off <= start:
                self._folders.remove(folder + "/" + path)
            elif off < end:
                self._shorten(folder + "/" + path, off - start)
            end = start
        if off < end:
            self._folders.remove(folder + _BEGUN)
            self._head = b""
            self._rows = []
        self._at = off
        self._skip = 0
        self._found = None

    def write(self, buf: "Buffer") -> None:
        """The next bytes, any number. R_SIZE, R_FIELD, R_COMPONENT for an image that is none; R_FULL without room."""
        view = memoryview(buf)
        if self._at + len(view) > self.size:
            raise WireError(R_SIZE)
        self._found = None
        known = min(self._skip, len(view))
        self._skip -= known
        self._at += known
        view = view[known:]
        try:
            while len(view):
                taken = self._contents(view) if self._rows else self._start(view)
                self._at += taken
                view = view[taken:]
        except OSError as error:
            raise _refusal(error) from None

    def finish(self) -> "bytes | None":
        """Read all of it back, one file a call: None until it is done, then SHA-256 of the image. R_SIZE when bytes are
        missing, R_DIGEST when a file is not the one that its index names. From then on the folder is complete."""
        self.close()
        if self._at != self.size or not self._rows:
            raise WireError(R_SIZE)
        if self._found is None:
            self._found = sha256(self._head)
            self._checked = 0
        if self._checked < len(self._rows):
            self._check(self._rows[self._checked], self._found)
            self._checked += 1
            return None
        whole = self._found.digest()
        self._found = None
        if self._folders.size(self._folder + _BEGUN) >= 0:
            self._folders.write(self._folder + IMAGE, whole)
            self._folders.rename(self._folder + _BEGUN, self._folder + INDEX)
        return whole

    def _check(self, row: "Row", found: "Any") -> None:
        """One file, read back and added to what was found so far."""
        path, size, digest = row
        if size == 0:
            self._open(path, "wb")
        piece = memoryview(bytearray(_PIECE))
        own = sha256(b"")
        off = 0
        while off < size:
            part = piece[: min(_PIECE, size - off)]
            self._read_file(path, off, part)
            own.update(part)
            found.update(part)
            off += len(part)
        self.close()
        if own.digest() != digest:
            raise WireError(R_DIGEST)

    def close(self) -> None:
        """Let go of the file that is open; what was written to it is there then."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._name = ""

    def _known(self, name: str) -> int:
        """Size of the image whose first part is kept under that name; 0 where there is none."""
        head = self._folders.read(self._folder + name)
        if head is None:
            return 0
        try:
            self._rows = index(head)
        except WireError:
            return 0
        self._head = head
        return len(head) + sum(row[1] for row in self._rows)

    def _start(self, view: memoryview) -> int:
        """Bytes taken of what stands before the contents; complete, it is judged and kept."""
        head = self._head
        if len(head) >= _HEAD and head[:4] != _MAGIC:
            raise WireError(R_FIELD)
        wanted = _HEAD if len(head) < _HEAD else _HEAD + (head[4] | head[5] << 8)
        if wanted > _HEAD + MAX_INDEX:
            raise WireError(R_SIZE)
        taken = min(wanted - len(head), len(view))
        self._head = head = head + bytes(view[:taken])
        if len(head) >= _HEAD and len(head) == _HEAD + (head[4] | head[5] << 8):
            rows = index(head)
            if len(head) + sum(row[1] for row in rows) != self.size:
                raise WireError(R_SIZE)
            for path, _, _ in rows:
                if path.startswith(_BOARD):
                    self._folders.make(self._folder + "/board")
            self._folders.write(self._folder + _BEGUN, head)
            self._rows = rows
        return taken

    def _contents(self, view: memoryview) -> int:
        """Bytes taken of the file that is under way, at most up to where it is made sure."""
        start = len(self._head)
        place = 0
        while self._at >= start + self._rows[place][1]:  # there is one: the sum was judged
            start += self._rows[place][1]
            place += 1
        path, size, _ = self._rows[place]
        file = self._open(path, "ab" if self._at > start else "wb")
        left = min(start + size - self._at, STEP - self._at % STEP)
        taken = min(left, len(view))
        file.write(view[:taken])
        if self._at + taken == start + size:
            self.close()
        elif taken == left:
            file.flush()
        return taken

    def _open(self, path: str, mode: str) -> "File":
        name = path + ("/r" if mode == "rb" else "/w")
        if self._file is None or self._name != name:
            self.close()
            self._file = self._folders.open(self._folder + "/" + path, mode)
            self._name = name
        return self._file

    def _read_file(self, path: str, off: int, part: memoryview) -> None:
        file = self._open(path, "rb")
        file.seek(off)
        if file.readinto(part) != len(part):
            raise WireError(R_SIZE)

    def _shorten(self, name: str, length: int) -> None:
        piece = memoryview(bytearray(_PIECE))
        beside = self._folder + _PART
        old, new = self._folders.open(name, "rb"), self._folders.open(beside, "wb")
        while length:
            part = piece[: min(_PIECE, length)]
            old.readinto(part)
            new.write(part)
            length -= len(part)
        old.close()
        new.close()
        self._folders.rename(beside, name)

    def _clear(self, folder: str) -> None:
        for name in self._folders.list(folder):
            if folder + "/" + name != self._folder + "/board":
                self._folders.remove(folder + "/" + name)


def _refusal(error: OSError) -> "WireError | OSError":
    return WireError(R_FULL) if error.errno == _ENOSPC else error


def index(head: bytes) -> "list[Row]":
    """The rows of an image's first part: R_FIELD for what is none, R_SIZE beyond the limits, R_COMPONENT for a path
    that no bundle may have."""
    if len(head) < _HEAD or head[:4] != _MAGIC:
        raise WireError(R_FIELD)
    if len(head) != _HEAD + (head[4] | head[5] << 8) or len(head) > _HEAD + MAX_INDEX:
        raise WireError(R_SIZE)
    rows: Any = decode(head[_HEAD:], MAX_INDEX)
    if type(rows) is not list or not 1 <= len(rows) <= MAX_FILES:  # pyright: ignore[reportUnknownArgumentType]
        raise WireError(R_FIELD)
    found: list[Row] = []
    one: Any
    for one in rows:  # pyright: ignore[reportUnknownVariableType]
        if type(one) is not list or len(one) != 3:  # pyright: ignore[reportUnknownArgumentType]
            raise WireError(R_FIELD)
        found.append(_row(one[0], one[1], one[2], found))
    return found


def _row(path: "Any", size: "Any", digest: "Any", found: "list[Row]") -> "Row":
    if type(path) is not str or type(size) is not int or type(digest) is not bytes or size < 0 or len(digest) != 32:
        raise WireError(R_FIELD)
    if not _allowed(path) or path in [one[0] for one in found]:
        raise WireError(R_COMPONENT)
    return path, size, digest


def _allowed(path: str) -> bool:
    parts = path[len(_BOARD) if path.startswith(_BOARD) else 0 :].split(".")
    if len(parts) != 2:
        return False
    for part in parts:
        if not 1 <= len(part) <= 24:
            return False
        for letter in part:
            if letter not in _LETTERS:
                return False
    return True
