"""The one error of this room."""

from trivet.errors import TrivetError


class KeysError(TrivetError, ValueError):
    """A key cannot be opened or made; the text says why and what to do, and never holds one."""
