"""A simulated appliance of a maker at a pseudo-terminal, and a technician with a file of that maker."""

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


def port(folder: Path, more: str = "") -> Port:
    return Port(parse(f"sim:oven,device={folder}{more}"))
