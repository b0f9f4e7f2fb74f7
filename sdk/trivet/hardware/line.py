"""The maker's line of a real board: takes a serial port with an interpreter's prompt behind it, asks the firmware's own
provisioning there. The board makes its key and signs with it; neither the key nor anything secret of it comes back.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from trivet.boards import Board
from trivet.registry import Identity, Registry
from trivet.sim.errors import SimulationError
from trivet.sim.provision import Line, enrol

BAUD = 115_200
_PATIENCE_S = 60  # a key is made and a proof signed by an interpreter


class SerialLine(Line):
    """One board. SimulationError where nobody answers, or what answers is no board that can be provisioned."""

    def __init__(self, port: str) -> None:
        from mpremote.transport import TransportError  # type: ignore[import-untyped]
        from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]

        self._wrong: Any = TransportError
        try:
            self._board = SerialTransport(port, baudrate=BAUD)
            self._board.enter_raw_repl(soft_reset=False)
        except TransportError as error:
            raise SimulationError(
                f"no board answers at {port}: is it plugged in, and not locked? A locked one is an appliance already"
            ) from error

    def __enter__(self) -> SerialLine:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._board.close()

    def ask(self, **asked: str) -> dict[str, str]:
        text = json.dumps(asked)
        code = f"from appliance.esp32.provision import main\nmain({text!r})"
        try:
            heard, wrong = self._board.exec_raw(code, timeout=_PATIENCE_S)
        except self._wrong as error:
            raise SimulationError("the board fell silent at the line") from error
        if wrong:
            last = wrong.decode(errors="replace").strip().splitlines()[-1]
            raise SimulationError(f"the board has no Trivet on it, or another one: {last}. trivet flash first")
        answer: dict[str, str] = json.loads(heard.strip().splitlines()[-1])
        if "error" in answer:
            raise SimulationError(f"the board refuses: {answer['error']}")
        return answer


async def provision(registry: Registry, board: Board, port: str, *, name: str = "", region: str = "") -> Identity:
    """Make the board at `port` an appliance of this cloud, as `trivet.sim.provision` does with a simulated one."""
    line = await asyncio.to_thread(SerialLine, port)
    with line:
        return await enrol(registry, board, line, name=name, region=region)
