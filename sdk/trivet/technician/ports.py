"""Which port: the one that was named, a simulated board, or the only one that is plugged in. Takes what `--port` said,
gives an open client; NoBoardError says what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from serial.tools import list_ports

from trivet.sim import spec

from .client import Client, Credential
from .errors import NoBoardError

_HINT = "plug a board in, name its port with --port, or take a simulated one: --port sim:oven"


@contextmanager
def plugged(port: str | None, credential: Credential | None = None) -> Iterator[Client]:
    """A client at the port; a simulated board is on for as long as that is open."""
    if port is not None and spec.is_simulated(port):
        from trivet.sim.port import Port

        with Port(spec.parse(port)) as simulated, Client(str(simulated.path), credential=credential) as client:
            yield client
        return
    with Client(port or found(), credential=credential) as client:
        yield client


def found() -> str:
    """The port of the only board that is plugged in."""
    ports = [one for one in list_ports.comports() if one.vid is not None]
    if not ports:
        raise NoBoardError(f"no board found: {_HINT}")
    if len(ports) > 1:
        listed = "\n".join(f"  --port {one.device}  {one.description}" for one in ports)
        raise NoBoardError(f"{len(ports)} boards found, which one?\n{listed}")
    return str(ports[0].device)
