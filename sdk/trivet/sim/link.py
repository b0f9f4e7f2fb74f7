"""Links modules that are always loaded together into one, for ROM images: each module costs the interpreter an object,
a dictionary and a table of all names that it mentions, the same names once more in every module.

Takes sources by path, gives sources in which the modules of a room stand one after the other in the room's `__init__`,
and the places where each begins there, so that a traceback can name the real file and line. Which those are is found,
not listed: what starts the appliance imports them, directly or not, when they are imported. What is imported within a
function waits for its moment, and stays a module of its own. Never changes the order in which anything happens but that
a room's modules come together.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from .live import live, statements, words
from .scope import Uses, uses

# Imported within a function, and yet part of every whole appliance.
ALWAYS = (
    *("main", "appliance.heart", "appliance.tick", "appliance.outbox.mqtt", "appliance.outbox.uplink"),
    *("appliance.sim.line", "appliance.sim.ports", "main_esp32", "appliance.esp32.ports", "appliance.esp32.run"),
)
MONITORS = "appliance.sense.monitors"  # found by their names at run time; an image has those that its board uses
# Outside the rooms, or waiting for their moment: what never comes without the other.
HOSTS = {
    "appliance.app": "appliance.start",
    "appliance.built": "appliance.start",
    "appliance.choosing": "appliance.start",
    "appliance.updating": "appliance.start",
    "appliance.tick": "appliance.heart",
    "appliance.service.commands": "appliance.acts",
    "appliance.trust.p256_base": "appliance.trust.p256",
    "appliance.update.table": "appliance.update.kept",
    "appliance.update.download": "appliance.update.fetching",
    "appliance.update.filling": "appliance.update.fetching",
    "appliance.update.trial": "appliance.update.installing",
}
SYSTEM = "appliance.system"  # what of it is always loaded stands in the room of the ports that an image has
PORTS = ("appliance.sim", "appliance.esp32")
ROOMS = (
    *("trivet_wire", MONITORS),
    *(
        f"appliance.{room}"
        for room in ("store", "trust", "faults", "sense", "outbox", "service", "system", "sim", "esp32")
    ),
)

Edit = tuple[int, int, int, bytes]  # line, from, to, text


@dataclass
class _Module:
    name: str
    path: str
    source: bytes
    tree: ast.Module
    bound: set[str] = field(default_factory=set)  # names that the module itself defines
    uses: Uses = field(default_factory=Uses)
    inner: set[str] = field(default_factory=set)  # names that its functions have of their own

    @property
    def package(self) -> bool:
        return self.path.endswith("__init__.py")


def link(sources: dict[str, bytes]) -> "tuple[dict[str, bytes], dict[str, list[tuple[str, int]]]]":
    """Linked sources, and by path of a room's source the paths of its modules, each with the lines before it."""
    modules = {}
    for path, source in sources.items():
        tree = ast.parse(source)
        module = _Module(dotted(path), path, source, tree, set(_defined(tree)), uses(tree), set(_inner(tree)))
        modules[module.name] = module
    home = _homes(modules)
    linker = _Linker(modules, home)
    made: dict[str, bytes] = {}
    places: dict[str, list[tuple[str, int]]] = {}
    for name in _order(modules):
        module, room = modules[name], modules[home[name]]
        text = linker.rewrite(module)
        before = made.get(room.path, b"")
        if room is not module or any(_does(module.tree)):
            places.setdefault(room.path, []).append((module.path, before.count(b"\n")))
        made[room.path] = before + text + (b"" if text.endswith(b"\n") or not text else b"\n")
    return made, {path: rows for path, rows in places.items() if rows != [(path, 0)]}


def _does(tree: ast.Module) -> Iterator[bool]:
    """Whether each statement can stand in a traceback: a text cannot."""
    yield from (not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in tree.body)


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def target(module_name: str, package: bool, node: ast.ImportFrom) -> str:
    """The dotted name of what an import names."""
    if not node.level:
        return node.module or ""
    parts = module_name.split(".")
    base = parts[: len(parts) - node.level + (1 if package else 0)]
    return ".".join([*base, node.module] if node.module else base)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in statements(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For):
            yield from (
                part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            )


def _inner(tree: ast.Module) -> Iterator[str]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.Lambda):
            for node in ast.walk(function):
                if isinstance(node, ast.arg):
                    yield node.arg
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id


def _needs(module: _Module, modules: dict[str, _Module]) -> Iterator[str]:
    """Modules of the image that are imported when this one is."""
    for node in statements(module.tree):
        if isinstance(node, ast.ImportFrom):
            source = target(module.name, module.package, node)
            yield from (name for name in (f"{source}.{alias.name}" for alias in node.names) if name in modules)
            if source in modules:
                yield source
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)


def _homes(modules: dict[str, _Module]) -> dict[str, str]:
    """For each module the one in whose source it stands: its room, or itself."""
    loaded: set[str] = set()
    waiting = [name for name in modules if name in ALWAYS or name.startswith(MONITORS)]
    while waiting:
        name = waiting.pop()
        if name not in loaded:
            loaded.add(name)
            waiting.extend(_needs(modules[name], modules))
    home = {}
    for name, module in modules.items():
        room = name.rpartition(".")[0]
        if room == SYSTEM:
            room = next((one for one in PORTS if one in modules), room)
        joins = room in ROOMS and room in modules and name in loaded and not module.package
        host = HOSTS.get(name, "")
        home[name] = host if host in modules else room if joins else name
    return home


def _order(modules: dict[str, _Module]) -> list[str]:
    """What is needed stands before what needs it."""
    order: list[str] = []
    path: list[str] = []

    def visit(name: str) -> None:
        if name in order or name in path:
            return
        path.append(name)
        for needed in _needs(modules[name], modules):
            visit(needed)
        path.pop()
        order.append(name)

    for name in sorted(modules, key=lambda name: (not modules[name].package, name)):
        visit(name)
    return order


class _Linker:
    def __init__(self, modules: dict[str, _Module], home: dict[str, str]) -> None:
        self._modules = modules
        self._home = home
        self._spoken = words(modules[MONITORS].tree) if MONITORS in modules else set()
        self._brought: dict[str, dict[str, tuple[str, str]]] = {}  # by room, what its modules have imported so far

    def unique(self, module: str, name: str) -> str:
        """What a module's own name is called where it stands now."""
        alone = self._home[module] == module and not any(
            home == module and name != module for name, home in self._home.items()
        )
        spoken = self._home[module] == MONITORS and name in self._spoken
        return name if alone or spoken or name.startswith("__") else f"{name}__{module.replace('.', '_')}"

    def rewrite(self, module: _Module) -> bytes:
        """Its source as it stands in its room."""
        means = {name: self.unique(module.name, name) for name in module.bound}  # what a global name stands for
        aliases: dict[str, str] = {}  # names of modules of this image
        edits: list[Edit] = []
        for node in live(module.tree):
            if isinstance(node, ast.ImportFrom):
                edits.extend(self._import(module, node, means, aliases))
            elif isinstance(node, ast.Import):
                self._check(module, node)
        taken = set()
        for member in module.uses.members:
            owner = aliases.get(member.value.id) if isinstance(member.value, ast.Name) else None
            if owner is not None:
                taken.add(member.value)
                edits.append(_span(member, self._member(module, owner, member.attr)[2]))
        for name in module.uses.names:
            if name not in taken and means.get(name.id, name.id) != name.id:
                edits.append(_span(name, means[name.id]))
        for definition in module.uses.definitions:
            start = definition.col_offset + len("def " if isinstance(definition, ast.FunctionDef) else "class ")
            end = start + len(definition.name)
            edits.append((definition.lineno - 1, start, end, means[definition.name].encode()))
        lines = module.source.split(b"\n")
        for line, start, end, text in sorted(edits, reverse=True):
            lines[line] = lines[line][:start] + text + lines[line][end:]
        return b"\n".join(lines)

    def _found(self, owner: str, name: str) -> tuple[str, str]:
        """Where something of a module stands, and how it is called there: a module may have it from another."""
        module = self._modules.get(owner)
        if module is None:
            return owner, name
        if name not in module.bound:
            for node in statements(module.tree):
                if isinstance(node, ast.ImportFrom):
                    for alias in node.names:
                        if name == (alias.asname or alias.name):
                            return self._found(target(owner, module.package, node), alias.name)
        return self._home[owner], self.unique(owner, name)

    def _member(self, module: _Module, owner: str, name: str) -> tuple[str, str, str]:
        """`owner.name` without the owner: where it stands, how it is called there, and how in `module`. A function that
        has a name of its own like it would take that one instead."""
        where, called = self._found(owner, name)
        return where, called, f"{called}__{owner.replace('.', '_')}" if called in module.inner else called

    def _check(self, module: _Module, node: ast.Import) -> None:
        for alias in node.names:
            if self._home.get(alias.name, alias.name) != alias.name:
                raise ValueError(f"{module.path}, line {node.lineno}: write `from … import`, {alias.name} is linked")

    def _import(
        self, module: _Module, node: ast.ImportFrom, means: dict[str, str], aliases: dict[str, str]
    ) -> "Iterator[Edit]":
        """One import statement: what stands in the same source is there, the rest is asked for where it stands."""
        source = target(module.name, module.package, node)
        inner = node in module.uses.imports
        wanted: list[tuple[str, str, str]] = []  # from, name, as
        for alias in node.names:
            local = alias.asname or alias.name
            owner = f"{source}.{alias.name}"
            if owner in self._modules:
                if inner:
                    raise ValueError(f"{module.path}, line {node.lineno}: import names, not modules, within a function")
                aliases[local] = owner
                used = {part.attr for part in module.uses.members if getattr(part.value, "id", "") == local}
                wanted.extend(self._member(module, owner, name) for name in sorted(used))
                continue
            where, called = self._found(source, alias.name)
            if not inner and source in self._modules:
                means[local] = called
            wanted.append((where, called, local if inner or source not in self._modules else called))
        room = self._home[module.name]
        parts = [part for part in wanted if part[0] != room or (inner and part[1] != part[2])]
        return blanked(module.source, node, self._statement(parts, room, inner))

    def _statement(self, parts: "list[tuple[str, str, str]]", room: str, inner: bool) -> str:
        brought = self._brought.setdefault(room, {})
        by_source: dict[str, list[str]] = {}
        for source, name, local in parts:
            if not inner and brought.setdefault(local, (source, name)) != (source, name):
                raise ValueError(f"{room}: {local} is {name} of {source} and {brought[local]}")
            if source == room:
                by_source.setdefault("", []).append(f"{local} = {name}")
            else:
                by_source.setdefault(source, []).append(name if name == local else f"{name} as {local}")
        return "; ".join(
            "; ".join(names) if not source else f"from {source} import {', '.join(names)}"
            for source, names in by_source.items()
        )


def _span(node: ast.expr, text: str) -> Edit:
    assert node.lineno == node.end_lineno, "a name over two lines"
    assert node.end_col_offset is not None
    return node.lineno - 1, node.col_offset, node.end_col_offset, text.encode()


def blanked(source: bytes, node: ast.stmt | ast.expr, text: str) -> Iterator[Edit]:
    """Put `text` where a statement or a text stands, its further lines left empty."""
    lines = source.split(b"\n")
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    for line in range(node.lineno, node.end_lineno + 1):
        start = node.col_offset if line == node.lineno else 0
        end = node.end_col_offset if line == node.end_lineno else len(lines[line - 1])
        yield line - 1, start, end, (text or "pass").encode() if line == node.lineno else b""
