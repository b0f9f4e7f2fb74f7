"""Picks the ports and the board's control program, composes, runs; no logic."""

import gc

gc.threshold(2048)  # collect often while modules come in: what stays then lies close together

from appliance.start import start  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from appliance.ports import Ports
    from appliance.start import Maker
    from appliance.update.chooser import Choice


# Loaded to choose a bundle; gone when the board's own modules come, so that nothing stands between these later.
_CHOOSING = ("appliance.update.chooser", "appliance.update.otadata", "appliance.update", "appliance.sim.slots")


def maker() -> "Maker":
    """The board's control program; whatever its import raises comes out of here."""
    from drivers import Application

    return Application


def chosen(ports: "Ports") -> "Choice | None":
    """Which bundle runs; from here on what it brings is found first. None where nothing was ever installed."""
    from appliance.update.chooser import choose

    choice = choose(ports)
    for module in _CHOOSING:
        ports.unload(module)
    if choice is not None:
        if choice.restart:
            ports.reset()
        if choice.bundle:
            ports.install(choice.bundle)
    return choice


def main(arguments: "list[str]") -> None:
    """Simulation: `arguments` are the device's directory, numbers of inputs and outputs, the display's language, why
    it starts (ids.RESET_*), where the memory lies that outlives a reset, which base image runs and where that lies."""
    from appliance.sim.line import serve
    from appliance.sim.ports import Ports

    folder, inputs, outputs, language = arguments[:4]
    ports = Ports(folder, int(inputs), int(outputs), arguments[4:])
    choice = chosen(ports)
    serve(ports.line, ports.clock, start(ports, maker, language, choice))
