"""`trivet update RELEASE --port …`: a signed release over the service port, with the same checks as from the cloud.
Takes the release's folder and a technician's file. Exit codes: `trivet.technician.exits`.
"""

import json
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from trivet.release.folder import Release
from trivet.technician.options import CredentialFile, Json, Language, Port
from trivet.technician.sending import Sent, Standing, send
from trivet.technician.shown import Asked, bench

update_app = typer.Typer(add_completion=False)


@update_app.command()
def update(  # noqa: PLR0917  typer reads them
    release: Annotated[Path, typer.Argument(help="the folder that `trivet release build` made, signed")],
    wait: Annotated[float, typer.Option(min=0, help="minutes to stay when it waits for its owner or a cycle")] = 0,
    port: Port = None,
    credential: CredentialFile = None,
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """Bring a release to the appliance. Its owner's word and its own gates decide when it installs."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    end = time.monotonic() + 60 * wait
    asked = Asked("update", port, language, as_json, credential)
    with bench(asked) as client, Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)

        def told(sent: Sent) -> None:
            progress.update(task, description=sent.name, completed=sent.bytes, total=sent.of)

        def waits(stands: Standing) -> bool:
            progress.update(task, description=stands.text)
            return time.monotonic() < end

        stands = send(client, Release(release), told, waits)
    print(json.dumps(msgspec.to_builtins(stands), ensure_ascii=False) if as_json else stands.text)
