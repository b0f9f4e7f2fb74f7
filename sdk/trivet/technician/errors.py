"""What can go wrong between bench and appliance. Each says what to do, and ends a command with its own exit code."""

from __future__ import annotations

from typing import ClassVar

from trivet_wire import ids

from trivet.errors import TrivetError

from . import exits


class BenchError(TrivetError):
    """Everything that the bench raises."""

    exit: ClassVar[int] = exits.USAGE


class NoBoardError(BenchError):
    """No board, several, or a port that cannot be opened."""

    exit = exits.NO_BOARD


class SilentError(BenchError):
    """No answer in time."""

    exit = exits.SILENT


class PulledError(SilentError):
    """The port is gone in the middle of it."""


class GarbledError(BenchError):
    """What came is no answer of this protocol."""

    exit = exits.GARBLED


class RefusedError(BenchError):
    """The appliance says no. `reason` is a number of `trivet_wire.ids` (R_…), `text` its own words."""

    exit = exits.REFUSED

    def __init__(self, reason: int, text: str) -> None:
        super().__init__(f"{text} (reason {reason})")
        self.reason, self.text = reason, text

    @property
    def needs_grant(self) -> bool:
        return self.reason == ids.R_GRANT


class GrantError(BenchError):
    """It needs a technician's credential, and there is none, or the appliance did not take it."""

    exit = exits.NO_GRANT


class FailedError(BenchError):
    """The self-test found that it does not work."""

    exit = exits.FAILED
