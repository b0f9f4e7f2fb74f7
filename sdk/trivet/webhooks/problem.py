"""What cannot be done with a receiver."""

from __future__ import annotations

from trivet.errors import KindError


class WebhookError(KindError):
    """As in no-such-webhook."""
