"""Words that are said at the appliance's own panel and nowhere else: `button`, and after a repair `clear`, `relearn`,
`recover` (restart with everything). Takes the appliance, gives nothing to say (console.py).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .console import Answer, Talk

_BY_PANEL = 1


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """Do it."""
    app = talk.app
    word = said[0]
    if word == "button":
        app.press()
    elif word == "clear":
        app.clear(_BY_PANEL)
    elif word == "relearn":
        app.relearn()
    else:
        app.recover()
    return None
    yield None  # a generator, as all of them
