"""Whatever the service refuses a person at the desk has a sentence in every language that the desk speaks."""

import ast
from collections.abc import Iterator
from pathlib import Path

from trivet import cases, remote, visits
from trivet.desk.texts import Words, table

ROOMS = (cases, remote, visits)
ELSEWHERE = {"quota", "no-such-day", "no-postcodes", "no-such-zone"}  # areas are made by API and command line alone


def refusals() -> Iterator[str]:
    """The kinds of every CaseError that these rooms raise; `no-such-{what}` by what it is called with."""
    for room in ROOMS:
        [folder] = room.__path__
        for file in sorted(Path(folder).glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "CaseError":
                    kind = node.args[0]
                    if isinstance(kind, ast.Constant):
                        yield str(kind.value)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_need":
                    what = node.args[2]
                    assert isinstance(what, ast.Constant)
                    yield f"no-such-{what.value}"


def test_each_kind_has_a_german_sentence() -> None:
    kinds = set(refusals()) - ELSEWHERE
    assert len(kinds) > 25
    assert {kind for kind in kinds if f"refusal.{kind}" not in table()} == set()


def test_a_kind_without_one_says_it_in_english_rather_than_not_at_all() -> None:
    assert Words("de").refusal("never-heard-of", "it is so") == "It is so"
    assert Words("de").refusal("busy", "wait").startswith("Eins nach dem anderen")
