"""The one error of this room."""

from trivet.errors import TrivetError


class ReleaseError(TrivetError, ValueError):
    """A release cannot be built, signed or believed; the text says what is wrong and what to do."""
