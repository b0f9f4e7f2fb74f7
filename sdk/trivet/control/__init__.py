"""Commands to appliances: queued, signed, sent again on every HELLO, until the appliance's result has come.

`queue(session, device, command, args, grant) -> counter` puts one into the transaction at hand; the running cloud sends
it. `state(row, now)` says what became of it.
"""

from trivet.control.dispatch import Dispatcher
from trivet.control.queue import MAX_COUNTER, ControlError, drop, queue
from trivet.control.results import answered, greeted
from trivet.control.rotation import give, heard, rotate
from trivet.control.state import DONE, EXPIRED, OPEN, REFUSED, state

__all__ = [
    "DONE",
    "EXPIRED",
    "MAX_COUNTER",
    "OPEN",
    "REFUSED",
    "ControlError",
    "Dispatcher",
    "answered",
    "drop",
    "give",
    "greeted",
    "heard",
    "queue",
    "rotate",
    "state",
]
