"""What is still to be fetched of an update: envelope, keys, deltas, whole images. Takes the place of the machine, whose
code is let go of meanwhile: the heap has no room for both. One small step a turn; when all is there, or a delta is
whole, or something is wrong, it says so and the machine takes over. Believes nothing.
"""

import gc

from trivet_wire import ids
from trivet_wire.refuse import WireError

from ..store.journal import JournalFull
from ..updating import OUTCOME
from . import kept
from .download import Asking, Download
from .filling import RUNS, IntoFile, Pump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..app import Appliance
    from ..ports import Ports
    from .delta import Delta
    from .filling import Image, Source
    from .imaging import IntoImage
    from .kept import Row
    from .release import Component, Release

ARRIVED = -1  # outcomes in `Appliance.update[OUTCOME]`, beside ids.R_*; below it: -kept.PATCHED, -kept.COPIED
_ENVELOPE = "update/envelope"  # as kept.py names them
_KEYS = "update/keys"
_PATCH = "update/patch"
_OVER_MS = 1  # for `poll`: the machine's turn
_RETRY_MS = 30_000  # after nobody answered
_SOON_MS = 5_000
_LATER_MS = 60_000
_BAD = 3  # times that a whole payload was not what was signed
_ENOSPC = 28
_THRESHOLD = 4096  # service.watch.GC_THRESHOLD


class Fetching:
    """`poll(now)` between ticks, as `Machine`; one payload after the other, through one window."""

    def __init__(
        self,
        appliance: "Appliance",
        ports: "Ports",
        what: int,
        row: "Row",
        release: "Release | None",
        room: bytearray,
    ) -> None:
        """`release` None: its envelope is still to be fetched, or the key manifest. `room`: WINDOW bytes."""
        self._appliance = appliance
        self._ports = ports
        self._folders = ports.folders
        self._what = what
        self._row = row
        self._release = release  # gone when a file is fetched that is to become a component
        self._first = release is None
        self._room = room
        self._pump: Pump | None = None
        self._clock = ports.clock.link_ms
        self._delta: Delta | None = None
        self._patch = 0  # what is fetched into a file first: kept.PATCHED, a delta; kept.COPIED, a whole bundle
        self._bad = 0

    def poll(self, now: int) -> int:
        """One step; gives after how many ms it is to be gone on, 0: at once."""
        try:
            heart = self._appliance.heart
            if not self._first and heart is not None and heart.in_cycle():
                return _OVER_MS  # the machine says that it waits
            return self._step()
        except WireError as error:
            return self._over(error.reason)
        except JournalFull:
            return _SOON_MS
        except OSError as error:
            if error.errno == _ENOSPC:
                return self._over(ids.R_FULL)
            self._appliance.supervisor.flash_errors += 1
            return _LATER_MS

    def close(self) -> None:
        """Let go of the source; whatever comes of it then is passed over."""
        appliance = self._appliance
        appliance.download = None
        if appliance.uplink is not None:
            appliance.uplink.blocks = None
        if self._pump is not None:
            self._pump.close()
            self._pump = None

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _step(self) -> int:
        row = self._row
        if self._pump is not None:
            return self._pumped(self._pump)
        if self._first or self._release is None:
            name = _KEYS if self._what else _ENVELOPE
            self._into_file(name, row[kept.SIZE], row[kept.DIGEST], row[kept.URI])
            return 0
        if self._delta is not None:
            return self._changed(self._delta)
        if row[kept.COMPONENT] >= len(self._release.components):
            return self._over(ARRIVED)
        component = self._component()
        if component.has_deltas() and not row[kept.BEGUN] and not row[kept.WHOLE] >> row[kept.COMPONENT] & 1:
            if component.name == "bundle":
                return self._found(component.delta(self._runs()))
            from .delta import Delta

            self._delta = Delta(self.image(False), component)
        else:
            self._begin_whole(component)
        return 0

    def _pumped(self, pump: Pump) -> int:
        came = pump.step(self._clock())
        if came == Pump.RUNS:
            return 0
        if came == Pump.STUCK:
            return _RETRY_MS
        if came == Pump.SPOILT:
            raise WireError(ids.R_DIGEST)
        reason = pump.sink.finish()
        if reason == RUNS:
            return 0
        self.close()
        if not reason:
            if self._first:
                return self._over(ARRIVED)
            return self._patched() if self._patch else self._filled()
        return self._wrong(reason)

    def _wrong(self, reason: int) -> int:
        """All of it came and is not what was signed: once more, a few times. A delta gives way to the whole image."""
        if self._patch == kept.PATCHED:
            self._whole()
            return _OVER_MS  # begun anew: what its manifest says was let go of
        self._bad += 1
        if self._bad >= _BAD:
            raise WireError(reason)
        self._row[kept.BEGUN] = 0
        return 0

    def _changed(self, delta: "Delta") -> int:
        """Does a delta begin at what runs? Then it is fetched; what looked is let go of before."""
        if delta.look() == delta.RUNS:
            return 0
        found = delta.found
        self._delta = None
        del delta
        self._unload("appliance.update.delta appliance.update.base")
        return self._found(found)

    def _runs(self) -> bytes:
        """SHA-256 of the bundle's image that runs; empty for the firmware's own, which has none."""
        from . import FOLDERS, IMAGE
        from .joint import installed

        bundle = installed(self._ports.files, self._ports.slots)[0]
        self._unload("appliance.update.joint appliance.update.chooser appliance.update.otadata")
        return (self._folders.read(FOLDERS[bundle] + IMAGE) or b"") if bundle else b""

    def _found(self, found: "tuple[int, bytes, str] | None") -> int:
        if found is None:
            return self._whole()
        self._patch = kept.PATCHED
        self._becomes(*found)
        return 0

    def _patched(self) -> int:
        """It lies in its file: the machine notes that and lets it be used, when all of this is gone from the heap."""
        return self._over(-self._patch)

    def _whole(self) -> int:
        """No delta leads there: from now on all of it."""
        self._row[kept.WHOLE] |= 1 << self._row[kept.COMPONENT]
        self._patch = 0
        self._folders.remove(_PATCH)
        self._save()
        return 0

    def _filled(self) -> int:
        """One component is in flash, read back."""
        self._row[kept.COMPONENT] += 1
        self._row[kept.BEGUN] = 0
        self._save()
        self._unload("appliance.update.base appliance.update.imaging")
        return 0

    def _over(self, outcome: int) -> int:
        self._appliance.update[OUTCOME] = outcome
        return _OVER_MS

    # -- where from, and where to --------------------------------------------------------------------------------------

    def _into_file(self, name: str, size: int, digest: bytes, uri: str) -> None:
        self._connect(digest, size, uri, IntoFile(self._folders, name, size, digest))

    def _becomes(self, size: int, digest: bytes, uri: str) -> None:
        """A delta that is to become the component under way: nothing else need be known of it until it is whole."""
        self._release = None
        self._into_file(_PATCH, size, digest, uri)
        self._unload("appliance.update.release")

    def _begin_whole(self, component: "Component") -> None:
        """A base goes into its slot as it comes. A bundle is small, and what writes its files is large: into a file."""
        image: Image
        if component.name == "bundle":
            from .whole import Whole

            self._patch = kept.COPIED
            image = Whole(self._folders, _PATCH, component.chunk)
        else:
            image = self.image(True)
        from .imaging import IntoImage

        sink = IntoImage(image, component, memoryview(self._room), self._row[kept.BEGUN] != 0)
        if not self._row[kept.BEGUN]:
            self._row[kept.BEGUN] = 1
            self._save()
        self._connect(component.digest, component.size, component.uri, sink)

    def _connect(self, start: bytes, size: int, uri: str, sink: "IntoFile | IntoImage") -> None:
        download = Download(start, size, self._room, sink.at)
        self._pump = Pump(download, self._source(uri), sink)
        appliance = self._appliance
        appliance.download = download
        if appliance.uplink is not None:
            appliance.uplink.blocks = download.block
        gc.threshold(_THRESHOLD)  # all that stays is loaded

    def _source(self, uri: str) -> "Source":
        row = self._row
        if row[kept.SOURCE] == kept.WEB or uri.startswith("http"):
            from .http import Range, resolved

            try:
                return Range(self._ports.link, resolved(uri, str(row[kept.URI])))
            except ValueError:
                raise WireError(ids.R_FIELD) from None
        if row[kept.SOURCE] == kept.LINE:
            self._clock = self._ports.clock.ticks_ms  # nothing of it is the network's
            return Asking(self._ask_line)
        return Asking(self._ask_broker)

    def _ask_broker(self, start: bytes, offset: int, length: int) -> bool:
        uplink, sealer = self._appliance.uplink, self._appliance.sealer
        if uplink is None or sealer is None or not uplink.greeted:
            return False
        writer = sealer.open(ids.FETCH, False)
        writer.array(3)
        writer.bstr(start)
        writer.integer(offset)
        writer.integer(length)
        return uplink.fetch(sealer.seal(writer))

    def _ask_line(self, start: bytes, offset: int, length: int) -> bool:
        self._ports.teller.tell({"e": "fetch", "digest": start.hex(), "offset": offset, "length": length})
        return True

    def _component(self) -> "Component":
        assert self._release is not None
        at: int = self._row[kept.COMPONENT]
        return self._release.components[at]

    def image(self, new: bool) -> "Image":
        """Of the component under way: the slot that is to be filled, or the one that runs."""
        from .placing import image

        found = image(self._ports, self._component().name == "base", new)
        self._unload(
            "appliance.update.placing appliance.update.joint appliance.update.chooser appliance.update.otadata"
        )
        self._ports.spare()
        return found

    def _save(self) -> None:
        from .kept import save

        save(self._appliance.journal, self._what, self._row)
        self._unload("appliance.update.kept")

    def _unload(self, names: str) -> None:
        for name in names.split():
            self._ports.unload(name)
