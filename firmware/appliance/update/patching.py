"""What was fetched into a file becomes the new image: a delta makes it of the old one, a whole image is copied. Takes
the place of who fetches, whose code and window are let go of meanwhile, and so is the connection: the heap has no room
for all of them. One small step a turn; then the machine goes on, with the next component or, where a delta did not lead
to what is signed, with all of this one.
"""

from trivet_wire.ids import R_DIGEST, R_FULL
from trivet_wire.refuse import WireError

from ..store.journal import JournalFull
from ..updating import OUTCOME
from . import kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..app import Appliance
    from ..ports import File, Ports
    from .filling import Image
    from .kept import Row
    from .patch import Patch

_ENOSPC = 28
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
        self._clock = ports.clock.link_ms
        self._what = what
        self._row = row
        self._old = old
        self._new = new
        self._size = size
        self._digest = digest
        self._part = memoryview(bytearray(_FED))
        self._write = new.write
        self._patch: Patch | None = None
        self._file: File | None = None
        self._reason = _RUNS

    def poll(self, now: int) -> int:
        """One step; gives after how many ms it is to be gone on, 0: at once."""
        heart = self._appliance.heart
        if heart is not None and heart.in_cycle():
            return _OVER_MS  # the machine says that it waits; it begins anew then
        if self._appliance.uplink is not None:
            self._appliance.uplink.rest(self._clock())
        if self._reason == _RUNS:
            try:
                self._reason = self._step()
            except WireError as error:
                self._reason = error.reason
            except OSError as error:
                if error.errno != _ENOSPC:
                    raise
                self._reason = R_FULL
            return 0
        self.close()
        try:
            return self._settle()
        except JournalFull:
            return _SOON_MS

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _step(self) -> int:
        file = self._file
        if file is None:
            self._new.begin(self._size)
            if self._row[kept.BEGUN] == kept.PATCHED:
                from .patch import Patch

                self._patch = Patch(self._old, self._new, self._size)
                self._write = self._patch.write
            self._file = self._folders.open(kept.PATCH, "rb")
            return _RUNS
        count = file.readinto(self._part)
        if count:
            self._write(self._part[:count])
            return _RUNS
        if self._patch is not None:
            self._patch.finish()
            self._patch = None
        found = self._new.finish()
        return _RUNS if found is None else 0 if found == self._digest else R_DIGEST

    def _settle(self) -> int:
        """The component is in flash, read back; or a delta did not lead there, and from now on all of it is fetched."""
        row = self._row
        if not self._reason:
            row[kept.COMPONENT] += 1
        elif row[kept.BEGUN] == kept.PATCHED:
            row[kept.WHOLE] |= 1 << row[kept.COMPONENT]
        else:  # a whole bundle: nothing of it stays
            self._new.back(0)
            self._appliance.update[OUTCOME] = self._reason
            return _OVER_MS
        row[kept.BEGUN] = 0
        kept.save(self._appliance.journal, self._what, row)
        self._folders.remove(kept.PATCH)
        return _OVER_MS
