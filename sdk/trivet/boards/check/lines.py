"""Where each key of a TOML file stands. Takes the text, gives the line of every place in what `tomllib` makes of it.

`tomllib` keeps no positions; the grammar is tree-sitter's. Never judges: a text that is no TOML gives the lines it has.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from ..errors import Place

_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Lines:
    """Line numbers, from 1, by place: `("monitor", 3, "debounce", "fail")`."""

    def __init__(self, text: str) -> None:
        self.text = text.splitlines()
        self._at: dict[Place, int] = {(): 1}
        self._last: dict[Place, int] = {}  # of arrays of tables: position of the last one so far
        parser = Parser(Language(tree_sitter_toml.language()))
        for node in parser.parse(text.encode()).root_node.named_children:
            if node.type == "pair":
                self._pair((), node)
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def of(self, path: Place) -> int:
        """The line of a place; of a key that is not there, the line of the table in which it belongs."""
        while path not in self._at:
            path = path[:-1]
        return self._at[path]

    def quote(self, line: int) -> str:
        return self.text[line - 1].strip() if 0 < line <= len(self.text) else ""

    def places(self) -> set[Place]:
        return set(self._at)

    def _note(self, path: Place, node: Node) -> None:
        self._at.setdefault(path, node.start_point[0] + 1)

    def _table(self, node: Node) -> None:
        head, *pairs = [child for child in node.named_children if child.type != "comment"]
        path: Place = ()
        names = list(_names(head))
        for at, name in enumerate(names):
            path = (*path, name)
            if node.type == "table_array_element" and at == len(names) - 1:
                self._last[path] = self._last.get(path, -1) + 1
            self._note(path, head)
            if path in self._last:
                path = (*path, self._last[path])
                self._note(path, head)
        for pair in pairs:
            if pair.type == "pair":
                self._pair(path, pair)

    def _pair(self, path: Place, node: Node) -> None:
        key, *values = [child for child in node.named_children if child.type != "comment"]
        for name in _names(key):
            path = (*path, name)
            self._note(path, key)
        for value in values:
            self._value(path, value)

    def _value(self, path: Place, node: Node) -> None:
        inside = [child for child in node.named_children if child.type != "comment"]
        if node.type == "array":
            for at, child in enumerate(inside):
                self._note((*path, at), child)
                self._value((*path, at), child)
        elif node.type == "inline_table":
            for child in inside:
                if child.type == "pair":
                    self._pair(path, child)


def _names(key: Node) -> Iterator[str]:
    if key.type == "dotted_key":
        for child in key.named_children:
            if child.type in _KEYS:
                yield from _names(child)
        return
    text = (key.text or b"").decode()
    yield text if key.type == "bare_key" else next(iter(tomllib.loads(f"{text} = 0")))


def said(document: Any, path: Place) -> str:
    """A place as a person says it: `monitor "ntc_open": debounce: fail`."""
    words: list[str] = []
    for step in path:
        inside = document[step] if isinstance(document, dict) and step in document else None
        if isinstance(step, int):
            inside = document[step] if isinstance(document, list) and step < len(document) else None
            label = inside if isinstance(inside, dict) else {}
            name = next((label[key] for key in ("event", "name", "number") if isinstance(label.get(key), str)), None)
            words[-1] += f' "{name}"' if name else f" number {step + 1}"
        else:
            words.append(step)
        document = inside
    return ": ".join(words)
