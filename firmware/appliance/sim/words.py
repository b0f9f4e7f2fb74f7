"""What a person says at a simulated appliance's own panel: takes a text, says it to the appliance in the words that its
service port knows too (service/console.py), tells what was not understood or not covered.
"""

import gc

from trivet_wire.ids import R_BUSY, R_COMMAND, R_FIELD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Teller

_CONSOLE = "appliance.service.console"
_UNHEARD = -1  # beside ids.R_*


def obey(appliance: "Any", line: str, teller: "Teller") -> None:
    """One line."""
    gc.collect()  # what is loaded now lies close together, and goes again at once
    try:
        from ..service.console import Panel

        reason = Panel(appliance).say(line)
    except MemoryError:  # as at the service port: not now, and whoever said it may say it again
        reason = _UNHEARD
    appliance.ports.unload(_CONSOLE)  # before what is told, which needs heap too
    if reason == _UNHEARD:
        teller.tell({"e": "unheard"})
    elif reason in (R_COMMAND, R_FIELD, R_BUSY):
        teller.tell({"e": "misunderstood", "line": line})
    elif reason:
        teller.tell({"e": "denied", "line": line, "reason": reason})
    elif appliance.leaving:
        appliance.leave()
