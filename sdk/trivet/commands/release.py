"""`trivet release`: from a board's sources to an update that appliances believe. Its words live in a module each."""

import typer

from trivet.commands.lazy import group

WORDS = {
    "build": "trivet.commands.release_build",
    "keys": "trivet.commands.release_keys",
    "sign": "trivet.commands.release_sign",
    "verify": "trivet.commands.release_sign",
    "inspect": "trivet.commands.release_inspect",
    "publish": "trivet.commands.release_cloud",
    "offer": "trivet.commands.release_cloud",
    "show": "trivet.commands.release_cloud",
}

app = typer.Typer(
    cls=group(WORDS),
    add_completion=False,
    no_args_is_help=True,
    help="Updates for appliances: build, sign, inspect, verify, publish, offer.",
)


@app.callback()
def root() -> None:
    """Updates for appliances. `build`, `keys`, `sign`, `verify` and `inspect` need no cloud and no network."""
