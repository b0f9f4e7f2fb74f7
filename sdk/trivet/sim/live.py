"""What of a source is ever compiled: takes its tree, gives nodes and words. Annotations, documentation and what stands
under `if False:` (after folding: under `if TYPE_CHECKING:`) are not.
"""

import ast
import re
from collections.abc import Iterator


def live(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that becomes code."""
    yield tree
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns"):
            continue
        if name == "body" and isinstance(tree, ast.If) and _never(tree.test):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and not _idle(node):
                yield from live(node)


def words(tree: ast.Module) -> set[str]:
    """Every word in a string by which something may be looked up: one that stands alone, or dotted ones. A sentence for
    people is no name."""
    texts = [node.value for node in live(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    names = [text for text in texts if len(text.split()) < 2 or all("." in word.strip(".") for word in text.split())]
    return {word for text in names for word in re.findall(r"\w+", text)}


def _never(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and not test.value


def _idle(node: ast.AST) -> bool:
    """A string that stands alone: documentation."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """What runs when a module is imported, apart from what is never compiled."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.If):
            waiting[:0] = node.orelse if _never(node.test) else [*node.body, *node.orelse]
        else:
            yield node
