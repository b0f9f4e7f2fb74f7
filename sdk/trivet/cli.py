"""The one command, `trivet`. Each word after it lives in its own file in `commands/`, imported only when it is asked
for: a simulation need not wait for the web pages' libraries.
"""

import importlib
import importlib.util
from typing import Any

import typer
from typer.core import TyperGroup

# word -> module; each has `app`, a typer.Typer with one command, or `WORD_app` where a module has two words
COMMANDS = {
    "new": "trivet.commands.new",
    "sim": "trivet.commands.sim",
    "demo": "trivet.commands.demo",
    "doctor": "trivet.commands.doctor",
    "plots": "trivet.commands.plots",
    "serve": "trivet.commands.serve",
    "provision": "trivet.commands.provision",
    "claim": "trivet.commands.claim",
    "retention": "trivet.commands.retention",
    "erase": "trivet.commands.erase",
    "link": "trivet.commands.claim",
    "audit": "trivet.commands.audit",
    "keys": "trivet.commands.keys",
    "evidence": "trivet.commands.evidence",
    "check": "trivet.commands.check",
    "pack": "trivet.commands.pack",
    "ledger": "trivet.commands.ledger",
    "login": "trivet.commands.login",
}


class _Lazy(TyperGroup):
    """Offers every word of COMMANDS whose module is there."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [word for word, module in COMMANDS.items() if importlib.util.find_spec(module) is not None]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command = typer.main.get_command(getattr(module, f"{cmd_name}_app", module.app))
        command.name = cmd_name
        return command


app = typer.Typer(cls=_Lazy, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def root() -> None:
    """Appliances that say what is wrong with them, and the cloud that acts on it."""


def main() -> None:
    app()


if __name__ == "__main__":
    main()
