"""What is still to be fetched of an update, and how it is used: envelope, keys, deltas, whole images. Takes the
machine, gives one small step a turn; at the end of each payload the machine takes the table's way. Believes nothing.
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from . import kept
from .download import WINDOW, Asking, Download
from .filling import Applying, Hashing, IntoFile, IntoImage, Pump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .filling import Image, Source
    from .machine import Machine
    from .release import Component, Release

_ARRIVED = -2  # machine.ARRIVED
_RETRY_MS = 30_000  # after nobody answered
_BAD = 3  # times that a whole payload was not what was signed


class Fetching:
    """One payload after the other; a window of memory for all of them."""

    def __init__(self, machine: "Machine", release: "Release | None") -> None:
        """`release` None: its envelope is still to be fetched, or the key manifest."""
        self._machine = machine
        self._ports = machine.ports
        self._folders = machine.ports.folders
        self._room = bytearray(WINDOW)
        self._release = release
        self._pump: Pump | None = None
        self._clock = machine.ports.clock.link_ms
        self._hashing: Hashing | None = None
        self._applying: Applying | None = None
        self._patch: "tuple[int, bytes, str] | None" = None
        if release is None:
            name = kept.KEY_FILE if machine.what == ids.W_KEYS else kept.ENVELOPE
            size, digest = machine.row[kept.SIZE], machine.row[kept.DIGEST]
            self._into_file(name, size, digest, machine.row[kept.URI])

    def close(self) -> None:
        uplink = self._machine.appliance.uplink
        if uplink is not None:
            uplink.blocks = None
        self._machine.appliance.download = None
        if self._pump is not None:
            self._pump.close()
            self._pump = None

    def step(self) -> int:
        """As `Machine.poll`; ARRIVED when there is nothing left to fetch."""
        if self._pump is not None:
            return self._pumped(self._pump)
        if self._release is None:
            return _ARRIVED
        if self._applying is not None:
            return self._applied(self._applying)
        if self._hashing is not None:
            return self._hashed(self._hashing)
        if self._machine.row[kept.COMPONENT] >= len(self._release.components):
            return _ARRIVED
        self._begin(self._component(self._release))
        return 0

    def _component(self, release: "Release") -> "Component":
        at: int = self._machine.row[kept.COMPONENT]
        return release.components[at]

    # -- sources -------------------------------------------------------------------------------------------------------

    def _source(self, uri: str) -> "Source":
        row = self._machine.row
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
        appliance = self._machine.appliance
        uplink, sealer = appliance.uplink, appliance.sealer
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

    def _connect(self, start: bytes, size: int, uri: str, sink: "IntoFile | IntoImage") -> None:
        download = Download(start, size, self._room, sink.at)
        self._pump = Pump(download, self._source(uri), sink)
        appliance = self._machine.appliance
        appliance.download = download
        if appliance.uplink is not None:
            appliance.uplink.blocks = download.block

    def _into_file(self, name: str, size: int, digest: bytes, uri: str) -> None:
        self._connect(digest, size, uri, IntoFile(self._folders, name, size, digest))

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _pumped(self, pump: Pump) -> int:
        came = pump.step(self._clock())
        if came == Pump.RUNS:
            return 0
        if came == Pump.STUCK:
            self._machine.close()
            return _RETRY_MS
        if came == Pump.SPOILT:
            raise WireError(ids.R_DIGEST)
        reason = pump.sink.finish()
        self.close()
        if reason:
            return self._wrong(reason)
        self._machine.bad = 0
        return self._came()

    def _wrong(self, reason: int) -> int:
        """All of it came and is not what was signed: once more, a few times. A delta gives way to the whole image."""
        machine = self._machine
        machine.bad += 1
        if self._patch is not None:
            self._whole()
        elif machine.bad >= _BAD:
            raise WireError(reason)
        machine.row[kept.BEGUN] = 0
        machine.close()
        return 0

    def _came(self) -> int:
        if self._release is None:
            return _ARRIVED
        if self._patch is not None:
            component = self._component_now()
            try:
                self._applying = Applying(
                    *(self._folders, kept.PATCH, self._image(component, False), self._image(component, True), component)
                )
            except WireError:
                return self._whole()
            return 0
        return self._filled()

    def _component_now(self) -> "Component":
        assert self._release is not None
        return self._component(self._release)

    def _begin(self, component: "Component") -> None:
        """The delta for what runs, where there is one; else all of it."""
        row = self._machine.row
        self._patch = None
        if not row[kept.BEGUN] and not row[kept.WHOLE] >> row[kept.COMPONENT] & 1 and component.has_deltas():
            old = self._image(component, False)
            if old.size:
                self._hashing = Hashing(old, memoryview(self._room))
                return
        self._begin_whole(component)

    def _begin_whole(self, component: "Component") -> None:
        machine = self._machine
        image = self._image(component, True)
        sink = IntoImage(image, component, memoryview(self._room), machine.row[kept.BEGUN] != 0)
        if not machine.row[kept.BEGUN]:
            machine.row[kept.BEGUN] = 1
            kept.save(machine.journal, machine.what, machine.row)
        self._connect(component.digest, component.size, component.uri, sink)

    def _hashed(self, hashing: Hashing) -> int:
        digest = hashing.step()
        if digest:
            self._hashing = None
            component = self._component_now()
            self._patch = component.delta(digest)
            if self._patch is None:
                self._whole()
            else:
                size, patch, uri = self._patch
                self._into_file(kept.PATCH, size, patch, uri)
        return 0

    def _applied(self, applying: Applying) -> int:
        reason = applying.step()
        if reason < 0:
            return 0
        self._applying = None
        return self._whole() if reason else self._filled()

    def _whole(self) -> int:
        """No delta leads there: from now on all of it."""
        machine = self._machine
        self._patch = None
        self._folders.remove(kept.PATCH)
        machine.row[kept.WHOLE] |= 1 << machine.row[kept.COMPONENT]
        kept.save(machine.journal, machine.what, machine.row)
        return 0

    def _filled(self) -> int:
        """One component is in flash, read back."""
        machine = self._machine
        self._patch = None
        self._folders.remove(kept.PATCH)
        machine.row[kept.COMPONENT] += 1
        machine.row[kept.BEGUN] = 0
        kept.save(machine.journal, machine.what, machine.row)
        return 0

    def _image(self, component: "Component", new: bool) -> "Image":
        """The slot that is to be filled, or the one that runs."""
        slot = self._slot(component.name == "base", new)
        self._machine.unload("joint chooser otadata")
        if component.name == "base":
            from .base import Base

            return Base(self._ports.slots, slot)
        from .bundle import Bundle

        return Bundle(self._folders, slot)

    def _slot(self, base: bool, new: bool) -> int:
        from .joint import inactive, installed, vacate

        files, slots = self._ports.files, self._ports.slots
        bundle_slot, base_slot = inactive(files, slots) if new else installed(files, slots)[:2]
        if not base:
            if new:
                vacate(files, slots, bundle=bundle_slot)
            return bundle_slot
        if new:
            vacate(files, slots, base=base_slot)
        return base_slot
