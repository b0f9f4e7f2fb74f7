"""Every word of `trivet` says what it takes, and nothing that only its shell could use."""

from collections.abc import Iterator

import click
import typer
from trivet.cli import app


def leaves(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        inner = command.get_command(context, word)
        assert inner is not None
        yield from leaves(inner, f"{name} {word}")


def test_no_word_offers_to_install_completion() -> None:
    found = dict(leaves(typer.main.get_command(app), "trivet"))
    assert {"trivet release keys rotate", "trivet release offer", "trivet serve"} <= set(found)
    for name, command in found.items():
        options = {one for parameter in command.params for one in parameter.opts}
        assert not {one for one in options if "completion" in one}, name
        assert command.help, name
