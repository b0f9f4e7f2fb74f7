"""From power to an appliance that answers, whatever happens on the way. Takes the ports and what gives the maker's
control program; gives the whole appliance, or a reduced one when it crashed too often or cannot be built, or one that
only answers on its line when its flash is dead. Never raises what a board, its data or its program does wrong.
"""

import gc

from trivet_wire.ids import R_BUSY

from .app import Appliance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .ports import Ports
    from .sense.board import Board
    from .tick import Application
    from .update.chooser import Choice

    Maker = Callable[[Board], Application]


def start(
    ports: "Ports", maker: "Callable[[], Maker]", language: str = "en", choice: "Choice | None" = None
) -> "Appliance | Mute":
    """Three tries, each with less: all of it, without monitors and program, without the board. `choice`: of the bundle
    that runs; None where nothing was ever installed."""
    try:
        appliance = Appliance(ports)
        appliance.language = language
        appliance.choice = choice
        if choice is not None and choice.back:
            appliance.life.anew()
    except (Exception, SystemExit) as error:  # the flash is dead: nothing can be kept, so nothing may be sent
        return Mute(ports, error)
    if appliance.life.reduced or not _beats(appliance, ports, maker, language):
        appliance.life.reduced = True
        if not _beats(appliance, ports, None, language):
            appliance.live(None)
    return appliance


def _beats(appliance: Appliance, ports: "Ports", maker: "Callable[[], Maker] | None", language: str) -> bool:
    """Build the heart and let it live; False, and a crash to tell of, when it cannot be built."""
    gc.collect()
    try:
        from .heart import Heart

        heart = Heart(ports, appliance.journal, appliance.life, appliance.boot, maker, language)
    except (Exception, SystemExit) as error:  # the maker's program and data may raise anything
        appliance.crashed(error, "start")
        return False
    appliance.live(heart)
    return True


class Mute:
    """Hears its line and feeds its watchdog; outputs stay as they are after a reset."""

    download = None  # nothing was asked for

    def __init__(self, ports: "Ports", error: BaseException) -> None:
        self._ports = ports
        ports.teller.tell({"e": "mute", "trace": ports.teller.trace(error)})

    def run(self, now: int) -> None:
        self._ports.watchdog.feed()

    def serve(self) -> None:
        pass

    def decide(self, purpose: int, granted: bool, channel: int, language: str, text_hash: int) -> bool:
        """Nobody could keep a decision."""
        return False

    def show_consents(self) -> None:
        self._ports.teller.tell({"e": "said", "text": "nothing is kept and nothing is sent: the flash is dead"})

    def clear(self, who: int, grant: int = 0) -> None:
        pass

    def relearn(self) -> None:
        pass

    def recite(self, judge: bool) -> bool:
        """Nothing can be read."""
        return False

    def recover(self) -> None:
        self._ports.reset()

    def press(self) -> None:
        pass

    def factory_reset(self, channel: int) -> int:
        """Nobody could keep that it was asked for."""
        return R_BUSY
