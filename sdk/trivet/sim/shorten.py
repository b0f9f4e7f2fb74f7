"""Shortens private names of the firmware for ROM images: the interpreter keeps one entry per different name in RAM,
and a name such as `_resend_at` that only one module uses can be any name there.

Takes sources by path, gives sources where each private name (one leading underscore) that no other module mentions has
become `_a`, `_b`, … of its module. Lines stay. A module whose classes inherit from another module's is left alone,
since its instances share their names with the parent's. Public names, arguments and strings are never touched.
"""

import ast
import itertools
import re
import string
from collections import Counter

_PRIVATE = re.compile(r"_[a-z][A-Za-z0-9_]*\Z")
_TOKEN = re.compile(rb"(?<![A-Za-z0-9_])_[a-z][A-Za-z0-9_]*")


def shorten(sources: dict[str, bytes]) -> dict[str, bytes]:
    """Shortened sources under the same paths."""
    trees = {path: ast.parse(source) for path, source in sources.items()}
    everywhere = Counter(name for source in sources.values() for name in set(_words(source)))
    return {path: _module(source, trees[path], everywhere) for path, source in sources.items()}


def _words(source: bytes) -> list[str]:
    """Every word in a file, in code, strings or comments: whoever mentions a name keeps it."""
    return [word.decode() for word in re.findall(rb"[A-Za-z_][A-Za-z0-9_]*", source)]


def _module(source: bytes, tree: ast.Module, everywhere: "Counter[str]") -> bytes:
    if _inherits_from_elsewhere(tree):
        return source
    names = [name for name in dict.fromkeys(_identifiers(tree)) if _PRIVATE.match(name) and everywhere[name] == 1]
    outside = set(_arguments(tree)) | _in_strings(tree)
    taken = set(_words(source))
    free = (name for name in _short_names() if name not in taken)
    table = {name.encode(): next(free).encode() for name in names if name not in outside}
    return _TOKEN.sub(lambda found: table.get(found.group(), found.group()), source)


def _short_names() -> "itertools.chain[str]":
    letters = string.ascii_lowercase
    return itertools.chain((f"_{a}" for a in letters), (f"_{a}{b}" for a in letters for b in letters))


def _identifiers(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.append(node.attr)
        elif isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
    return found


def _arguments(tree: ast.Module) -> list[str]:
    words = [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    return words + [node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg]


def _in_strings(tree: ast.Module) -> set[str]:
    return {
        word
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in re.findall(r"\w+", node.value)
    }


def _inherits_from_elsewhere(tree: ast.Module) -> bool:
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    bases = [base for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases]
    return any(
        isinstance(base, ast.Attribute) or (isinstance(base, ast.Name) and base.id in imported) for base in bases
    )
