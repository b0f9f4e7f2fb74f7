"""What the chip's modules take, out of the published stubs: reads `.pyi` files, gives tables by which the fake chip
judges every call. A name that no stub has is not there; a call that no overload takes fails.

A row of a signature: [positional-only, positional or by keyword, by keyword alone, required of all these, takes *args,
takes **kwargs].
"""

import ast
from pathlib import Path
from typing import Any

MODULES = ("machine", "esp32", "network", "onewire", "micropython", "socket", "select")


def table(folder: Path, modules: tuple[str, ...] = MODULES) -> dict[str, Any]:
    """By module: {"constants": {name: value}, "functions": {name: rows}, "classes": {name: {…, "bases": […]}}}."""
    return {name: _module(ast.parse((folder / f"{name}.pyi").read_text(encoding="utf-8"))) for name in modules}


def _module(tree: ast.Module) -> dict[str, Any]:
    made = _body(tree.body, method=False)
    made["classes"] = {node.name: _class(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    return made


def _class(node: ast.ClassDef) -> dict[str, Any]:
    return _body(node.body, method=True) | {"bases": [base.id for base in node.bases if isinstance(base, ast.Name)]}


def _body(body: list[ast.stmt], method: bool) -> dict[str, Any]:
    constants: dict[str, Any] = {}
    functions: dict[str, list[list[Any]]] = {}
    kinds: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            value = node.value
            known = isinstance(value, ast.Constant) and isinstance(value.value, int | str)
            constants[node.target.id] = value.value if known else None  # the stubs leave some values open
        elif isinstance(node, ast.FunctionDef):
            words = {word.id for word in node.decorator_list if isinstance(word, ast.Name)}
            static = "staticmethod" in words
            kinds[node.name] = "static" if static else "class" if "classmethod" in words else ""
            functions.setdefault(node.name, []).append(_signature(node.args, method and not static))
    return {"constants": constants, "functions": functions, "kinds": kinds}


def _signature(args: ast.arguments, bound: bool) -> list[Any]:
    only = [one.arg for one in args.posonlyargs]
    either = [one.arg for one in args.args]
    if bound:  # self, or cls
        (only or either).pop(0)
    free = [*args.posonlyargs, *args.args]
    needed = {one.arg for one in free[: len(free) - len(args.defaults)]}
    needed |= {one.arg for one, usual in zip(args.kwonlyargs, args.kw_defaults, strict=True) if usual is None}
    required = sorted(needed & {*only, *either, *(one.arg for one in args.kwonlyargs)})
    keywords = [one.arg for one in args.kwonlyargs]
    return [only, either, keywords, required, args.vararg is not None, args.kwarg is not None]
