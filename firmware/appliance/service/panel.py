"""What a person in front of the appliance reads when something is wrong: the worst code, its plain words, what to do
now and what still works. Takes status bytes and texts, gives a text; shown only when it changed.
"""

from trivet_wire.ids import CONFIRMED, TEST_FAILED, WARNING_INDICATOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from trivet_wire.catalogue import Catalogue

    from ..faults.inhibit import Inhibit
    from ..ports import Teller

    class Texts(Protocol):
        def title(self, event: int) -> str: ...

        def now(self, event: int) -> str: ...

        def function(self, function: int) -> str: ...


_OFF = {"en": "Switched off", "de": "Abgeschaltet"}
_WORKS = {"en": "Still works", "de": "Funktioniert weiter"}


class Panel:
    """The display. `poll()` between ticks; building a text allocates, so it is done only on a change."""

    def __init__(
        self,
        status: bytearray,
        inhibit: "Inhibit",
        catalogue: "Catalogue",
        texts: "Texts",
        language: str,
        teller: "Teller",
        rest: str = "",
    ) -> None:
        """`rest`: what it shows while there is no code."""
        self._status = status
        self._inhibit = inhibit
        self._catalogue = catalogue
        self._texts = texts
        self._language = language
        self._teller = teller
        self._rest = rest
        self._added = ["", ""]
        self._event = -2 if rest else -1
        self._mask = 0

    def add(self, text: str, place: int = 0) -> None:
        """From now on this stands under whatever is shown: a line in each of two places."""
        self._added[place] = text
        self._event = -2

    def poll(self) -> None:
        event = self._worst()
        mask = self._inhibit.mask
        if event == self._event and mask == self._mask:
            return
        self._event = event
        self._mask = mask
        shown = self._rest if event < 0 else self._words(event, mask)
        for text in self._added:
            if text:
                shown = shown + "\n" + text if shown else text
        self._teller.show(shown)

    def _worst(self) -> int:
        """The active confirmed event of the highest severity (1 is worst), then of the highest priority; -1: none."""
        worst = -1
        rank = 1 << 20
        for event in range(len(self._status)):
            status = self._status[event]
            if status & CONFIRMED and status & (TEST_FAILED | WARNING_INDICATOR):
                own = self._catalogue.severity(event) << 8 | self._catalogue.priority(event)
                if own < rank:
                    worst = event
                    rank = own
        return worst

    def _words(self, event: int, mask: int) -> str:
        texts = self._texts
        lines = [self._catalogue.text(event) + "  " + texts.title(event), texts.now(event)]
        off: list[str] = []
        works: list[str] = []
        for function in range(self._inhibit.functions):
            (off if mask >> function & 1 else works).append(texts.function(function))
        if off:
            lines.append(_OFF[self._language] + ": " + ", ".join(off))
            if works:
                lines.append(_WORKS[self._language] + ": " + ", ".join(works))
        return "\n".join(lines)
