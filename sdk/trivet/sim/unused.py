"""Leaves out of a ROM image what nothing in it mentions: functions, methods and tables of the shared package that only
the cloud uses, words of a library that nobody says. Each would cost the appliance an object in RAM.

Takes sources by path, gives sources with `pass` in the place of what is left out. Lines stay. What has effects when the
module is imported, classes, whatever any string mentions and methods that the interpreter might call are never touched.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from .known import NAMES
from .live import live

_PURE = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Name, ast.UnaryOp, ast.BinOp),
    *(ast.expr_context, ast.operator, ast.unaryop),
)
# What a maker's program may call of the firmware, and is called by (firmware/drivers.pyi, inputs.pyi): it may come in a
# bundle, compiled apart from the image and long after it.
OFFERED = {"Application", "tick", "tick_ms", "index", "output", "function", "allowed"}
OFFERED |= {"Inputs", "input", "read", "write", "show"}
ENTRY = {"main"} | OFFERED  # called by, or calling, what is outside the image


def leave_out(sources: dict[str, bytes]) -> dict[str, bytes]:
    """Repeated until nothing more falls: what only a left-out function used goes with it."""
    while True:
        trees = {path: ast.parse(source) for path, source in sources.items()}
        mentions = Counter(name for tree in trees.values() for name in _mentions(tree))
        slimmer = {path: _module(source, trees[path], mentions) for path, source in sources.items()}
        if slimmer == sources:
            return slimmer
        sources = slimmer


def _mentions(tree: ast.AST) -> Iterator[str]:
    for node in live(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


def _module(source: bytes, tree: ast.Module, mentions: "Counter[str]") -> bytes:
    lines = source.split(b"\n")
    methods = [node for part in tree.body if isinstance(part, ast.ClassDef) for node in part.body]
    for node in [*tree.body, *filter(_is_method, methods)]:
        if _can_go(node, mentions):
            assert node.end_lineno is not None
            first = node.lineno - 1
            lines[first : node.end_lineno] = [
                b" " * node.col_offset + b"pass",
                *([b""] * (node.end_lineno - node.lineno)),
            ]
    return b"\n".join(lines)


def _is_method(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name not in NAMES and not node.name.startswith("__")


def _can_go(node: ast.stmt, mentions: "Counter[str]") -> bool:
    if isinstance(node, ast.FunctionDef):
        own = Counter(_mentions(node))[node.name]
        return not node.decorator_list and node.name not in ENTRY and mentions[node.name] <= own
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        pure = all(isinstance(part, _PURE) for part in ast.walk(node.value))
        return pure and not node.targets[0].id.startswith("__") and mentions[node.targets[0].id] == 0
    return False
