"""Why something about letters cannot be done. `kind` is a stable name for programs."""

from __future__ import annotations


class LetterError(ValueError):
    def __init__(self, kind: str, says: str) -> None:
        super().__init__(says)
        self.kind = kind
