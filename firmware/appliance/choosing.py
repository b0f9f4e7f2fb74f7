"""Which bundle runs, and the maker's program in it: takes the ports, gives the choice. The same on every machine:
`main` and `main_esp32` differ in the ports alone.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Ports
    from .start import Maker
    from .update.chooser import Choice

# Loaded to choose a bundle; gone when the board's own modules come, so that nothing stands between these later.
_CHOOSING = ("appliance.update.chooser", "appliance.update.otadata", "appliance.update")


def maker() -> "Maker":
    """The board's control program; whatever its import raises comes out of here."""
    from drivers import Application

    return Application


def chosen(ports: "Ports") -> "Choice | None":
    """Which bundle runs; from here on what it brings is found first. None where nothing was ever installed."""
    from .update.chooser import choose

    choice = choose(ports)
    for module in _CHOOSING:
        ports.unload(module)
    ports.spare()
    if choice is not None:
        if choice.restart:
            ports.reset()
        if choice.bundle:
            ports.install(choice.bundle)
    return choice
