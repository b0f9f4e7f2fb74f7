"""Folds integer constants across the firmware's modules, for ROM images: what `const()` does within one file, for all
of them.

Takes sources by path, gives sources in which every use of a module-level integer is its value, its import is gone
and, where nothing else needs the name, its definition too. That saves a slot in each importing module's dictionary
and the name itself. Lines stay where they are, so a traceback names the line of the real source. Never changes what a
program computes.
"""

import ast
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}
_LARGEST = (1 << 30) - 1  # a small integer on the chip; larger ones are objects and better kept once


@dataclass
class _Module:
    name: str
    package: bool
    tree: ast.Module
    lines: list[bytes]
    constants: dict[str, int] = field(default_factory=dict)  # defined here
    known: dict[str, int] = field(default_factory=dict)  # usable here: own and imported
    modules: dict[str, str] = field(default_factory=dict)  # local name -> module it stands for
    kept: set[str] = field(default_factory=set)  # own names that something still needs
    edits: list[tuple[int, int, int, bytes]] = field(default_factory=list)  # line, from, to, text


def fold(sources: dict[str, bytes]) -> dict[str, bytes]:
    """Folded sources under the same paths (`appliance/outbox/mqtt.py`)."""
    modules = {_dotted(path): _read(path, source) for path, source in sources.items()}
    for module in modules.values():
        _resolve(module, modules, set())
    for module in modules.values():
        _uses(module, modules)
    for module in modules.values():
        _definitions(module)
    return {path: _text(modules[_dotted(path)]) for path in sources}


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _read(path: str, source: bytes) -> _Module:
    return _Module(_dotted(path), path.endswith("__init__.py"), ast.parse(source), source.split(b"\n"))


def _resolve(module: _Module, modules: dict[str, _Module], under_way: set[str]) -> None:
    """Fill `constants` and `known`, those of imported modules first."""
    if module.known or module.name in under_way:
        return
    under_way.add(module.name)
    bound = _bound_more_than_once(module.tree)
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom):
            _resolve_import(module, node, modules, under_way, bound)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            value = _value(node.value, module.known)
            if value is not None and name not in bound:
                module.constants[name] = module.known[name] = value


def _resolve_import(
    module: _Module, node: ast.ImportFrom, modules: dict[str, _Module], under_way: set[str], bound: set[str]
) -> None:
    source = _source(module, node)
    for alias in node.names:
        local = alias.asname or alias.name
        if f"{source}.{alias.name}" in modules:
            module.modules[local] = f"{source}.{alias.name}"
        elif source in modules:
            _resolve(modules[source], modules, under_way)
            value = modules[source].constants.get(alias.name)
            if value is not None and local not in bound:
                module.known[local] = value


def _source(module: _Module, node: ast.ImportFrom) -> str:
    """The dotted name of what an import names."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    base = parts[: len(parts) - node.level + (1 if module.package else 0)]
    return ".".join([*base, node.module] if node.module else base)


def _bound_more_than_once(tree: ast.Module) -> set[str]:
    """Names that something besides one module-level statement binds: not constants, or shadowed somewhere."""
    seen: set[str] = set()
    twice: set[str] = set()
    for name in _bindings(tree):
        (twice if name in seen else seen).add(name)
    return twice


def _bindings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler) and node.name:
            yield node.name
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from [*node.names, *node.names]
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.JoinedStr):  # positions inside are not the source's
            names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
            yield from [*names, *names]


def _value(node: ast.expr, known: dict[str, int]) -> int | None:
    """The integer that an expression of constants has."""
    value: int | None = None
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        value = node.value  # `TYPE_CHECKING = False` too: what stands under it is then never compiled
    elif isinstance(node, ast.Name):
        value = known.get(node.id)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _value(node.operand, known)
        value = None if inner is None else -inner
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _value(node.left, known), _value(node.right, known)
        if left is not None and right is not None:
            value = _OPERATORS[type(node.op)](left, right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const":
        value = _value(node.args[0], known)
    return value if value is not None and abs(value) <= _LARGEST else None


def _uses(module: _Module, modules: dict[str, _Module]) -> None:
    """Replace every use; note which names something still needs."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in module.known:
            _replace(module, node, module.known[node.id])
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = modules.get(module.modules.get(node.value.id, ""))
            if owner is None or node.attr not in owner.constants:
                continue
            if isinstance(node.ctx, ast.Load) and node.lineno == node.end_lineno:
                _replace(module, node, owner.constants[node.attr])
            else:
                owner.kept.add(node.attr)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            _imports(module, node, modules)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in module.constants:
            module.kept.add(node.value)  # __all__, getattr


def _imports(module: _Module, node: ast.ImportFrom, modules: dict[str, _Module]) -> None:
    owner = modules.get(_source(module, node))
    rest = []
    for alias in node.names:
        local = alias.asname or alias.name
        if node in module.tree.body and owner and alias.name in owner.constants and local in module.known:
            continue
        if owner is not None:
            owner.kept.add(alias.name)
        rest.append(alias.name + (f" as {alias.asname}" if alias.asname else ""))
    if len(rest) < len(node.names):
        text = f"from {'.' * node.level}{node.module or ''} import {', '.join(rest)}" if rest else "pass"
        _blank(module, node, text.encode())


def _definitions(module: _Module) -> None:
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in module.constants and name not in module.kept:
                _blank(module, node, b"pass")


def _replace(module: _Module, node: ast.Name | ast.Attribute, value: int) -> None:
    text = repr(value) if value >= 0 else f"({value})"
    assert node.end_col_offset is not None
    module.edits.append((node.lineno - 1, node.col_offset, node.end_col_offset, text.encode()))


def _blank(module: _Module, node: ast.stmt, text: bytes) -> None:
    """Put `text` where a statement stands, its further lines left empty."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    module.edits = [edit for edit in module.edits if not first <= edit[0] <= last]
    assert node.end_col_offset is not None
    for line in range(first, last + 1):
        start = node.col_offset if line == first else 0
        end = node.end_col_offset if line == last else len(module.lines[line])
        module.edits.append((line, start, end, text if line == first else b""))


def _text(module: _Module) -> bytes:
    lines = list(module.lines)
    for line, start, end, text in sorted(module.edits, reverse=True):
        lines[line] = lines[line][:start] + text + lines[line][end:]
    return b"\n".join(lines)
