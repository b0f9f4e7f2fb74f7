"""Spares the interpreter names, for ROM images: it keeps an entry in RAM for every different name that it does not have
in ROM, and what the firmware calls a thing is of no matter to it.

Takes sources by path, gives sources in which each name that is the firmware's own has become one that the interpreter
knows anyway (`known.py`) and that no source mentions; when those run out, a short new one. A name that lives in one
module alone, as a private attribute or an argument, shares its new name with those of other modules. Lines stay. Never
touched: what the interpreter itself knows, since it may be asked for; words in strings; names of modules and of what is
called from outside the image.
"""

import ast
import io
import itertools
import keyword
import re
import string
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .known import NAMES
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


def shorten(sources: dict[str, bytes]) -> dict[str, bytes]:
    """The same program under the same paths."""
    modules = [_Module.read(path, source) for path, source in sources.items()]
    table = _Table(modules)
    return {module.path: table.rewrite(module) for module in modules}


@dataclass
class _Module:
    path: str
    source: bytes
    names: list[str]  # in the order of their appearance
    own: set[str]  # of which no other module means the same
    heir: bool  # a class of it inherits from another module's: their instances share names

    @classmethod
    def read(cls, path: str, source: bytes) -> "_Module":
        tree = ast.parse(source)
        scope = _Scope()
        scope.visit(tree)
        return cls(path, source, list(dict.fromkeys(_names(tree))), scope.inner - scope.outer, _inherits(tree))


class _Table:
    """Which name becomes which, in each module."""

    def __init__(self, modules: list[_Module]) -> None:
        everywhere = Counter(name for module in modules for name in module.names)
        trees = [ast.parse(module.source) for module in modules]
        fixed = ENTRY | NAMES | _COMPILED | set(keyword.kwlist)
        for module, tree in zip(modules, trees, strict=True):
            fixed |= _parts(module) | words(tree) | set(_of_interpreter(tree, {module.path for module in modules}))
        called = {node.arg for tree in trees for node in live(tree) if isinstance(node, ast.keyword)}
        taken = set(everywhere).union(*(words(tree) for tree in trees), *(_parts(module) for module in modules))
        free = _free(taken)
        self._own: dict[str, list[str]] = {}
        self._shared: dict[str, str] = {}
        for module in modules:
            names = [name for name in module.names if name not in fixed and not name.startswith("__")]
            alone = {name for name in names if everywhere[name] == 1 and not module.heir}
            alone |= (module.own & set(names)) - called
            self._own[module.path] = [name for name in names if name in alone]
            for name in names:
                if name not in alone and name not in self._shared:
                    self._shared[name] = next(free)
        most = max((len(names) for names in self._own.values()), default=0)
        self._pool = list(itertools.islice(free, most))

    def rewrite(self, module: _Module) -> bytes:
        own = dict(zip(self._own[module.path], self._pool, strict=False))
        return _renamed(module.source, {**self._shared, **own})


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


def _inherits(tree: ast.Module) -> bool:
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
