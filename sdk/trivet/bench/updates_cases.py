"""What `tools/bench updates` cuts: releases as `trivet release build` makes them, an appliance's flash before them, and
what is to come of each. Takes a folder, gives a folder for each case, as `tools/device/updates.py` reads it.

The bundles are those of the board that `trivet new` makes, once as it is and once after a typical change, with one file
that is longer than a sector: a large board would bring more of the same operations, not other ones. The base images are
small ones with the header that the boot loader asks for; what they hold makes no difference to it.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from trivet_wire import cbor, ids

from trivet import boards
from trivet.boards.scaffold import TEMPLATE
from trivet.release import build, folder, hands, keyset, roots, sign
from trivet.sim.boot import otadata
from trivet.sim.device import Device, Provision

from . import delta

LONG = 4700  # bytes of a constant in its drivers: they fill more than a sector
BASE_SIZE = 17_500  # bytes
SECTOR = 4096
SLOT = 7 * SECTOR
JOURNAL = 6 * SECTOR
_TODAY = 1_800_000_000
_BASE_DIGEST = b"\xd2\xcd\x31"
_GOOD, _FAULT, _CRASH = "good", "fault", "crash"


@dataclass(frozen=True)
class Case:
    """`changes`: components of the release; none: the keys alone are rotated."""

    changes: tuple[str, ...]
    outcome: str = _GOOD
    delta: bool = False
    keys: bool = False
    swapped: bool = False  # the old version is in the other slots: what the boot loader starts in doubt is the new one


CASES = {
    "bundle": Case(("bundle",)),
    "base": Case(("base",)),
    "both": Case(("base", "bundle")),
    "both, a new fault on trial": Case(("base", "bundle"), _FAULT),
    "both, it crashes": Case(("base", "bundle"), _CRASH),
    "bundle, it crashes": Case(("bundle",), _CRASH),
    "both, into the first slots": Case(("base", "bundle"), swapped=True),
    "both, into the first slots, a new fault on trial": Case(("base", "bundle"), _FAULT, swapped=True),
    "bundle by delta": Case(("bundle",), delta=True),
    "both by delta": Case(("base", "bundle"), delta=True),
    "keys": Case((), keys=True),
    "keys, then a bundle signed by the new ones": Case(("bundle",), keys=True),
}


@dataclass
class Kit:
    """What all cases share: made once."""

    where: Path
    hands: list[hands.Hand] = field(default_factory=list)
    old: folder.Release | None = None

    def __post_init__(self) -> None:
        self.hands = [hands.open_hand(f"file:{self.where / name}.key", make=True) for name in ("a", "b")]
        self.boards = {name: board(self.where / name / TEMPLATE.name) for name in ("old", "new")}
        delta.changed(self.boards["new"])
        self.bases = {"old": base(1, b""), "new": base(1, b"another version")}
        for name, data in self.bases.items():
            (self.where / f"base.{name}").write_bytes(data)
        self.roots = roots.Roots(1, 1, False, (self.hands[0].key,))
        self.next = roots.Roots(2, 1, False, (self.hands[1].key,), (self.hands[0].key.kid,))

    def release(self, name: str, version: str, case: Case) -> folder.Release:
        """A signed release of the old or the new program."""
        out = (
            self.where / "releases" / f"{version} {'-'.join(case.changes)}{' delta' * case.delta}{' keys' * case.keys}"
        )
        if not out.exists():
            order = build.Order(
                version=version,
                sequence=2 if name == "new" else 1,
                base=str(self.where / f"base.{name}") if "base" in case.changes else "none",
                bundle="bundle" in case.changes,
                earlier=(self.whole().path,) if case.delta else (),
                today=_TODAY,
            )
            made = build.build(self.boards[name], order, out)
            hand = self.hands[1 if case.keys else 0]
            sign.sign(made, [hand], self.next if case.keys else self.roots)
        return folder.Release(out)

    def whole(self) -> folder.Release:
        """The old release, of both components."""
        if self.old is None:
            self.old = self.release("old", "1.0.0", Case(("base", "bundle")))
        return self.old

    def key_manifest(self) -> bytes:
        return keyset.sign(roots.KeyManifest(self.next.encode()), self.roots, self.next, self.hands).encode()


def board(where: Path) -> Path:
    """A small board whose bundle has all that an update must cope with."""
    shutil.copytree(TEMPLATE, where)
    drivers = where / "drivers.py"
    table = random.Random(3).randbytes(LONG)
    drivers.write_text(f"{drivers.read_text(encoding='utf-8')}\n\n_TABLE = {table!r}\n", encoding="utf-8")
    return where


def base(seed: int, words: bytes) -> bytes:
    """A small image that the boot loader starts."""
    body = bytearray(random.Random(seed).randbytes(BASE_SIZE))
    body[5000 : 5000 + len(words)] = words
    return _BASE_DIGEST + bytes((0x80 | len(body) >> 14, 0x80 | len(body) >> 7 & 0x7F, len(body) & 0x7F)) + body


def prepare(where: Path) -> dict[str, Path]:
    """A folder for each case, by its name."""
    kit = Kit(where)
    return {name: _prepare(kit, name, case) for name, case in CASES.items()}


def _prepare(kit: Kit, name: str, case: Case) -> Path:
    out = kit.where / "cases" / name
    out.mkdir(parents=True)
    files = _parts(kit, case.swapped) | {f"base.{which}": data for which, data in kit.bases.items()}
    payloads: dict[str, str] = {}
    offers: list[tuple[int, str]] = []
    bundles = {"old": kit.whole().read("bundle.tvb")}
    if case.keys:
        files |= {"keys": kit.key_manifest(), "roots.new": kit.next.encode()}
        offers.append((ids.W_KEYS, "keys"))
    if case.changes:
        release = kit.release("new", "1.1.0", case)
        files |= {file: release.read(file) for file in (*release.index.payloads.values(), release.index.envelope)}
        payloads |= {digest[:16]: file for digest, file in release.index.payloads.items()}
        offers.append((ids.W_RELEASE, release.index.envelope))
        bundles["new"] = release.image("bundle") or bundles["old"]
    files |= {"bundle.old": bundles["old"], "bundle.new": bundles.get("new", bundles["old"])}
    digests = {file: hashlib.sha256(files[file]).hexdigest() for _, file in offers}
    payloads |= {digest[:16]: file for file, digest in digests.items()}
    told = {
        "name": name,
        "offers": offers,
        "outcome": case.outcome,
        "changes": list(case.changes),
        "payloads": payloads,
        "digests": digests,
        "parts": {part: f"{part}.img" for part in ("fs", "ota_0", "ota_1", "otadata", "journal")},
    }
    for file, data in files.items():
        (out / file).write_bytes(data)
    (out / "case.json").write_text(json.dumps(told))
    return out


def _parts(kit: Kit, swapped: bool) -> dict[str, bytes]:
    """The appliance's flash before: version 1.0.0 is installed, its bundle in a/, its base in ota_0. `swapped`: in b/
    and ota_1, after an earlier one in the first slots."""
    bundle = kit.whole().read("bundle.tvb")
    head = bundle[: 6 + int.from_bytes(bundle[4:6], "little")]
    folder = "b" if swapped else "a"
    now, before = ([2, 1, 1, "1.0.0"], [1, 0, 0, "0.9.0"]) if swapped else ([1, 0, 1, "1.0.0"], None)
    files = {f"{folder}/index": head, "slots": _record(now, before)}
    at = len(head)
    for path, size, _ in cbor.decode(head[6:], 1024):
        files[f"{folder}/{path}"] = bundle[at : at + size]
        at += size
    device = _device(kit, kit.whole().index.vendor)
    device.put(files)
    images = [kit.bases["old"].ljust(SLOT, b"\xff"), random.Random(2).randbytes(SLOT)]  # and whatever was there before
    rules = otadata()
    entries = [rules.entry(1, rules.VALID), rules.entry(2, rules.VALID) if swapped else b""]
    return {
        "fs.img": device.image.read_bytes(),
        "ota_0.img": images[swapped],
        "ota_1.img": images[not swapped],
        "otadata.img": b"".join(entry.ljust(SECTOR, b"\xff") for entry in entries),
        "journal.img": b"\xff" * JOURNAL,
    }


def _record(confirmed: list[object], previous: list[object] | None) -> bytes:
    data = cbor.encode([1, False, confirmed, None, previous])
    return data + zlib.crc32(data).to_bytes(4, "little")


def _device(kit: Kit, vendor: str) -> Device:
    device = Device(kit.where / "device")
    model = boards.load(kit.boards["old"]).model
    device.provision(Provision("0123456789abcdef", bytes(range(32)), model, vendor=vendor, roots=kit.roots.encode()))
    return device
