"""`trivet technician`: a full-screen page at the service port, keyboard alone. Takes a port, and a technician's file
for what needs one. Exit codes: `trivet.technician.exits`.
"""

import typer

from trivet.technician.options import CredentialFile, Language, Port
from trivet.technician.shown import Asked, bench

app = typer.Typer(add_completion=False)


@app.command()
def technician(port: Port = None, credential: CredentialFile = None, language: Language = "en") -> None:
    """Codes, evidence, live values, advice step by step, parts and self-tests of one appliance."""
    with bench(Asked("technician", port, language, False, credential)) as client:
        from trivet.technician.page import Page

        Page(client, language).run()
