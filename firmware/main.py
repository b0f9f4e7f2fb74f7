"""Picks the ports and the board's control program, composes, runs; no logic."""

import gc

gc.threshold(2048)  # collect often while modules come in: what stays then lies close together

from appliance.choosing import chosen, maker  # noqa: E402
from appliance.start import start  # noqa: E402


def main(arguments: "list[str]") -> None:
    """Simulation: `arguments` are the device's directory, numbers of inputs and outputs, the display's language, why
    it starts (ids.RESET_*), where the memory lies that outlives a reset, which base image runs and where that lies."""
    from appliance.sim.line import serve
    from appliance.sim.ports import Ports

    folder, inputs, outputs, language = arguments[:4]
    ports = Ports(folder, int(inputs), int(outputs), arguments[4:])
    choice = chosen(ports)
    serve(ports.line, ports.clock, start(ports, maker, language, choice))
