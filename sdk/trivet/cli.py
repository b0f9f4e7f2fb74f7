"""The one command, `trivet`. Each word after it lives in its own file in `commands/`, imported only when it is asked
for: a simulation need not wait for the web pages' libraries.
"""

import typer

from trivet.commands.lazy import group

COMMANDS = {
    "new": "trivet.commands.new",
    "sim": "trivet.commands.sim",
    "demo": "trivet.commands.demo",
    "doctor": "trivet.commands.doctor",
    "plots": "trivet.commands.plots",
    "serve": "trivet.commands.serve",
    "ingest": "trivet.commands.ingest",
    "provision": "trivet.commands.provision",
    "claim": "trivet.commands.claim",
    "setups": "trivet.commands.setups",
    "retention": "trivet.commands.retention",
    "erase": "trivet.commands.erase",
    "link": "trivet.commands.claim",
    "audit": "trivet.commands.audit",
    "keys": "trivet.commands.keys",
    "evidence": "trivet.commands.evidence",
    "check": "trivet.commands.check",
    "pack": "trivet.commands.pack",
    "build": "trivet.commands.build",
    "flash": "trivet.commands.flash",
    "ledger": "trivet.commands.ledger",
    "credential": "trivet.commands.credential",
    "release": "trivet.commands.release",
    "codes": "trivet.commands.bench_read",
    "show": "trivet.commands.bench_read",
    "live": "trivet.commands.bench_read",
    "monitor": "trivet.commands.bench_read",
    "test": "trivet.commands.bench_act",
    "clear": "trivet.commands.bench_act",
    "fix": "trivet.commands.bench_act",
    "update": "trivet.commands.bench_update",
    "api-key": "trivet.commands.api_key",
    "webhook": "trivet.commands.webhook",
    "inbound": "trivet.commands.inbound",
    "technician": "trivet.commands.technician",
    "plug": "trivet.commands.plug",
    "code": "trivet.commands.code",
    "login": "trivet.commands.login",
}


app = typer.Typer(cls=group(COMMANDS), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def root() -> None:
    """Appliances that say what is wrong with them, and the cloud that acts on it."""


def main() -> None:
    app()


if __name__ == "__main__":
    main()
