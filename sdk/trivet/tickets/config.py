"""Which ticket system the vendor has. Takes `tickets.toml` of a cloud's folder, gives an adapter; none without a file.
The token stands in a file of its own, readable by its owner alone.

    # DATA/tickets.toml
    system = "zendesk"                        # or "jira"
    url = "https://acme.zendesk.com"
    login = "desk@acme.example/token"         # Jira: the mail address alone
    token_file = "secrets/tickets.token"      # relative to DATA
    kinds = ["opened", "note", "resolved"]    # of timeline entries that go into the ticket; else KINDS
    # Jira Service Management:
    # desk = "1"
    # request_type = "10"
    # project = "SUP"
    # done = "Resolve this issue"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from trivet.outward.http import Client, checked_url
from trivet.tickets.jira import Jira
from trivet.tickets.system import Caller, TicketSystem
from trivet.tickets.zendesk import Zendesk

FILE = "tickets.toml"
KINDS = ("opened", "regressed", "resolved", "escalated", "closed", "reopened", "visit_booked", "visit_cancelled")


class TicketsError(ValueError):
    """`tickets.toml` cannot be used; the text says what to write."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    system: Literal["zendesk", "jira"]
    url: str
    login: str
    token_file: str
    kinds: tuple[str, ...] = KINDS
    desk: str = ""
    request_type: str = ""
    project: str = ""
    done: str = "Resolve this issue"


def load(folder: Path) -> Config | None:
    """TicketsError."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Config)
        checked_url(found.url)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, ValueError) as error:
        raise TicketsError(f"{path}: {error}") from error
    if found.system == "jira" and not (found.desk and found.request_type and found.project):
        raise TicketsError(f"{path}: Jira needs desk, request_type and project, each as a text")
    if '"' in found.project or "\\" in found.project:
        raise TicketsError(f"{path}: a project's key has neither quotes nor backslashes")
    return found


def adapter(config: Config, folder: Path, client: Client) -> TicketSystem:
    """TicketsError when the token cannot be read."""
    file = folder / config.token_file
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TicketsError(f"{file}: the token of the ticket system cannot be read") from error
    caller = Caller(client, config.url, config.login, token)
    if config.system == "zendesk":
        return Zendesk(caller)
    return Jira(caller, desk=config.desk, request_type=config.request_type, project=config.project, done=config.done)
