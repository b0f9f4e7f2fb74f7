"""Picks the ports and the board's control program, composes, runs; no logic."""

import gc

gc.threshold(2048)  # collect often while modules come in: what stays then lies close together

from appliance.start import start  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from appliance.start import Maker


def maker() -> "Maker":
    """The board's control program; whatever its import raises comes out of here."""
    from drivers import Application

    return Application


def main(arguments: "list[str]") -> None:
    """Simulation: `arguments` are the device's directory, numbers of inputs and outputs, the display's language, why
    it starts (ids.RESET_*) and where the memory lies that outlives a reset."""
    from appliance.sim.line import serve
    from appliance.sim.ports import Ports

    folder, inputs, outputs, language = arguments[:4]
    ports = Ports(folder, int(inputs), int(outputs), arguments[4:])
    serve(ports.line, ports.clock, start(ports, maker, language))
