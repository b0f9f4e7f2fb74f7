"""What cannot be done with an update or its offer."""

from __future__ import annotations

from trivet.errors import KindError


class UpdateError(KindError):
    """As in no-such-release, too-many-hours."""
