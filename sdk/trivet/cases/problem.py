"""What cannot be done with a case, with a kind by which programs tell it apart."""

from __future__ import annotations


class CaseError(ValueError):
    """`kind` names the sort (no-such-case, no-evidence, …); the text says why and what to do."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
