"""Gives the modules of a ROM image names that cost nothing: a dotted one costs the interpreter three entries of its
table of names (itself, its last part, its file) in an appliance that loads it, and one where something only might.

Takes linked sources by path, gives the same program with every module of a package at the top, under a name that the
interpreter knows anyway (`known.py`), in capitals, as no file of a bundle is. Imports say the new names, and so do
texts all of whose words are full dotted names of modules: those by which one is imported or let go of. Lines stay.
Never renamed: what stands at the top already, and what is asked for from outside the image.
"""

import ast
from collections.abc import Iterable, Iterator

from .known import NAMES
from .link import Edit, blanked, dotted
from .live import live

# Asked for by whoever starts an interpreter.
_ENTRIES = {f"appliance.sim.{name}" for name in ("locked", "prompt", "provision")} | {"appliance.esp32.provision"}


def names(paths: Iterable[str]) -> dict[str, str]:
    """Dotted name of each module that gets another one, and that one."""
    found = {dotted(path) for path in paths if "/" in path and path.endswith(".py")}
    free = sorted((name for name in NAMES if name.isupper() and len(name) > 1), key=lambda name: (len(name), name))
    return dict(zip(sorted(found - _ENTRIES), free, strict=False))


def flatten(sources: dict[str, bytes]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Sources by their new paths, and the new path of each that has one. ValueError, with its line, for an import or a
    text that cannot say the new names."""
    table = names(sources)
    paths = {path: f"{table[dotted(path)]}.py" for path in sources if dotted(path) in table}
    return {paths.get(path, path): _rewritten(path, source, table) for path, source in sources.items()}, paths


def _rewritten(path: str, source: bytes, table: dict[str, str]) -> bytes:
    lines = source.split(b"\n")
    for line, start, end, text in sorted(_edits(path, source, table), reverse=True):
        lines[line] = lines[line][:start] + text + lines[line][end:]
    return b"\n".join(lines)


def _edits(path: str, source: bytes, table: dict[str, str]) -> Iterator[Edit]:
    tree = ast.parse(source)
    within = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in live(tree):
        if isinstance(node, ast.stmt | ast.expr) and node not in within:
            try:
                text = _new(node, table)
            except ValueError as error:
                raise ValueError(f"{path}, line {node.lineno}: {error}") from None
            if text is not None:
                yield from blanked(source, node, text)


def _new(node: ast.stmt | ast.expr, table: dict[str, str]) -> str | None:
    """What an import or a text becomes; None where it stays."""
    if isinstance(node, ast.ImportFrom) and not node.level and node.module in table:
        return f"from {table[node.module]} import {', '.join(_said(node.names, {}))}"
    if isinstance(node, ast.Import) and any(alias.name in table for alias in node.names):
        return f"import {', '.join(_said(node.names, table))}"
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _text(node.value, table)
    return None


def _said(aliases: list[ast.alias], table: dict[str, str]) -> Iterator[str]:
    """What is imported, by its new names."""
    for alias in aliases:
        if alias.name in table and not alias.asname:
            raise ValueError(f"write `from … import`, or `import {alias.name} as`")
        yield table.get(alias.name, alias.name) + (f" as {alias.asname}" if alias.asname else "")


def _text(value: str, table: dict[str, str]) -> str | None:
    """A text that names modules, as it is written in a source; None where it is another one."""
    words = value.split()
    known = [word for word in words if "." in word and word in table]
    if not known:
        return None
    if known != words:
        raise ValueError(f"{value!r} names modules of the image and something else")
    return repr(" ".join(table[word] for word in words))
