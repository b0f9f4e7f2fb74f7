"""Spares the interpreter names, for ROM images: it keeps an entry in RAM for every different name that it does not have
in ROM, and what the firmware calls a thing is of no matter to it.

Takes sources by path, gives sources in which each name that is the firmware's own has become one that the interpreter
knows anyway (`known.py`) and that no source mentions; when those run out, a short new one. Two names become the same
where no module mentions both, since then no object has both: what one module alone says, such as a private attribute
or an argument, meets nothing elsewhere. Lines stay. Never touched: what the interpreter itself knows, since it may be
asked for; words in strings; names of modules and of what is called from outside the image.
"""

import ast
import io
import itertools
import keyword
import re
import string
import tokenize
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .known import NAMES
from .link import dotted, target
from .live import live, words
from .unused import ENTRY

_COMPILED = {"const", "super", "micropython", "native", "viper", "bytecode", "_", "match", "case", "type"}
# What C code asks an object of any class for: a block device, a file system, an iterator, a mapping.
_ASKED = {
    "readblocks",
    "writeblocks",
    "ioctl",
    "sync",
    "count",
    "mount",
    "umount",
    "open",
    "stat",
    "remove",
    "rename",
} | {*("chdir", "getcwd", "ilistdir", "mkdir", "rmdir", "statvfs", "send", "throw", "close", "keys", "value", "errno")}

# Modules of a chip, which knows other names than the interpreter that `known.py` asked: who talks to it keeps them all.
_CHIP = {"machine", "esp32", "network", "onewire"}


def shorten(sources: dict[str, bytes], *, steady: bool = False) -> dict[str, bytes]:
    """The same program under the same paths. `steady`: what a name becomes depends on the name itself, so that others
    mostly keep theirs when one comes or goes, and the delta between two releases of a program stays small; else as few
    different ones as possible are used."""
    modules = [_Module.read(path, source) for path, source in sources.items()]
    table = _Table(modules, steady)
    return {module.path: table.rewrite(module) for module in modules}


@dataclass
class _Module:
    path: str
    source: bytes
    tree: ast.Module
    names: list[str]  # in the order of their appearance
    own: set[str]  # arguments and locals, which are nothing outside their function
    bases: set[str]  # paths of modules whose classes it inherits from: their instances share names

    @classmethod
    def read(cls, path: str, source: bytes) -> "_Module":
        tree = ast.parse(source)
        scope = _Scope()
        scope.visit(tree)
        names = list(dict.fromkeys(_names(tree)))
        return cls(path, source, tree, names, scope.inner - scope.outer, set(_bases(path, tree)))


class _Table:
    """Which name becomes which, in each module."""

    def __init__(self, modules: list[_Module], steady: bool) -> None:
        paths = {module.path for module in modules}
        spoken = set().union(*(words(module.tree) | _parts(module) for module in modules))
        fixed = ENTRY | NAMES | _COMPILED | set(keyword.kwlist) | spoken
        for module in modules:
            fixed |= set(_of_interpreter(module.tree, paths))
            talks = _CHIP & set(_modules(module.tree))
            fixed |= {name for name in module.names if talks and "__appliance_" not in name}  # those the linker made
        self._free = list(_free(spoken.union(*(module.names for module in modules))))
        self._borrowed = sum(name in NAMES for name in self._free) if steady else 0  # the first ones cost nothing
        self._kin = _kin(modules)
        self._taken: dict[str, set[str]] = {path: set() for path in paths}  # by module, what names have become
        self._becomes: dict[str, dict[str, str]] = {path: {} for path in paths}
        for name, where in sorted(_meanings(modules), key=lambda row: -len(row[1])):
            if name not in fixed and not name.startswith("__"):
                self._choose(name, where)

    def _choose(self, name: str, where: frozenset[str]) -> None:
        """The first free name that none of the modules uses yet, nor one whose objects might be the same."""
        near = set().union(*(self._kin[path] for path in where))
        new = next(new for new in self._candidates(name) if not any(new in self._taken[path] for path in near))
        for path in near:
            self._taken[path].add(new)
        for path in where:
            self._becomes[path][name] = new

    def _candidates(self, name: str) -> Iterable[str]:
        if not self._borrowed:
            return self._free
        start = zlib.crc32(name.encode()) % self._borrowed
        return itertools.chain(self._free[start : self._borrowed], self._free[:start], self._free[self._borrowed :])

    def rewrite(self, module: _Module) -> bytes:
        return _renamed(module.source, self._becomes[module.path])


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def _meanings(modules: list[_Module]) -> "Iterator[tuple[str, frozenset[str]]]":
    """Each name with the modules in which it means the same: all that mention it, but for what is a function's own. One
    that an object gets from outside its class may meet any other, and means the same everywhere."""
    everywhere = frozenset(module.path for module in modules)
    given = {name for module in modules for name in _given_from_outside(module.tree)}
    called = {node.arg for module in modules for node in live(module.tree) if isinstance(node, ast.keyword)}
    shared: dict[str, set[str]] = {}
    for module in modules:
        for name in module.names:
            if name in module.own - called:
                yield name, frozenset((module.path,))
            else:
                shared.setdefault(name, set()).add(module.path)
    for name, where in shared.items():
        yield name, everywhere if name in given else frozenset(where)


def _given_from_outside(tree: ast.Module) -> Iterator[str]:
    """Attributes that are set on something else than `self`."""
    for node in live(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            own = isinstance(node.value, ast.Name) and node.value.id == "self"
            yield from () if own else (node.attr,)


def _kin(modules: list[_Module]) -> dict[str, set[str]]:
    """By module, those whose classes may have instances in common with its own: itself, bases and heirs."""
    kin = {module.path: {module.path} for module in modules}
    for module in modules:
        for base in module.bases & kin.keys():
            both = kin[module.path] | kin[base]
            for path in both:
                kin[path] = both
    return kin


def _parts(module: _Module) -> set[str]:
    return set(re.split(r"\W", module.path))


def _of_interpreter(tree: ast.Module, paths: set[str]) -> Iterator[str]:
    """What is imported from modules that are not in the image, and their names."""
    for node in live(tree):
        if isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom) and not node.level:
            file = (node.module or "").replace(".", "/")
            if f"{file}.py" not in paths and f"{file}/__init__.py" not in paths:
                yield from (alias.name for alias in node.names)
            yield from file.split("/")


def _free(taken: set[str]) -> Iterator[str]:
    """Names nobody uses, those that cost nothing first."""
    letters = string.ascii_lowercase
    new = itertools.chain((f"_{a}" for a in letters), (f"_{a}{b}" for a in letters for b in letters))
    for name in itertools.chain(sorted(NAMES - _COMPILED - _ASKED - set(keyword.kwlist)), new):
        if name not in taken and not name.startswith("__"):
            yield name


def _renamed(source: bytes, table: dict[str, str]) -> bytes:
    lines = source.split(b"\n")
    found = [token for token in tokenize.tokenize(io.BytesIO(source).readline) if token.type == tokenize.NAME]
    for token in reversed(found):
        if token.string in table:
            row, start = token.start
            line = lines[row - 1].decode()
            lines[row - 1] = (line[:start] + table[token.string] + line[token.end[1] :]).encode()
    return b"\n".join(lines)


def _names(tree: ast.Module) -> Iterator[str]:
    """Every name that compiled code holds or might hold."""
    for node in live(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.keyword | ast.ExceptHandler):
            yield from _given(node.arg if isinstance(node, ast.keyword) else node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node)


def _given(name: str | None) -> Iterable[str]:
    return (name,) if name else ()


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module:
        yield from node.module.split(".")
    for alias in node.names:
        yield from alias.name.split(".")
        yield from _given(alias.asname)


class _Scope(ast.NodeVisitor):
    """`inner`: names of arguments and locals; `outer`: all that others could see, or that is looked up by its name."""

    def __init__(self) -> None:
        self.inner: set[str] = set()
        self.outer: set[str] = set()
        self._inside = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.outer.add(node.name)
        for part in (*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)):
            self.visit(part)
        before, self._inside = self._inside, True
        self.inner |= {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
        for statement in node.body:
            self.visit(statement)
        self._inside = before

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.outer |= {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.outer.add(node.name)
        before, self._inside = self._inside, False
        self.generic_visit(node)
        self._inside = before

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store) or not self._inside:
            (self.inner if self._inside else self.outer).add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.outer.add(node.attr)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.outer |= set(node.names)

    def visit_Import(self, node: ast.Import) -> None:
        self.outer |= set(_imported(node))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.outer |= set(_imported(node))


def _bases(path: str, tree: ast.Module) -> Iterator[str]:
    """Files of what its classes inherit from, as far as that is imported."""
    package = path.endswith("__init__.py")
    inherited = {base.id for node in live(tree) if isinstance(node, ast.ClassDef) for base in _leading(node)}
    for node in live(tree):
        if isinstance(node, ast.ImportFrom):
            file = target(dotted(path), package, node).replace(".", "/")
            for alias in node.names:
                if (alias.asname or alias.name) in inherited:
                    yield from (f"{file}.py", f"{file}/__init__.py", f"{file}/{alias.name}.py")


def _leading(node: ast.ClassDef) -> Iterator[ast.Name]:
    """The name that each base begins with."""
    for base in node.bases:
        first = base
        while isinstance(first, ast.Attribute):
            first = first.value
        if isinstance(first, ast.Name):
            yield first
