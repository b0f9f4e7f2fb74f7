"""The wire between an appliance and its broker, which can be cut. Takes the broker's address, gives an address of its
own; passes bytes on as they are, in both directions.
"""

from __future__ import annotations

import asyncio
import contextlib

_PIECE = 65_536  # bytes


class Relay:
    """`start` gives the port on loopback; `cut`, and `mend` on the same port."""

    def __init__(self, host: str, port: int) -> None:
        self._there = host, port
        self._port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self._port)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self._port

    async def cut(self) -> None:
        """No byte more in either direction, and nobody gets through."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.close()

    async def mend(self) -> None:
        await self.start()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(*self._there)
        except OSError:
            writer.close()
            return
        self._open |= {writer, back}
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer))
        self._open -= {writer, back}

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE):
                writer.write(data)
                await writer.drain()
        writer.close()
