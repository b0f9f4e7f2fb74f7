"""A delta: does one lead from what runs to what is wanted, and if so, the new image made of the old one. Takes images,
gives one small step a turn. Loaded where a manifest has deltas; what it makes is judged as a whole image is.
"""

from trivet_wire.envelope import sha256
from trivet_wire.ids import R_PATCH
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import File, Folders
    from .filling import Image
    from .patch import Patch
    from .release import Component

_FED = 64  # bytes of a delta in one step: they may become sixty times as much
_FILE = "update/patch"


class Delta:
    """`step()` until it is no more RUNS: WANTED, then 0 when the image is what was signed, or a reason. `size`,
    `digest` and `uri` are those of the delta."""

    RUNS, WANTED = -1, -2

    def __init__(self, old: "Image", component: "Component", folders: "Folders", room: bytearray) -> None:
        """`room`: of a download, free while none runs."""
        self._old = old
        self._component = component
        self._folders = folders
        self._room = memoryview(room)
        self._hash = sha256(b"")
        self._at = 0
        self._new: Image | None = None
        self._patch: Patch | None = None
        self._file: File | None = None
        self.size = 0
        self.digest = b""
        self.uri = ""

    def begin(self, new: "Image") -> None:
        """The delta lies in its file, whole. WireError where the image finds no room."""
        from .patch import Patch

        new.begin(self._component.size)
        self._new = new
        self._patch = Patch(self._old, new, self._component.size)
        self._file = self._folders.open(_FILE, "rb")

    def step(self) -> int:
        """One step."""
        return self._look() if self._new is None else self._apply(self._new)

    def _look(self) -> int:
        """SHA-256 of what runs, a window a step; then the delta that begins there."""
        part = self._room[: min(len(self._room), self._old.size - self._at)]
        if len(part):
            self._old.read(self._at, part)
            self._hash.update(part)
            self._at += len(part)
            return self.RUNS
        found = self._component.delta(self._hash.digest()) if self._at else None
        if found is None:
            return R_PATCH
        self.size, self.digest, self.uri = found
        return self.WANTED

    def _apply(self, new: "Image") -> int:
        patch, file = self._patch, self._file
        assert patch is not None
        assert file is not None
        part = self._room[:_FED]
        try:
            count = file.readinto(part)
            if count:
                patch.write(part[:count])
                return self.RUNS
            file.close()
            patch.finish()
            return 0 if new.finish() == self._component.digest else R_PATCH
        except WireError as error:
            file.close()
            return error.reason
