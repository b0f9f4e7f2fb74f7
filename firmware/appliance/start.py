"""From power to an appliance that answers, whatever happens on the way. Takes the ports and what gives the maker's
control program; gives the whole appliance, or a reduced one when it crashed too often or cannot be built, or one that
only answers on its line when its flash is dead. Never raises what a board, its data or its program does wrong.
"""

import gc

from .app import Appliance
from .service.ear import Ear
from .updating import DUE, updated

# Loaded for their names alone, which they bring again and again later.
_LATER = (
    "appliance.acts appliance.hearing appliance.trust.p256 appliance.update.machine appliance.update.judging "
    "appliance.update.fetching appliance.update.told"
)

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
        return Mute(ports, error, language)
    if appliance.alone:
        appliance.live(None)
        return appliance
    _name(appliance, ports)
    if appliance.life.reduced or not _beats(appliance, ports, maker, language):
        appliance.life.reduced = True
        if not _beats(appliance, ports, None, language):
            appliance.live(None)
    return appliance


def _name(appliance: Appliance, ports: "Ports") -> None:
    """The interpreter's table of names grows by leaps and never shrinks: what a command or an update will bring is made
    known to it now, while the heap lies close together. Later its leap might find no place."""
    try:
        for module in _LATER.split():
            __import__(module)
    except MemoryError:  # then not
        pass
    for module in _LATER.split():
        ports.unload(module)
    updated(appliance, ports, appliance.update[DUE])


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

    heart = grants = journal = ledger = uplink = spool = choice = _identity = None
    boot = 0

    def __init__(self, ports: "Ports", error: BaseException, language: str) -> None:
        self.ports = self._ports = ports
        self.language = language
        self.ear = Ear(self, ports)
        self.leaving = False
        ports.teller.tell({"e": "mute", "trace": ports.teller.trace(error)})

    def run(self, now: int) -> None:
        self.ear.poll(now)
        if self.leaving:
            self._ports.repl()
        self._ports.watchdog.feed()

    def serve(self) -> None:
        self.ear.poll(self._ports.clock.ticks_ms())
