"""`trivet provision`, for a simulated board: the host's side of the maker's line.

Takes a registry, a board and an empty device; gives the identity that was written. The board makes its own signing key
in MicroPython and proves that it has it; the registry checks the proof, keeps the public key, issues the certificate.
The private key is on the board and nowhere else: not on the line, not in this process, not in the cloud.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from trivet.boards import Board
from trivet.registry import Identity, Registry

from . import rom
from .appliance import start_command
from .device import Device, Provision
from .errors import SimulationError
from .world import HEAP_KIB

_PATIENCE_S = 60.0
Tap = Callable[[bytes], None]


class Line(ABC):
    """One board at the maker's line."""

    @abstractmethod
    def ask(self, **asked: str) -> dict[str, str]:
        """One question; SimulationError when the board refuses or does not answer."""

    def write(self, name: str, data: bytes) -> None:
        """A file, and that it stands there."""
        if self.ask(write=name, data=data.hex())["sha256"] != hashlib.sha256(data).hexdigest():
            raise SimulationError(f"{name} does not read back as it was written: the board's flash is broken")


class Process(Line):
    """A simulated board. `tap` sees every byte in both directions."""

    def __init__(self, board: Board, device: Device, tap: Tap | None = None) -> None:
        command = start_command(rom.build(board), HEAP_KIB, "appliance.sim.provision", str(device.folder))
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self._tap = tap

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_exc: object) -> None:
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def ask(self, **asked: str) -> dict[str, str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        sent = json.dumps(asked).encode() + b"\n"
        try:
            self._process.stdin.write(sent)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # its last words say why
        heard = self._process.stdout.readline()
        if self._tap is not None:
            self._tap(sent + heard)
        if not heard:
            raise SimulationError("the board does not answer at the line: its flash or its firmware is broken")
        answer: dict[str, str] = json.loads(heard)
        if "error" in answer:
            raise SimulationError(f"the board refuses: {answer['error']}")
        return answer


async def provision(
    registry: Registry, board: Board, device: Device, *, name: str = "", region: str = "", tap: Tap | None = None
) -> Identity:
    """Make `device` an appliance of this cloud. SimulationError when it is one already; then nothing is changed, here
    and there. `region` is where it is sold. When the line breaks off after the certificate was issued, that identity is
    revoked."""
    if device.provisioned:
        raise SimulationError(f"{device.folder} holds an appliance already: choose another folder")
    device.format()
    with Process(board, device, tap) as line:
        return await enrol(registry, board, line, name=name, region=region)


async def enrol(registry: Registry, board: Board, line: Line, *, name: str = "", region: str = "") -> Identity:
    """The board at the line proves that it has a key, gets its certificate and identity."""
    offer = registry.offer()
    said = await asyncio.to_thread(line.ask, prove=offer.device, nonce=offer.nonce.hex())
    identity = await registry.provision(board.model, offer, bytes.fromhex(said["proof"]), name=name)
    try:
        for file, data in _files(identity, region).items():
            await asyncio.to_thread(line.write, file, data)
    except BaseException:
        await registry.revoke(identity.device)
        raise
    return identity


def _files(identity: Identity, region: str) -> dict[str, Any]:
    """The identity last: it makes the board an appliance."""
    files = replace(Provision.of(identity), region=region).files()
    names = ("ca.der", "cert.der", "vendor.cbor", "roots.cbor", "locked", "region", "identity.cbor")
    return {name: files[name] for name in names if name in files}
