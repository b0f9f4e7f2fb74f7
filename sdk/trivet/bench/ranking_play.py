"""One broken appliance of `tools/bench ranking`: the real firmware lives with a fault of its board's physics until
it has told of it. Takes a fault, a seed and an identity, gives the sealed messages that its queue then holds; judges
nothing.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field

from trivet_wire import ids

from trivet import boards
from trivet.sim.consent import consent_line
from trivet.sim.device import Device, Provision
from trivet.sim.errors import SimulationError
from trivet.sim.world import Event, World

from . import device as tools
from .confusion import MAINS

SETTLE_S = 5.0  # after the evidence: what confirms together is told together


@dataclass(frozen=True)
class Life:
    """One appliance to be broken."""

    board: str
    fault: str
    seed: int


@dataclass
class Heard:
    """What its cloud would receive, in order; `trouble` when the simulation broke off."""

    messages: list[bytes] = field(default_factory=list)
    trouble: str = ""


def play(life: Life, provision: Provision) -> Heard:
    """Run it, in a process of a pool."""
    board = boards.load(life.board)
    fault = boards.plant(board).FAULTS[life.fault]
    dice = random.Random(f"ranking {life.board} {life.fault} {life.seed}")
    told: list[float] = []

    def heard(event: Event) -> None:
        if event.kind == "queued" and event.data["kind"] == ids.KIND_NAMES[ids.EVIDENCE]:
            told.append(event.at_s)

    result, flash = Heard(), Device()
    faults = [(life.fault, float(fault.at_s))]
    settings = {"mains_v": dice.uniform(*MAINS)}
    try:
        with World(
            board, flash, seed=life.seed, settings=settings, faults=faults, identity=provision, on_event=heard
        ) as world:
            world.say(consent_line("service", True))
            while world.now_s < fault.until_s and not (told and world.now_s > told[0] + SETTLE_S):
                world.step()
    except SimulationError as error:
        result.trouble = str(error)
    waiting = tools.python("waiting.py", str(flash.folder))
    result.messages = [bytes.fromhex(one) for one in json.loads(waiting)]
    return result
