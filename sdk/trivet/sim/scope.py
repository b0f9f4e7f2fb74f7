"""Which names in a module's source mean what the module itself has at its top, and not something within a function."""

import ast
from dataclasses import dataclass, field

_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass
class Uses:
    """Nodes of a module by what they are to the world outside its functions."""

    names: list[ast.Name] = field(default_factory=list)  # that stand for something at the module's top
    members: list[ast.Attribute] = field(default_factory=list)  # `x.y` of such a name
    definitions: list[ast.FunctionDef | ast.ClassDef] = field(default_factory=list)  # at the module's top
    imports: list[ast.ImportFrom] = field(default_factory=list)  # within a function


def uses(tree: ast.Module) -> Uses:
    walker = _Walker()
    walker.visit(tree)
    return walker.found


class _Walker(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found = Uses()
        self._locals: list[set[str]] = []  # of the functions and classes around
        self._functions = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if not self._locals:
            self.found.definitions.append(node)
        for part in (*node.decorator_list, *node.args.defaults, *(part for part in node.args.kw_defaults if part)):
            self.visit(part)
        self._enter(_bound(node), node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in (*node.args.defaults, *(part for part in node.args.kw_defaults if part)):
            self.visit(part)
        self._enter(_bound(node), [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if not self._locals:
            self.found.definitions.append(node)
        for part in (*node.decorator_list, *node.bases):
            self.visit(part)
        own = {name for statement in node.body for name in _stored(statement)}
        for statement in node.body:  # a class's names are not those of its methods
            if isinstance(statement, ast.FunctionDef):
                self._locals.append(set())
                self.visit_FunctionDef(statement)
                self._locals.pop()
            else:
                self._locals.append(own)
                self.visit(statement)
                self._locals.pop()

    def _enter(self, names: set[str], body: "list[ast.stmt] | list[ast.expr]") -> None:
        self._locals.append(names)
        self._functions += 1
        for part in body:
            self.visit(part)
        self._functions -= 1
        self._locals.pop()

    def _comprehension(self, node: _Comprehension) -> None:
        self.visit(node.generators[0].iter)
        targets = [part for each in node.generators for part in ast.walk(each.target)]
        self._locals.append({part.id for part in targets if isinstance(part, ast.Name)})
        for part in ast.iter_child_nodes(node):
            if part is not node.generators[0]:
                self.visit(part)
        for condition in node.generators[0].ifs:
            self.visit(condition)
        self._locals.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_Global(self, node: ast.Global) -> None:
        raise ValueError(f"line {node.lineno}: linked modules have no `global`")

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Constant) and not node.test.value):
            self.generic_visit(node)
            return
        for statement in node.orelse:
            self.visit(statement)

    def visit_arg(self, node: ast.arg) -> None:
        pass  # annotations are not compiled

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if self._functions:
            self.found.imports.append(node)

    def visit_Name(self, node: ast.Name) -> None:
        if not any(node.id in names for names in self._locals):
            self.found.names.append(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and not any(node.value.id in names for names in self._locals):
            self.found.members.append(node)
        self.generic_visit(node)


def _bound(function: "ast.FunctionDef | ast.Lambda") -> set[str]:
    names = {part.arg for part in ast.walk(function.args) if isinstance(part, ast.arg)}
    for part in function.body if isinstance(function, ast.FunctionDef) else []:
        names |= _stored(part)
    return names


def _stored(statement: ast.stmt) -> set[str]:
    """What a statement binds where it stands, not within a function of its own."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    names: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        if not isinstance(node, _Comprehension):  # its names are its own
            waiting.extend(ast.iter_child_nodes(node))
    return names
