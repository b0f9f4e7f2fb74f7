"""Words that live in a module each, imported only when they are asked for. Takes a table of words and modules, gives a
command group for typer.
"""

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class Lazy(TyperGroup):
    """Offers every word of `words` whose module is there. A module has `app`, a typer.Typer with one command, or
    `WORD_app` where it has several words."""

    words: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        return [word for word, module in self.words.items() if importlib.util.find_spec(module) is not None]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(self.words[cmd_name])
        found = getattr(module, f"{cmd_name}_app", None) or module.app
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


def group(words: Mapping[str, str]) -> type[Lazy]:
    return type("Words", (Lazy,), {"words": words})
