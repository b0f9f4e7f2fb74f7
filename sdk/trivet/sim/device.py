"""A simulated appliance's flash, as a directory: takes an identity from enrolment (or makes one that talks to nobody),
writes the littlefs image that provisioning would flash. The journal beside it belongs to the firmware alone.
"""

import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from littlefs import LittleFS
from trivet_wire import cbor

from trivet.engine import pki
from trivet.release.manifest import identifiers

if TYPE_CHECKING:
    from trivet.registry import Identity

_BLOCK = 4096
_BLOCKS = 104  # as the boards' partitions.csv: room for two bundles and one that comes, after a cut too
FLASH = _BLOCK * _BLOCKS  # bytes of the file system
_DISK_VERSION = 0x00020000  # littlefs 2.0, which every MicroPython reads


@dataclass(frozen=True)
class Provision:
    """What the maker's line writes into one appliance. Without `brokers` it works alone and talks to nobody."""

    device: str  # 16 hex digits
    message_key: bytes  # 32 bytes
    model: str
    epoch: int = 0
    brokers: list[tuple[str, int]] = field(default_factory=list)
    key_der: bytes = b""  # SEC 1, P-256: signs, and is the TLS client's; without it nothing is signed
    cert_der: bytes = b""
    ca_der: bytes = b""
    command_key: bytes = b""  # x ‖ y, P-256; without it no command is believed
    vendor: str = ""  # domain, by which an update knows its vendor; without it no update is taken
    locked: bool = True  # for a home: no REPL on its service port
    roots: bytes = b""  # roots.cbor: whose signatures on updates are believed; without it nobody's
    region: str = ""  # ISO 3166-1 alpha-2: where it is sold; without it only technicians for everywhere are let in

    @staticmethod
    def alone(model: str, *, locked: bool = True) -> "Provision":
        """An identity of its own for a simulation without a cloud."""
        key = pki.key_der(pki.new_key())
        return Provision(secrets.token_hex(8), secrets.token_bytes(32), model, key_der=key, locked=locked)

    @staticmethod
    def of(identity: "Identity") -> "Provision":
        """What enrolment in a cloud gave."""
        names = ("device", "message_key", "model", "epoch", "brokers", "key_der", "cert_der", "ca_der", "command_key")
        return Provision(**{name: getattr(identity, name) for name in (*names, "vendor", "roots")})

    def files(self) -> dict[str, bytes]:
        """Name and content of every file in /fs."""
        identity: dict[str, Any] = {
            "id": bytes.fromhex(self.device),
            "epoch": self.epoch,
            "message_key": self.message_key,
            "brokers": [[host, port] for host, port in self.brokers],
            "model": self.model,
        }
        if self.command_key:
            identity["command_key"] = self.command_key
        written = {"key.der": self.key_der, "cert.der": self.cert_der, "ca.der": self.ca_der}
        written["roots.cbor"] = self.roots
        written["locked"] = b"1" if self.locked else b""
        written["region"] = self.region.encode()
        if self.vendor:
            written["vendor.cbor"] = cbor.encode(list(identifiers(self.vendor, self.model)))
        return {"identity.cbor": cbor.encode(identity)} | {name: data for name, data in written.items() if data}


def read_files(image: Path) -> dict[str, bytes]:
    """Name and content of every file in a littlefs image, those in folders as `a/index`. Changes nothing."""
    fs = _mounted(image)
    found = {}
    for folder, _, names in fs.walk("/"):
        for name in names:
            path = f"{folder.strip('/')}/{name}".lstrip("/")
            with fs.open(path, "rb") as file:
                found[path] = file.read()
    return found


def _mounted(image: Path) -> LittleFS:
    data = bytearray(image.read_bytes())  # of whatever size it was made with, and whatever version the firmware left
    fs = LittleFS(block_size=_BLOCK, block_count=len(data) // _BLOCK, mount=False)
    fs.context.buffer = data
    fs.mount()
    return fs


class Device:
    """A directory with `fs.img` (littlefs) and `journal.img` (the firmware's raw partition); once an update was under
    way also `ota_0.img`, `ota_1.img` and `otadata.img`."""

    def __init__(self, folder: Path | None = None) -> None:
        """Without a folder: a temporary one, gone with this object."""
        self._scratch = tempfile.TemporaryDirectory(prefix="trivet-") if folder is None else None
        self.folder = Path(self._scratch.name) if self._scratch else Path(folder or ".")
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def image(self) -> Path:
        return self.folder / "fs.img"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.img"

    @property
    def retained(self) -> Path:
        """What outlives a reset, though not a power cut (RTC memory)."""
        return self.folder / "retained.bin"

    @property
    def provisioned(self) -> bool:
        return self.image.exists()

    @property
    def certified(self) -> bool:
        """Whether it belongs to a cloud."""
        return self.image.exists() and "cert.der" in _mounted(self.image).listdir("/")

    def format(self) -> None:
        """An empty littlefs, as the maker's line finds a board."""
        self._write({})

    def provision(self, provision: Provision) -> None:
        """Write the littlefs image anew; the journal stays."""
        self._write(provision.files())

    def put(self, files: dict[str, bytes]) -> None:
        """Write files beside those that are there; a name may lead into a folder."""
        fs = _mounted(self.image)
        for name, data in files.items():
            folder = name.rpartition("/")[0]
            if folder:
                fs.makedirs(folder, exist_ok=True)
            with fs.open(name, "wb") as file:
                file.write(data)
        self.image.write_bytes(bytes(fs.context.buffer))

    def _write(self, files: dict[str, bytes]) -> None:
        fs = LittleFS(block_size=_BLOCK, block_count=_BLOCKS, disk_version=_DISK_VERSION)
        for name, data in files.items():
            with fs.open(name, "wb") as file:
                file.write(data)
        self.image.write_bytes(bytes(fs.context.buffer))
