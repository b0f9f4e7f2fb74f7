"""A maker with release keys, appliances that believe them, and a service tool at the line that brings what is asked
for: real releases, real firmware, no cloud."""

import base64
import hashlib
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from trivet import paths
from trivet.release import folder
from trivet.release import sign as signing
from trivet.release.build import Order, build
from trivet.release.hands import Hand, open_hand
from trivet.release.roots import Roots
from trivet.sim.device import Device, Provision
from trivet.sim.world import Event, World
from trivet_wire import cbor, ids

DOMAIN = "vendor.example"  # whose domain a cloud gives its appliances unless it is told another


@dataclass
class Maker:
    """Release keys, and a folder in which releases are made."""

    folder: Path
    hands: list[Hand] = field(default_factory=list)
    threshold: int = 1

    def __post_init__(self) -> None:
        self.hands = self.hands or [open_hand(f"file:{self.folder / 'release.key'}", make=True)]

    @property
    def roots(self) -> Roots:
        return Roots(1, self.threshold, False, tuple(one.key for one in self.hands))

    def board(self, name: str = "oven", change: Callable[[str], str] | None = None, file: str = "drivers.py") -> Path:
        """A copy of a board, with one file of it changed; by its own name, so that its model is the same."""
        target = self.folder / f"board-{len(list(self.folder.iterdir()))}" / name
        shutil.copytree(paths.boards() / name, target, ignore=shutil.ignore_patterns("plots"))
        if change is not None:
            text = (target / file).read_text(encoding="utf-8")
            changed = change(text)
            assert changed != text
            (target / file).write_text(changed, encoding="utf-8")
        return target

    def release(self, board: Path | str, version: str, *, sign: bool = True, **order: Any) -> folder.Release:
        """Built and signed."""
        made = build(board, Order(version=version, vendor=DOMAIN, **order), self.folder / f"release-{version}")
        if sign:
            signing.sign(made, self.hands[: self.threshold])
        return made

    def provision(self, identity: Provision, model: str = "TO-60") -> Provision:
        """The same appliance as one of this maker."""
        return replace(identity, vendor=DOMAIN, roots=self.roots.encode(), model=model)


def payloads(release: folder.Release) -> dict[str, bytes]:
    """Everything that an appliance may ask for, by the first 16 hex digits of its SHA-256."""
    names = [release.index.envelope, *release.index.payloads.values()]
    found = [release.read(name) for name in names]
    return {hashlib.sha256(data).hexdigest()[:16]: data for data in found}


class Service:
    """A world, and a service tool at its line. `asked` is what the appliance asked for, `lose(n)` whether the n-th
    block gets lost."""

    def __init__(self, world: World, stock: dict[str, bytes]) -> None:
        self.world = world
        self.stock = stock
        self.asked: list[tuple[str, int, int]] = []
        self.lose: Callable[[int], bool] = lambda _: False
        self._sent = 0
        self._seen = 0

    def offer(self, release: folder.Release) -> None:
        self.stock |= payloads(release)
        envelope = release.read(release.index.envelope)
        self.world.say(f"update offer {len(envelope)} {hashlib.sha256(envelope).hexdigest()}")

    def serve(self) -> None:
        """Answer what was asked since the last time."""
        while self._seen < len(self.world.events):
            event = self.world.events[self._seen]
            self._seen += 1
            if event.kind == "fetch":
                self._answer(event)

    def _answer(self, event: Event) -> None:
        start, offset, length = event.data["digest"], event.data["offset"], event.data["length"]
        self.asked.append((start, offset, length))
        data = self.stock.get(start, b"")[offset : offset + length]
        for at in range(0, len(data), ids.MAX_BLOCK):
            self._sent += 1
            if not self.lose(self._sent):
                part = base64.b64encode(data[at : at + ids.MAX_BLOCK]).decode()
                self.world.say(f"block {offset + at} {part}")

    def run(self, until: Callable[[], bool], steps: int = 2000, turns: int = 8) -> None:
        """Ticks, with turns between them, until something is so."""
        for _ in range(steps):
            self.world.step()
            self.serve()
            for _ in range(turns):
                self.world.idle(0, lambda: True)
                self.serve()
            if until():
                return
        raise AssertionError(f"not within {steps} ticks; it was {self.states}, waits {self.waits}")

    @property
    def states(self) -> list[str]:
        """The states that were told, in order."""
        return [event.data["state"] for event in self.world.events if event.kind == "update"]

    @property
    def waits(self) -> list[str]:
        return [event.data["text"] for event in self.world.events if event.kind == "update_waits"]

    @property
    def last(self) -> dict[str, Any]:
        """What was told of the last state."""
        return dict([event.data for event in self.world.events if event.kind == "update"][-1])

    def reached(self, state: str) -> Callable[[], bool]:
        return lambda: bool(self.states) and self.states[-1] == state


def installed(release: folder.Release, slot: int = 1) -> dict[str, bytes]:
    """Files of an appliance on which this release's bundle was confirmed."""
    image = release.image("bundle")
    assert image is not None
    head = image[: 6 + int.from_bytes(image[4:6], "little")]
    files = {"index": head, "image": hashlib.sha256(image).digest()}
    at = len(head)
    for path, size, _ in cbor.decode(head[6:], 1024):
        files[path] = image[at : at + size]
        at += size
    entry = [slot, 0, release.index.sequence, release.index.version]
    record = cbor.encode([1, False, entry, None, None])
    found = {f"{'ab'[slot - 1]}/{name}": data for name, data in files.items()}
    return found | {"slots": record + zlib.crc32(record).to_bytes(4, "little")}


def world(maker: Maker, folder_: Path, board: Path | str = "oven", **more: Any) -> World:
    """A new oven of this maker."""
    device = Device(folder_)
    device.provision(maker.provision(Provision.alone(Path(board).name)))
    return World(board, device, **more)
