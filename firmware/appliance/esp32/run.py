"""The appliance on a chip, turn by turn. Takes the ports and the appliance; comes back on a board that is not locked,
when somebody at its port asks for the interpreter's prompt.

The tick count of an appliance has 31 bits in the interpreter: at rest, after eleven days, it is restarted.
"""

import time

from .ports import Left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .ports import Ports

_PAUSE_MS = 5  # between turns, for the radio and the idle task
_LONGEST_MS = 950_400_000  # eleven days


def forever(ports: "Ports", appliance: "Any") -> None:
    """`appliance`: whole, reduced or mute."""
    while True:
        try:
            turn(ports, appliance)
        except Left:
            return
        time.sleep_ms(_PAUSE_MS)


def turn(ports: "Ports", appliance: "Any") -> None:
    """One turn of everything."""
    now = ports.clock.ticks_ms()
    if ports.turn(now):
        appliance.press()
    appliance.run(now)
    if now > _LONGEST_MS and at_rest(appliance):
        ports.reset()


def at_rest(appliance: "Any") -> bool:
    """No operation cycle runs."""
    heart = getattr(appliance, "heart", None)
    return heart is None or not heart.in_cycle()
