"""What a person says at a simulated appliance's own panel: takes a text, says it to the appliance in the words that its
service port knows too (service/console.py), tells what was not understood or not covered.
"""

from trivet_wire.ids import R_BUSY, R_COMMAND, R_FIELD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Teller

_CONSOLE = "appliance.service.console"


def obey(appliance: "Any", line: str, teller: "Teller") -> None:
    """One line."""
    from ..service.console import Panel

    reason = Panel(appliance).say(line)
    appliance.ports.unload(_CONSOLE)
    if reason in (R_COMMAND, R_FIELD, R_BUSY):
        teller.tell({"e": "misunderstood", "line": line})
    elif reason:
        teller.tell({"e": "denied", "line": line, "reason": reason})
    elif appliance.leaving:
        appliance.leave()
