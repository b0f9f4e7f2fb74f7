"""A simulated appliance of a maker at a pseudo-terminal, and a technician with a file of that maker."""

import threading
from collections.abc import Callable
from pathlib import Path

from trivet.credentials import wire
from trivet.credentials.wallet import Wallet, new_key
from trivet.engine import pki
from trivet.keys import LocalSigner
from trivet.sim.device import Device, Provision
from trivet.sim.port import Port
from trivet.sim.spec import parse

VENDOR = LocalSigner(bytes(range(1, 33)))
KEY, PUBLIC = new_key(None)
DEVICE = "00112233445566ff"
_ISSUED = 1_700_000_000
_YEARS = 10 * 365 * 86_400


def appliance(folder: Path, board: str = "oven", **more: str) -> Path:
    """A folder in which an appliance of the maker keeps its flash."""
    key = pki.key_der(pki.new_key())
    provision = Provision(DEVICE, bytes(32), board, 1, key_der=key, command_key=VENDOR.public, region="DE", **more)
    Device(folder).provision(provision)
    return folder


def technician(path: Path, may: int = wire.ALL, regions: tuple[str, ...] = ()) -> Path:
    """A technician's file."""
    message = wire.signed_credential(VENDOR, 7, "Ada Bauer", PUBLIC, may, regions, _ISSUED, _ISSUED + _YEARS)
    Wallet(message, KEY).save(path)
    return path


def when_heard(at: Port, text: bytes, then: Callable[[], object]) -> None:
    """Once, beside the appliance: when these bytes came to its port in one piece."""
    write = at.world.uart_write
    heard = _once(text, then)

    def watched(data: bytes) -> None:
        write(data)
        heard(data)

    at.world.uart_write = watched  # type: ignore[method-assign]


def when_said(at: Port, text: bytes, then: Callable[[], object]) -> None:
    """The same, when the appliance said them."""
    read = at.world.uart_read
    said = _once(text, then)

    def watched(most: int) -> bytes:
        data = read(most)
        said(data)
        return data

    at.world.uart_read = watched  # type: ignore[method-assign,assignment]


def _once(text: bytes, then: Callable[[], object]) -> Callable[[bytes], None]:
    done = threading.Event()

    def look(data: bytes) -> None:
        if text in data and not done.is_set():
            done.set()
            threading.Thread(target=then, daemon=True).start()

    return look


def port(folder: Path, more: str = "") -> Port:
    return Port(parse(f"sim:oven,device={folder}{more}"))
