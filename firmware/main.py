"""Picks the ports and the board's control program, composes, runs; no logic."""

import gc

gc.threshold(2048)  # collect often while modules come in: what stays then lies close together

from appliance.app import Appliance  # noqa: E402
from drivers import Application  # noqa: E402


def main(arguments: "list[str]") -> None:
    """Simulation: `arguments` are the device's directory, numbers of inputs and outputs, the display's language."""
    from appliance.sim.line import serve
    from appliance.sim.ports import Ports

    folder, inputs, outputs, language = arguments
    ports = Ports(folder, int(inputs), int(outputs))
    serve(ports.line, ports.clock, Appliance(ports, Application, language))
