"""What the ovens of `lived.py` stand on: releases as `trivet release build` makes them, the flash of an oven that runs
the version before, and its files, which lie in memory. `Flash.fuse` cuts the power at an operation, of either.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from appliance.update import chooser, otadata
from trivet.bench import updates_cases
from trivet.release import build, folder, sign
from trivet.release.manifest import identifiers
from trivet_wire import cbor
from updating.flash import Flash, PowerCut

NOON = 1_800_000_000 // 86_400 * 86_400 + 12 * 3600
DEADLINE = NOON // 86_400 * 86_400 + 2 * 86_400
SECTOR = otadata.SECTOR


@dataclass(frozen=True)
class Offered:
    """A release, and all of its payloads by the start of their SHA-256."""

    envelope: bytes
    security: bool
    stock: dict[bytes, bytes]

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.envelope).digest()


@dataclass
class Maker:
    """Releases, and the flash of an oven that runs version 1.0.0."""

    where: Path

    def __post_init__(self) -> None:
        self.kit = updates_cases.Kit(self.where)
        both, bundle = ("base", "bundle"), ("bundle",)
        self.releases = {
            "feature": self.made("1.1.0", both, sequence=2),
            "drivers": self.made("1.1.1", bundle, sequence=2),
            "security": self.made("1.2.0", both, sequence=3, security=True, deadline_days=2),
        }
        self.stock = {start: data for one in self.releases.values() for start, data in one.stock.items()}
        old = self.kit.whole()
        image = old.read("bundle.tvb")
        head = image[: 6 + int.from_bytes(image[4:6], "little")]
        self.files = {"a/index": head, "a/image": hashlib.sha256(image).digest()}
        at = len(head)
        for path, size, _ in cbor.decode(head[6:], 1024):
            self.files[f"a/{path}"] = image[at : at + size]
            at += size
        self.files |= {"roots.cbor": self.kit.roots.encode(), "vendor.cbor": self.vendor(old)}
        chooser.write(Disk(Flash({}, ()), self.files), [1, False, [1, 0, 1, "1.0.0"], None, None])

    def vendor(self, release: folder.Release) -> bytes:
        return cbor.encode(list(identifiers(release.index.vendor, release.index.model)))

    def made(self, version: str, parts: tuple[str, ...], **order: Any) -> Offered:
        out = self.where / version
        base = str(self.where / "base.new") if "base" in parts else "none"
        wanted = build.Order(version=version, base=base, bundle="bundle" in parts, today=NOON, **order)
        made = build.build(self.kit.boards["new"], wanted, out)
        sign.sign(made, self.kit.hands[:1], self.kit.roots)
        release = folder.Release(out)
        names = [release.index.envelope, *release.index.payloads.values()]
        data = [release.read(name) for name in names]
        return Offered(data[0], bool(order.get("security")), {hashlib.sha256(one).digest()[:8]: one for one in data})

    def flash(self) -> Flash:
        old = self.kit.bases["old"].ljust(updates_cases.SLOT, b"\xff")
        first = otadata.entry(1, otadata.VALID).ljust(SECTOR, b"\xff")
        images = {"ota_0": old, "ota_1": bytes(len(old)), "otadata": first.ljust(2 * SECTOR, b"\xff")}
        return Flash(images | {"journal": b"\xff" * updates_cases.JOURNAL}, ())


class Disk:
    """Files and folders (ports.Folders): what was flushed or written is there, and nothing else after a cut."""

    def __init__(self, flash: Flash, files: dict[str, bytes]) -> None:
        self.flash = flash
        self.files = files
        self.staged: Callable[[], None] = lambda: None

    def change(self, change: Callable[[], object]) -> None:
        """One operation of the flash, which a cut leaves undone or done."""
        flash = self.flash
        if flash.dead:
            return
        if flash.fuse == 0:
            flash.fuse, flash.dead = -1, True
            if random.getrandbits(1):
                change()
            raise PowerCut
        flash.fuse -= flash.fuse > 0
        change()

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def write(self, name: str, data: bytes) -> None:
        if name == chooser.FILE:
            record = chooser.read(bytes(data))
            assert record is not None
            if record[chooser.TRIAL] is not None and record[chooser.TRIAL][chooser.LEFT] == chooser.TRIES:
                self.staged()
        self.change(lambda: self.files.update({name: bytes(data)}))

    def open(self, name: str, mode: str = "rb") -> "Open":
        if mode == "rb" and name not in self.files:
            raise OSError(2, name)
        return Open(self, name, mode)

    def size(self, name: str) -> int:
        return len(self.files[name]) if name in self.files else -1

    def remove(self, name: str) -> None:
        if name in self.files:
            self.change(lambda: self.files.pop(name, None))

    def rename(self, old: str, new: str) -> None:
        self.change(lambda: self.files.update({new: self.files.pop(old)}))

    def list(self, folder: str) -> list[str]:
        inside = [name[len(folder) + 1 :] for name in self.files if name.startswith(folder + "/")]
        return sorted({name.split("/")[0] for name in inside})

    def make(self, folder: str) -> None:
        """They come with their files."""

    def free(self) -> int:
        return 1 << 17


class Open(BytesIO):
    """A file; what is written to it is in flash once it is flushed or closed."""

    def __init__(self, disk: Disk, name: str, mode: str) -> None:
        super().__init__(b"" if mode == "wb" else disk.files.get(name, b""))
        self._disk, self._name, self._writes = disk, name, mode != "rb"
        if mode == "ab":
            self.seek(0, 2)

    def flush(self) -> None:
        if self._writes:
            data = self.getvalue()
            self._disk.change(lambda: self._disk.files.update({self._name: data}))

    def close(self) -> None:
        if not self.closed:
            self.flush()
            self._writes = False
        super().close()
