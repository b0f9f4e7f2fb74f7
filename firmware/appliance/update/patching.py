"""A delta that lies whole in its file becomes the new image, made of the old one. Takes the place of who fetches, whose
code and window are let go of meanwhile: the heap has no room for both. One small step a turn; then the machine goes on,
with the next component or, where the delta did not lead to what is signed, with all of this one.
"""

from trivet_wire.ids import R_PATCH
from trivet_wire.refuse import WireError

from ..store.journal import JournalFull
from . import kept
from .patch import Patch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..app import Appliance
    from ..ports import File, Ports
    from .filling import Image
    from .kept import Row

_FED = 64  # bytes of a delta in one step: they may become sixty times as much
_OVER_MS = 1  # for `poll`: the machine's turn
_SOON_MS = 5_000
_RUNS = -1


class Patching:
    """`poll(now)` between ticks, as `Machine`."""

    def __init__(
        self,
        appliance: "Appliance",
        ports: "Ports",
        what: int,
        row: "Row",
        old: "Image",
        new: "Image",
        size: int,
        digest: bytes,
    ) -> None:
        """`size`, `digest`: of the new image."""
        self._appliance = appliance
        self._folders = ports.folders
        self._what = what
        self._row = row
        self._old = old
        self._new = new
        self._size = size
        self._digest = digest
        self._part = memoryview(bytearray(_FED))
        self._patch: Patch | None = None
        self._file: File | None = None
        self._reason = _RUNS

    def poll(self, now: int) -> int:
        """One step; gives after how many ms it is to be gone on, 0: at once."""
        heart = self._appliance.heart
        if heart is not None and heart.in_cycle():
            return _OVER_MS  # the machine says that it waits; it begins anew then
        if self._reason == _RUNS:
            try:
                self._reason = self._step()
            except WireError as error:
                self._reason = error.reason
            except OSError:  # of the flash: full, or no good; the whole image finds that too, and says so
                self._reason = R_PATCH
            return 0
        self.close()
        try:
            self._settle()
        except JournalFull:
            return _SOON_MS
        return _OVER_MS

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _step(self) -> int:
        patch, file = self._patch, self._file
        if patch is None or file is None:
            self._new.begin(self._size)
            self._patch = Patch(self._old, self._new, self._size)
            self._file = self._folders.open(kept.PATCH, "rb")
            return _RUNS
        count = file.readinto(self._part)
        if count:
            patch.write(self._part[:count])
            return _RUNS
        patch.finish()
        return 0 if self._new.finish() == self._digest else R_PATCH

    def _settle(self) -> None:
        """The component is in flash, read back; or no delta leads there, and from now on all of it is fetched."""
        row = self._row
        if self._reason:
            row[kept.WHOLE] |= 1 << row[kept.COMPONENT]
        else:
            row[kept.COMPONENT] += 1
        row[kept.BEGUN] = 0
        kept.save(self._appliance.journal, self._what, row)
        self._folders.remove(kept.PATCH)
