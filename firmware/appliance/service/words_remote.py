"""Whether the service desk is connected, and out with it: `remote`, `remote stop`. Takes the appliance, gives rows with
`text` (console.py). Whoever stands before the appliance may stop it: nobody has to show anything.
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from . import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .console import Answer, Talk

_TEXTS = {
    "en": "The service desk is not connected.|The service desk is connected, for %d min at most: remote stop ends it.",
    "de": "Der Kundendienst ist nicht verbunden.|Der Kundendienst ist verbunden, noch höchstens %d min: remote stop "
    "beendet es.",
}


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer to one of the words."""
    app = talk.app
    if len(said) > 1:
        if said[1] != "stop":
            raise WireError(ids.R_FIELD)
        if app.remote is not None:
            app.remote.end(ids.END_PRESENT)
    session = app.remote
    number, left, test = 0, 0, ""
    if session is not None:
        number, left = session.number, session.left()
        if session.routine is not None:
            test = session.routine.row.name
    texts = _TEXTS[talk.language].split("|")
    text = texts[1] % left if number else texts[0]
    row = console.row("session left_min test text", number, left, test, text)
    if talk.panel:
        row["e"] = "said"
    yield text if talk.people else row
    return None
