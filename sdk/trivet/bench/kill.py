"""The appliance killed at random moments: in a tick, a flash write, a TLS handshake, with a message on its way.

Several ovens, each with a fault of its own, are killed again and again in real time while they bake; each must start
again with a higher boot number, still know every fault it ever confirmed, and the desk must have each case once.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from trivet_wire import ids

from trivet.boards import load
from trivet.boards.physics import plant
from trivet.sim.device import Device, Provision
from trivet.sim.errors import SimulationError
from trivet.sim.world import Event, World
from trivet.store.tables import CaseRecord

if TYPE_CHECKING:
    from trivet.registry import Identity
    from trivet.serve import Cloud

    from . import Options

BOARD = "oven"
DEFAULT_N = 200
OVENS = 8
LONGEST_LIFE_S = 1.5  # real seconds between two kills
PATIENCE_S = 60.0  # real seconds for the last messages to arrive


@dataclass
class Oven:
    """One appliance under fire, and what it said before it was killed."""

    identity: Identity
    device: Device
    fault: str
    boot: int = 0
    confirmed: set[str] = field(default_factory=set)  # codes, as the appliance told them
    kills: int = 0
    restarts_ok: int = 0
    lost: set[str] = field(default_factory=set)


async def run(options: Options) -> dict[str, Any]:
    """`kills, restarts_ok, confirmed_lost, cases_missing, cases_doubled`, and the faults that were confirmed."""
    from trivet.config import Settings
    from trivet.serve import Cloud

    kills = DEFAULT_N if options.n is None else options.n
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="trivet-kill-") as folder:
        settings = Settings(data_dir=Path(folder), http_port=0, mqtt_port=0, nats_port=0)
        async with Cloud(settings, http=False) as cloud:
            ovens = await _enrol(cloud, Path(folder), min(OVENS, kills))
            for number, oven in enumerate(ovens):
                share = kills // len(ovens) + (number < kills % len(ovens))
                await asyncio.to_thread(_torment, oven, share, chance)
                options.say(
                    f"{oven.fault}: {oven.kills} kills, confirmed {', '.join(sorted(oven.confirmed)) or 'nothing'}"
                )
            missing, doubled = await _desk(cloud, ovens)
    return {
        "kills": sum(oven.kills for oven in ovens),
        "restarts_ok": sum(oven.restarts_ok for oven in ovens),
        "confirmed": sum(len(oven.confirmed) for oven in ovens),
        "confirmed_lost": sum(len(oven.lost) for oven in ovens),
        "cases_missing": missing,
        "cases_doubled": doubled,
    }


async def _enrol(cloud: Cloud, folder: Path, count: int) -> list[Oven]:
    faults = sorted(plant(load(BOARD)).FAULTS)
    ovens = []
    for number in range(count):
        identity = await cloud.enrol(load(BOARD).model, BOARD)
        device = Device(folder / "appliances" / identity.device)
        ovens.append(Oven(identity, device, faults[number * len(faults) // count]))
    return ovens


def _torment(oven: Oven, kills: int, chance: random.Random) -> None:
    """Bake with the oven's fault, kill `kills` times, then let it live until its last message is receipted."""
    fault = plant(load(BOARD)).FAULTS[oven.fault]
    seed = chance.randrange(1 << 30)
    who = Provision.of(oven.identity)
    world = World(BOARD, oven.device, seed=seed, faults=[(oven.fault, fault.at_s)], identity=who)
    try:
        world.say("consent service yes")
        while oven.kills < kills:
            if _live(world, chance.uniform(0, LONGEST_LIFE_S), fault.until_s):
                oven.kills += 1
            oven.confirmed |= _confirmed(world.events)
            heard = len(world.events)
            world.restart()
            world.step()
            _check(oven, world.events[heard:])
        world.run_until(max(world.now_s, fault.until_s) + 60)  # what was found last is told by then
        world.idle(PATIENCE_S)
        oven.confirmed |= _confirmed(world.events)
    finally:
        world.close()


def _live(world: World, seconds: float, until_s: float) -> bool:
    """Run in virtual time until the process is shot after real `seconds`; past `until_s` only the link is served."""
    appliance = world.appliance
    assert appliance is not None
    shot = threading.Timer(seconds, appliance.process.kill)
    shot.start()
    try:
        while True:
            if world.now_s < until_s:
                world.step()
            else:
                world.idle(0.05, until=lambda: False)
    except SimulationError:
        return True
    finally:
        shot.join()


def _confirmed(events: list[Event]) -> set[str]:
    """Every code that the appliance called confirmed."""
    faults = (event.data for event in events if event.kind == "fault")
    return {fault["code"] for fault in faults if fault["status"] & ids.CONFIRMED}


def _check(oven: Oven, events: list[Event]) -> None:
    """After a start and one tick: a higher boot, and every confirmed fault still known."""
    boot = next(event.data["boot"] for event in events if event.kind == "started")
    oven.restarts_ok += boot > oven.boot
    oven.boot = boot
    oven.lost |= oven.confirmed - _confirmed(events)


async def _desk(cloud: Cloud, ovens: list[Oven]) -> tuple[int, int]:
    """Cases missing, and cases beyond the first of one fault."""
    missing = doubled = 0
    async with cloud.store.reading() as session:
        for oven in ovens:
            codes = Counter(
                await session.scalars(select(CaseRecord.code).where(CaseRecord.device == oven.identity.device))
            )
            missing += len(oven.confirmed - set(codes))
            doubled += sum(count - 1 for count in codes.values())
    return missing, doubled


def sound(result: dict[str, Any]) -> bool:
    whole = result["restarts_ok"] == result["kills"] and result["confirmed"] > 0
    return bool(whole and not (result["confirmed_lost"] or result["cases_missing"] or result["cases_doubled"]))


def show(result: dict[str, Any]) -> None:
    for key, value in result.items():
        print(f"{key.replace('_', ' '):16} {value:5}")
