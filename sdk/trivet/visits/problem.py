"""The one error of this room."""

from __future__ import annotations


class VisitError(ValueError):
    """What was asked cannot be done; the text says why and what to do. `kind` names it for programs and texts."""

    def __init__(self, kind: str, says: str) -> None:
        super().__init__(says)
        self.kind = kind
