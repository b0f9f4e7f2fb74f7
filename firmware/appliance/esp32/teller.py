"""Whoever watches the appliance (ports.Teller): the display, where the board has one, and whoever asked at the service
port to be told. Prints nothing by itself.
"""

from ..system.teller import traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Teller:
    """`listener` is told events, `display` shows texts; None: nobody."""

    def __init__(self) -> None:
        self.listener: Callable[[dict[str, Any]], object] | None = None
        self.display: Callable[[str], None] | None = None
        self.shown = ""

    def tell(self, event: "dict[str, Any]") -> None:
        listener = self.listener
        if listener is not None:
            listener(event)

    def show(self, text: str) -> None:
        self.shown = text
        if self.display is not None:
            self.display(text)

    def trace(self, error: BaseException) -> str:
        """ports.Teller"""
        return traced(error)
