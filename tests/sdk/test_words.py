"""Every word of `trivet` says what it takes, and nothing that only its shell could use."""

from collections.abc import Iterator
from typing import Any

import typer
from trivet.cli import app
from typer.testing import CliRunner


def leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command, with the words that lead to it."""
    if not hasattr(command, "list_commands"):
        yield words, command
        return
    for word in command.list_commands(None):
        yield from leaves(command.get_command(None, word), (*words, word))


COMMANDS = dict(leaves(typer.main.get_command(app), ()))


def test_every_word_says_what_it_does_and_offers_no_completion_of_its_own() -> None:
    assert {("release", "keys", "rotate"), ("release", "offer"), ("serve",)} <= set(COMMANDS)
    for words, command in COMMANDS.items():
        options = {one for parameter in command.params for one in parameter.opts}
        assert not {one for one in options if "completion" in one}, words
        assert command.help, words


def test_help_is_what_the_words_have() -> None:
    for words in (("release", "keys", "rotate"), ("release", "sign"), ("evidence", "list")):
        told = CliRunner().invoke(app, [*words, "--help"])
        assert told.exit_code == 0
        assert "completion" not in told.output
