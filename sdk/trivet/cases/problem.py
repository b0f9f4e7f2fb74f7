"""What cannot be done with a case."""

from __future__ import annotations

from trivet.errors import KindError


class CaseError(KindError):
    """As in no-such-case, no-evidence."""
