"""`trivet provision --port` with a board at a serial line: its interpreter's prompt, its image, its flash; mpremote's
own way of talking to it. The key is made there and never crosses the line."""

import asyncio
import os
import pty
import select
import subprocess
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import upy
from littlefs import LittleFS
from trivet import boards
from trivet.config import Settings
from trivet.hardware import line
from trivet.registry import Registry
from trivet.serve import Cloud
from trivet.sim import rom
from trivet.sim.errors import SimulationError

HERE = Path(__file__).parent
BLOCK = 4096


class Cable:
    """What a program on a pseudo-terminal and a serial port say to each other."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.seen = b""
        self._board, board = pty.openpty()
        self._host, host = pty.openpty()
        for end in (board, host):
            tty.setraw(end)
        self.port = os.ttyname(host)
        self._keep = host
        self._process = subprocess.Popen(command, stdin=board, stdout=board, stderr=board, env=env)
        os.close(board)
        self._over = False
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        while not self._over:
            for end in select.select([self._board, self._host], [], [], 0.1)[0]:
                try:
                    data = os.read(end, 4096)
                    self.seen += data
                    os.write(self._host if end == self._board else self._board, data)
                except OSError:
                    return

    def close(self) -> None:
        self._over = True
        self._process.kill()
        self._process.wait(10)
        self._thread.join(5)
        for end in (self._board, self._host, self._keep):
            os.close(end)


@pytest.fixture
def cable(chip: Callable[..., Any]) -> Iterator[Cable]:
    board = chip()
    fs = LittleFS(block_size=BLOCK, block_count=board.layout["vfs"][3] // BLOCK, disk_version=0x00020000)
    (board.folder / "vfs.img").write_bytes(bytes(fs.context.buffer))
    image = rom.build(boards.load("oven"), chip=True)
    words = (str(board.folder), str(board.tables), str(image))
    command = upy.command(HERE / "prompt.py", words, "2m", ["-i"])
    made = Cable(command, upy.environment([HERE / "fake", HERE]))
    made.folder = board.folder  # type: ignore[attr-defined]
    yield made
    made.close()


def test_a_board_at_a_serial_line_becomes_an_appliance_of_this_cloud(cable: Any, tmp_path: Path) -> None:
    async def story() -> Any:
        settings = Settings(data_dir=tmp_path / "cloud", http_port=0, mqtt_port=0, nats_port=0)
        async with Cloud(settings, http=False) as cloud:
            registry: Registry = cloud.registry
            return await line.provision(registry, boards.load("oven"), cable.port, name="Oven at the line")

    identity = asyncio.run(story())
    flash = (cable.folder / "vfs.img").read_bytes()
    fs = LittleFS(block_size=BLOCK, block_count=len(flash) // BLOCK, mount=False)
    fs.context.buffer = bytearray(flash)
    fs.mount()
    assert {"identity.cbor", "key.der", "cert.der", "ca.der", "locked"} <= set(fs.listdir("/"))
    with fs.open("key.der", "rb") as file:
        private = file.read()[7:39]
    assert private not in cable.seen
    assert private.hex().encode() not in cable.seen
    with fs.open("cert.der", "rb") as file:
        assert file.read() == identity.cert_der


def test_where_no_board_answers_it_is_said_so() -> None:
    with pytest.raises(SimulationError, match=r"no board answers at /dev/none"):
        line.SerialLine("/dev/none")
