"""What the firmware needs of the heap, measured on itself: a bake that breaks, each tick under a locked heap; the same
with all that ever comes together (`strain.py`), and the smallest heap that carries it; every module's and room's share.
Takes boards, gives figures in bytes; knows no table to print.
"""

import ast
import asyncio
import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trivet import boards, paths
from trivet.boards import Board
from trivet.config import Settings
from trivet.release import installed
from trivet.serve import Cloud

from . import flat, picture, rom
from .appliance import start_command
from .consent import consent_line
from .link import ROOMS, dotted
from .strain import smallest, strain
from .world import HEAP_KIB, Event, World

# What only tools import, or a host: no appliance has it in its heap.
_SKIP = {"appliance.sim.locked", "appliance.store.wear", "appliance.store.fields"}
_ROOMY_KIB = 1024  # for counting shares: nothing is to fail there


def measure(names: list[str], say: Callable[[str], None]) -> dict[str, Any]:
    """Figures of each board, and the modules' shares."""
    figures: dict[str, Any] = {}
    for name in names:
        board = boards.load(name)
        figures[name] = measure_board(board, say)
    say("importing every module alone, lowest first")
    modules = shares(boards.load(names[0]))
    return {"board": figures, "modules": modules, "rooms": rooms(modules)}


def measure_board(board: Board, say: Callable[[str], None]) -> dict[str, int]:
    """`boot`: after start; `peak`: through a bake that breaks; `tick_alloc`: of any tick; `boot_32` and its neighbours:
    after start on a chip, calculated (picture.py); then as `_strained`."""
    name, fault = next(iter(boards.plant(board).FAULTS.items()))
    say(f"{board.name}: a bake with {name} at a heap of {HEAP_KIB} KiB, every tick with the heap locked")
    seen: list[Event] = []
    with World(board, faults=[(name, fault.at_s)], on_event=seen.append, entry="appliance.sim.locked") as world:
        world.say(consent_line("service", True))
        world.run_until(fault.until_s)
        peak, ticks = world.state.heap_peak, world.state.ticks
    crashes = [event.data["trace"] for event in seen if event.kind == "crash"]
    if crashes:
        raise RuntimeError(f"a task crashed with the heap locked:\n{crashes[0]}")
    boot = next(int(event.data["boot"]) for event in seen if event.kind == "heap")
    most = max(int(event.data["most"]) for event in seen if event.kind == "locked")
    say(f"{board.name}: {ticks} ticks; now with TLS, signed evidence, the ledger and a signed command")
    narrow = picture.measure(board)
    return {"boot": boot, "peak": peak, "tick_alloc": most, **narrow, **asyncio.run(_strained(board, say))}


async def _strained(board: Board, say: Callable[[str], None]) -> dict[str, int]:
    """`tls`: the peak while the heap is strained most, on a real cloud; `need`: the smallest heap that carries all of
    it; `free`: what an appliance's own is larger, `free_installed` with an installed bundle."""
    with tempfile.TemporaryDirectory(prefix="trivet-heap-") as scratch:
        settings = Settings(data_dir=Path(scratch), http_port=0, mqtt_port=0, nats_port=0)
        async with Cloud(settings, http=False) as cloud:
            peak = (await strain(cloud, board)).peak
            need = await smallest(cloud, board, say) * 1024
            say(f"{board.name}: the same with an installed bundle")
            more = await smallest(cloud, board, say, installed.files(board)) * 1024
    whole = HEAP_KIB * 1024
    return {"tls": peak, "need": need, "free": whole - need, "free_installed": whole - more}


def shares(board: Board) -> dict[str, int]:
    """Bytes of RAM by module, each imported from the ROM image after what it needs."""
    program = paths.firmware().parent / "tools" / "device" / "shares.py"
    called = flat.names(path for path, _ in rom.linked(board))
    order = [called.get(name, name) for name in _lowest_first(board)]
    command = start_command(rom.build(board, program), _ROOMY_KIB, "shares", *order)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, int] = json.loads(done.stdout)
    means = {new: name for name, new in called.items()}
    return {means.get(name, name): size for name, size in found.items()}


def rooms(shares: dict[str, int]) -> dict[str, int]:
    """The same by room of the house."""
    found: dict[str, int] = {}
    for name, size in shares.items():
        parts = name.split(".")
        room = ".".join(parts[:2] if len(parts) > 2 or f"appliance.{parts[-1]}" in ROOMS else parts[:1])
        found[room] = found.get(room, 0) + size
    return found


def _lowest_first(board: Board) -> list[str]:
    trees = {dotted(path): (ast.parse(source), path.endswith("__init__.py")) for path, source in rom.linked(board)}
    order: list[str] = []
    for name in trees:
        if name not in _SKIP:
            _visit(name, trees, order, set())
    return order


def _visit(name: str, trees: dict[str, tuple[ast.Module, bool]], order: list[str], path: set[str]) -> None:
    if name in order or name not in trees or name in path:
        return
    tree, package = trees[name]
    parts = name.split(".")
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + (1 if package else 0)] if node.level else []
            source = ".".join([*base, node.module] if node.module else base)
            for needed in (source, *(f"{source}.{alias.name}" for alias in node.names)):
                _visit(needed, trees, order, path | {name})
    order.append(name)
