"""The walls of the house: who may import whom. A room that reaches higher, or a pure room that touches I/O, fails here.

Read the two tables as the floor plan. What a room may import stands beside it; anything else is a wall.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Rooms of the firmware, lowest first, and the rooms each may import besides itself.
FIRMWARE = {
    "trivet_wire": set(),
    "appliance.ports": set(),
    "appliance.store": {"trivet_wire", "appliance.ports"},
    "appliance.trust": {"trivet_wire", "appliance.ports", "appliance.store"},
    "appliance.sense": {"trivet_wire", "appliance.ports"},
    "appliance.faults": {"trivet_wire", "appliance.ports", "appliance.store"},
    "appliance.outbox": {"trivet_wire", "appliance.ports", "appliance.store", "appliance.trust", "appliance.faults"},
    "appliance.service": {
        "trivet_wire",
        "appliance.ports",
        "appliance.sense",
        "appliance.store",
        "appliance.trust",
        "appliance.faults",
    },
    "appliance.esp32": {
        "trivet_wire",
        "appliance.ports",
        "appliance.update",
        "appliance.store",
        "appliance.system",
        "appliance.trust",
    },
    "appliance.sim": {
        "trivet_wire",
        "appliance.ports",
        "appliance.update",
        "appliance.store",
        "appliance.trust",
        "appliance.service",
        "appliance.system",
        "appliance.tick",
    },
    "appliance.system": {"appliance.ports", "appliance.trust"},
    "appliance.update": {"trivet_wire", "appliance.ports", "appliance.store", "appliance.trust", "appliance.updating"},
    "appliance.updating": {"appliance.ports", "appliance.update", "appliance.service"},
    "appliance.tick": {"trivet_wire", "appliance.ports", "appliance.sense", "appliance.faults"},
    "appliance.wiring": {"trivet_wire", "appliance.sense", "appliance.faults"},
    "appliance.heart": {
        "trivet_wire",
        "appliance.tick",
        "appliance.wiring",
        "appliance.ports",
        "appliance.store",
        "appliance.sense",
        "appliance.faults",
        "appliance.outbox",
        "appliance.service",
    },
    "appliance.acts": {
        "appliance.update",
        "appliance.updating",
        "trivet_wire",
        "appliance.ports",
        "appliance.store",
        "appliance.trust",
        "appliance.service",
    },
    "appliance.hearing": {"trivet_wire", "appliance.ports", "appliance.trust", "appliance.acts"},
    "appliance.built": {
        "appliance.update",
        "appliance.updating",
        "trivet_wire",
        "appliance.ports",
        "appliance.store",
        "appliance.trust",
        "appliance.outbox",
        "appliance.service",
    },
    "appliance.app": {
        "appliance.update",
        "appliance.updating",
        "appliance.hearing",
        "appliance.built",
        "trivet_wire",
        "appliance.ports",
        "appliance.store",
        "appliance.trust",
        "appliance.service",
    },
    "appliance.start": {
        "appliance.updating",
        "trivet_wire",
        "appliance.ports",
        "appliance.app",
        "appliance.heart",
        "appliance.service",
    },
    "appliance.choosing": {"appliance.ports", "appliance.start", "appliance.update"},
    "main": {"appliance"},
    "main_esp32": {"appliance"},
}

# What reads a clock, a file, a pin or a wire. Pure rooms get these as ports.
IO = {"machine", "network", "esp32", "socket", "ssl", "tls", "select", "time", "os", "vfs", "sys", "io", "_thread"}
IO_ROOMS = {"appliance.sim", "appliance.esp32", "appliance.system", "main", "main_esp32"}

# Rooms of the SDK and what each must never import: the lower ones know nothing of the higher.
SDK_NEVER = {
    "trivet.errors": {"trivet"},
    "trivet.models": {"trivet.store", "trivet.cases", "trivet.ingest", "trivet.api", "trivet.desk", "trivet.sim"},
    "trivet.decode": {"trivet.store", "trivet.cases", "trivet.ingest", "trivet.api", "trivet.desk", "trivet.sim"},
    "trivet.boards": {"trivet.store", "trivet.cases", "trivet.ingest", "trivet.api", "trivet.desk", "trivet.engine"},
    "trivet.store": {"trivet.cases", "trivet.ingest", "trivet.api", "trivet.desk", "trivet.sim", "trivet.serve"},
    "trivet.cases": {"trivet.ingest", "trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine"},
    "trivet.engine": {"trivet.cases", "trivet.api", "trivet.desk", "trivet.sim", "trivet.serve"},
    "trivet.control": {"trivet.ingest", "trivet.cases", "trivet.api", "trivet.desk", "trivet.sim", "trivet.serve"},
    "trivet.consent": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.release": {
        *("trivet.store", "trivet.cases", "trivet.ingest", "trivet.api", "trivet.desk", "trivet.engine"),
        *("trivet.control", "trivet.updates", "trivet.serve"),
    },
    "trivet.credentials": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.hardware": {"trivet.store", "trivet.cases", "trivet.api", "trivet.desk", "trivet.ingest", "trivet.serve"},
    "trivet.updates": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.outward": {
        *("trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"),
        *("trivet.webhooks", "trivet.notify", "trivet.tickets"),
    },
    "trivet.remote": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.notify": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.setups": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.care": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.observe": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.tickets": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.inbound": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.webhooks": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve", "trivet.engine", "trivet.ingest"},
    "trivet.ingest": {"trivet.api", "trivet.desk", "trivet.sim", "trivet.serve"},
    "trivet.api": {"trivet.desk", "trivet.sim", "trivet.ingest"},
    "trivet.desk": {"trivet.sim", "trivet.ingest", "trivet.engine"},
    "trivet": {"appliance"},
}


def modules(top: Path) -> Iterator[tuple[str, Path]]:
    """(dotted name, file) of every module below `top`."""
    for file in sorted(top.rglob("*.py")):
        parts = file.relative_to(top).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def imports(name: str, file: Path) -> Iterator[str]:
    """Every module that `file` names in an import that runs; what stands under TYPE_CHECKING does not run."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    skip: set[ast.AST] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            skip.update(child for statement in node.body for child in ast.walk(statement))
        if node in skip:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, base] if base else parent)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in MODULES)


def within(name: str, room: str) -> bool:
    """Whether a module is the room itself or stands inside it."""
    return name == room or name.startswith(room + ".")


def room_of(name: str) -> str | None:
    """The room of the firmware's floor plan that a module belongs to."""
    return next((room for room in FIRMWARE if within(name, room)), None)


FIRMWARE_MODULES = list(modules(ROOT / "firmware"))
SDK_MODULES = [(name, file) for name, file in modules(ROOT / "sdk") if name]

MODULES = {name for name, _ in FIRMWARE_MODULES + SDK_MODULES}


@pytest.mark.parametrize(("name", "file"), FIRMWARE_MODULES, ids=[name for name, _ in FIRMWARE_MODULES])
def test_firmware_room_keeps_to_its_floor(name: str, file: Path) -> None:
    room = room_of(name)
    if name == "appliance":
        return
    assert room is not None, f"{name} stands in no room of the floor plan: add it to FIRMWARE, with what it may import"
    allowed = FIRMWARE[room] | {room}
    for target in imports(name, file):
        if within(target, "appliance") or within(target, "trivet_wire"):
            assert any(within(target, a) for a in allowed) or target == "appliance", f"{name} must not import {target}"


@pytest.mark.parametrize(("name", "file"), FIRMWARE_MODULES, ids=[name for name, _ in FIRMWARE_MODULES])
def test_pure_room_touches_no_hardware_and_no_clock(name: str, file: Path) -> None:
    if any(within(name, room) for room in IO_ROOMS):
        return
    touched = {target.split(".")[0] for target in imports(name, file)} & IO
    assert not touched, f"{name} is pure and imports {', '.join(sorted(touched))}: take a port instead"


@pytest.mark.parametrize(("name", "file"), SDK_MODULES, ids=[name for name, _ in SDK_MODULES])
def test_sdk_room_knows_nothing_above_it(name: str, file: Path) -> None:
    walls = {wall for room, never in SDK_NEVER.items() if within(name, room) for wall in never}
    for target in imports(name, file):
        for wall in walls:
            own = within(target, name) or (wall == "trivet" and target == "trivet")
            assert own or not within(target, wall), f"{name} must not import {target}"


def test_only_the_shared_package_crosses_between_appliance_and_cloud() -> None:
    crossing = {
        (name, target) for name, file in FIRMWARE_MODULES for target in imports(name, file) if within(target, "trivet")
    }
    assert not crossing
