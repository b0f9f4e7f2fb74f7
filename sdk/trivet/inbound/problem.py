"""What cannot be done with a letter or who may send one."""

from __future__ import annotations

from trivet.errors import KindError


class LetterError(KindError):
    """As in no-such-letter."""
