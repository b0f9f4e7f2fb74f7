"""What can go wrong with a simulation; every message says what to do."""

from trivet.errors import TrivetError


class SimulationError(TrivetError):
    """The simulation cannot start, or the simulated appliance stopped by itself."""


class HangError(SimulationError):
    """The simulated appliance does not answer any more: its watchdog resets it."""


class ResetRequest(SimulationError):
    """The simulated appliance restarts itself."""


class ReplRequest(SimulationError):
    """The simulated appliance, an unlocked board, left its program for the interpreter's prompt."""
