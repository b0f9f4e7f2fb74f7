"""What a whole update needs of an appliance's heap: the real firmware with the heap that an appliance has, an update
that is offered, fetched and answered at its line, installed and on trial. Gives the most that was in use, garbage
included. One piece of `bench updates`.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet_wire import ids

from trivet.release import folder
from trivet.sim.device import Device, Provision
from trivet.sim.world import HEAP_KIB, Event, World

from .updates_cases import BOARD, Case, Kit

if TYPE_CHECKING:
    from . import Options

_STEPS = 400  # ticks
_TURNS = 12  # of the link, between two ticks
_SPOILT = {"crash", "no_heap", "reduced", "mute", "watchdog"}  # what a heap that is too small may lead to


def measure(options: Options) -> dict[str, Any]:
    """`heap_peak`, bytes; RuntimeError when the update did not come to its trial."""
    options.say(f"{BOARD}: a whole update at a heap of {HEAP_KIB} KiB")
    with tempfile.TemporaryDirectory(prefix="trivet-updates-") as scratch:
        kit = Kit(Path(scratch))
        release = kit.release("new", "1.1.0", Case(("bundle",)))
        device = Device(Path(scratch) / "oven")
        identity = Provision.alone(BOARD)
        mine = replace(identity, vendor=release.index.vendor, model=release.index.model, roots=kit.roots.encode())
        device.provision(mine)
        with World(BOARD, device, settings={"start_s": 1e6}) as world:
            return {"heap_peak": _through(world, release)}


def show(result: dict[str, Any]) -> None:
    print(f"A whole update has used {result['heap_peak']:,} bytes of {HEAP_KIB * 1024:,} at most.")


def _through(world: World, release: folder.Release) -> int:
    envelope = release.read(release.index.envelope)
    files = [envelope, *(release.read(name) for name in release.index.payloads.values())]
    stock = {hashlib.sha256(data).hexdigest()[:16]: data for data in files}
    world.say(f"update offer {len(envelope)} {hashlib.sha256(envelope).hexdigest()}")
    world.say("update yes")
    seen = 0
    for _ in range(_STEPS):
        world.step()
        for _ in range(_TURNS):
            world.idle(0, lambda: True)
            while seen < len(world.events):
                _answer(world, world.events[seen], stock)
                seen += 1
        states = [event.data["state"] for event in world.events if event.kind == "update"]
        if states and states[-1] == ids.UPDATE_STATES[ids.U_TRIAL]:
            break
    spoilt = [event for event in world.events if event.kind in _SPOILT]
    if spoilt or states[-1:] != [ids.UPDATE_STATES[ids.U_TRIAL]]:
        raise RuntimeError(f"the update went {', '.join(states) or 'nowhere'}; then {spoilt[:1]}")
    return world.state.heap_peak


def _answer(world: World, event: Event, stock: dict[str, bytes]) -> None:
    if event.kind != "fetch":
        return
    offset, length = event.data["offset"], event.data["length"]
    data = stock[event.data["digest"]][offset : offset + length]
    for at in range(0, len(data), ids.MAX_BLOCK):
        part = base64.b64encode(data[at : at + ids.MAX_BLOCK]).decode()
        world.say(f"block {offset + at} {part}")
