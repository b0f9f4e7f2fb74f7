"""Modules of a chip that take exactly what their stubs say. Runs in MicroPython and in CPython. Takes the table that
`tests/esp32/stubs.py` read and, by name, what each thing does; gives modules for `sys.modules`.
"""


class NotInStubs(Exception):
    """A call that the chip's stubs do not allow."""


def fits(row, args, kwargs):
    only, either, keywords, required, many, named = row
    names = only + either
    if len(args) > len(names) and not many:
        return False
    given = set(names[: len(args)])
    for name in kwargs:
        if name in given or not (name in either or name in keywords or named):
            return False
        given.add(name)
    return all(name in given for name in required)


def check(what, rows, args, kwargs):
    if not any(fits(row, args, kwargs) for row in rows):
        raise NotInStubs("%s%r %r: the stubs have %r" % (what, args, kwargs, rows))


def checked(what, rows, does, bound=False):
    """`does`, behind the judgement. `bound`: its first argument is self or cls."""

    def call(*args, **kwargs):
        check(what, rows, args[1:] if bound else args, kwargs)
        return does(*args, **kwargs)

    return call


def build(table, behaviours):
    """{module: object}. A behaviour that the stubs do not know is a mistake of the fake."""
    made = {}
    for module, rows in table.items():
        does = behaviours.get(module, {})
        known = set(rows["functions"]) | set(rows["classes"]) | set(rows["constants"])
        for name in does:
            if name not in known and not name.startswith("_"):
                raise NotInStubs(module + "." + name)
        made[module] = _module(module, rows, does)
    return made


def _module(module, rows, does):
    space = {name: value for name, value in rows["constants"].items() if value is not None}
    for name, value in does.items():
        if name in rows["classes"]:
            space[name] = _class(module + "." + name, rows["classes"], name, value)
        elif name in rows["functions"]:
            space[name] = staticmethod(checked(module + "." + name, rows["functions"][name], value))
        else:
            space[name] = value
    return type(module, (object,), space)()


def _rows(classes, name, part):
    """Of a class and those it inherits from."""
    if name not in classes:
        return {}
    found = {}
    for base in classes[name]["bases"]:
        found.update(_rows(classes, base, part))
    found.update(classes[name][part])
    return found


def _class(what, classes, name, does):
    space = {key: value for key, value in _rows(classes, name, "constants").items() if value is not None}
    functions, kinds = _rows(classes, name, "functions"), _rows(classes, name, "kinds")
    behaves = {key: getattr(does, key) for key in dir(does) if not key.startswith("__") or key == "__init__"}
    for key, value in behaves.items():
        if key.startswith("_") and key != "__init__":
            space[key] = value  # the fake's own
        elif key in functions and callable(value):
            kind = kinds[key]
            call = checked(what + "." + key, functions[key], value, bound=kind != "static")
            space[key] = staticmethod(call) if kind == "static" else classmethod(call) if kind == "class" else call
        elif callable(value):
            raise NotInStubs(what + "." + key)
    if issubclass(does, Exception):
        return does
    return type(name, (object,), space)
