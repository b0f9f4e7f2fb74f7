"""The hardest that an appliance's heap is asked: with TLS up a fault is confirmed, its evidence signed, noted in the
ledger and sent, and a signed command believed, done and answered; or the desk tests all of it from afar. Takes a cloud,
a board and a size of heap; gives the peak, or why the heap was too small. Nothing is simulated but the board's physics.

The smallest heap that carries all of it is found by trying: what is free beyond it counts, fragments and all, where
"bytes in use" would count garbage and not see a gap too narrow.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from trivet_wire import ids

from trivet import boards, control
from trivet.boards import Board
from trivet.serve import Cloud
from trivet.store.tables import CommandRow, MessageRow

from .consent import consent_line
from .device import Device, Provision
from .errors import SimulationError
from .world import HEAP_KIB, Event, World

MARGIN_KIB = 12  # what every board keeps free while all of this happens: a promise, held by a test
INSTALLED_KIB = 8  # likewise with an installed bundle, whose program and catalogue lie in the heap
SERVED_KIB = 3  # likewise with a service session besides; below it a command waits for heap, and comes again
_LEAST_KIB = 96  # no board comes near
_PATIENCE_S = 20.0  # of real time, for what takes about one second
_AFTER_S = 120  # of virtual time after a fault, until it is confirmed and its evidence told
_NEVER_S = 1e6  # nobody uses it
_TURN_S = 5.0  # of virtual time, between two looks for what a self-test came to
_SPOILT = {"crash", "unheard", "reduced", "mute", "watchdog", "crowded"}  # what a heap that is too small may lead to


_Live = Callable[[Cloud, World, str], Awaitable[str]]  # gives why it did not work


@dataclass(frozen=True)
class Strain:
    """`why`: what did not work; "" when all did. `peak`: most bytes in use, garbage included."""

    why: str
    peak: int = 0


async def strain(
    cloud: Cloud, board: Board, heap_kib: int = HEAP_KIB, files: Mapping[str, bytes] = MappingProxyType({})
) -> Strain:
    """All of it once, on a new appliance of `board`; `files` lie in its flash besides, such as an installed bundle."""
    name, fault = next(iter(boards.plant(board).FAULTS.items()))
    live = partial(_through, at_s=fault.at_s)
    return await _lived(cloud, board, live, heap_kib, files, faults=[(name, fault.at_s)])


async def served(
    cloud: Cloud, board: Board, heap_kib: int = HEAP_KIB, files: Mapping[str, bytes] = MappingProxyType({})
) -> Strain:
    """Every self-test of the board from afar, in one service session: each runs to its end, and tells it signed."""
    return await _lived(cloud, board, _tested, heap_kib, files, settings={"start_s": _NEVER_S})


async def _lived(
    cloud: Cloud, board: Board, live: _Live, heap_kib: int, files: Mapping[str, bytes], **given: Any
) -> Strain:
    """A new appliance, from its start to the end of what it has to live through."""
    identity = await cloud.enrol(board.model, board.folder)
    told: list[Event] = []
    device = Device()
    device.provision(Provision.of(identity))
    device.put(dict(files))
    try:
        world = await asyncio.to_thread(lambda: World(board, device, heap_kib=heap_kib, on_event=told.append, **given))
    except SimulationError as error:
        return Strain(str(error))
    try:
        why = await live(cloud, world, identity.device)
    except SimulationError as error:
        why = str(error)
    finally:
        await asyncio.to_thread(world.close)
    spoilt = next((event for event in told if event.kind in _SPOILT), None)
    if spoilt is not None:
        why = f"{spoilt.kind}: {dict(spoilt.data)}"
    return Strain(why, world.state.heap_peak)


async def _through(cloud: Cloud, world: World, device: str, *, at_s: float) -> str:
    await asyncio.to_thread(world.say, consent_line("service", True))
    if not await asyncio.to_thread(world.idle, _PATIENCE_S):
        return "it did not reach its broker"
    await asyncio.to_thread(world.run_until, at_s + _AFTER_S)
    if not await asyncio.to_thread(world.idle, _PATIENCE_S):
        return "its messages were not receipted"
    signed = await _signed(cloud, device, ids.EVIDENCE)
    if not signed or not all(signed):
        return "its evidence came without a signature" if signed else "no evidence came"
    reason = await _done(cloud, world, device, ids.C_CLEAR)
    return "" if reason == 0 else f"the command was not done: {reason}"


async def _tested(cloud: Cloud, world: World, device: str) -> str:
    await asyncio.to_thread(world.say, consent_line("service", True))
    if not await asyncio.to_thread(world.idle, _PATIENCE_S):
        return "it did not reach its broker"
    reason = await _done(cloud, world, device, ids.C_SESSION, 1, ids.MAX_SESSION_S, ids.END_TIME)
    if reason != 0:
        return f"no session began: {reason}"
    for count, routine in enumerate(world.board.routines, 1):
        reason = await _done(cloud, world, device, ids.C_TEST, 1, routine.name)
        if reason != 0:
            return f"{routine.name} did not begin: {reason}"
        end = time.monotonic() + _PATIENCE_S
        while len(signed := await _signed(cloud, device, ids.SELF_TEST)) < count:
            if time.monotonic() > end:
                return f"nothing came of {routine.name}"
            await asyncio.to_thread(world.run_until, world.now_s + _TURN_S)
            await asyncio.to_thread(world.idle, 0.05)
        if not all(signed):
            return f"what came of {routine.name} was not signed"
    return ""


async def _done(cloud: Cloud, world: World, device: str, command: int, *words: object) -> int | None:
    """A command under the owner's consent to service; gives what the appliance says of it."""
    async with cloud.store.writing() as session:
        counter = await control.queue(session, device, command, words, ids.G_SERVICE)
    return await _settled(cloud, world, device, counter)


async def _signed(cloud: Cloud, device: str, kind: int) -> list[bool | None]:
    """Of each message of a kind that came, whether its appliance signed it."""
    async with cloud.store.reading() as session:
        query = select(MessageRow.signed).where(MessageRow.device == device, MessageRow.kind == kind)
        return list(await session.scalars(query))


async def _settled(cloud: Cloud, world: World, device: str, counter: int) -> int | None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        await asyncio.to_thread(world.idle, 0.05)
        await asyncio.to_thread(world.step)
        async with cloud.store.reading() as session:
            reason = (await session.get_one(CommandRow, (device, counter))).reason
        if reason is not None:
            return reason
    return None


async def smallest(
    cloud: Cloud, board: Board, say: Callable[[str], None], files: Mapping[str, bytes] = MappingProxyType({})
) -> int:
    """KiB of the smallest heap that carries it all, by halving. RuntimeError when an appliance's own does not."""
    whole = await strain(cloud, board, files=files)
    if whole.why:
        raise RuntimeError(f"{board.name} at its heap of {HEAP_KIB} KiB: {whole.why}")
    enough, short = HEAP_KIB, _LEAST_KIB
    while enough - short > 1:
        middle = (enough + short) // 2
        why = (await strain(cloud, board, middle, files)).why
        say(f"{board.name}: {middle} KiB {'are too few: ' + why.splitlines()[-1] if why else 'are enough'}")
        enough, short = (enough, middle) if why else (middle, short)
    return enough
