"""A small MQTT 3.1.1 client over mutual TLS, for tests and benches: what an appliance's radio would send, byte by byte.

Takes an identity and messages, gives what came down; never retries and never hides an error, so that a test sees
exactly what the engine does. QoS 1 up, QoS 0 down.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization

from trivet.engine import pki
from trivet.registry import Identity

CONNECT_S = 10.0
_CONNACK, _PUBLISH, _PUBACK, _SUBACK = 2, 3, 4, 9


class RefusedByEngine(ConnectionError):
    """The engine refused the connection, the subscription or cut it."""


class MqttClient:
    """`async with MqttClient(identity) as client:`. `client_id` and `will` may be set to what an attacker sends."""

    def __init__(
        self, identity: Identity, *, client_id: str | None = None, will: tuple[str, bytes] | None = None
    ) -> None:
        self.identity = identity
        self.client_id = identity.device if client_id is None else client_id
        self.will = will
        self.down: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._acks: dict[int, asyncio.Future[None]] = {}
        self._packet = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def connect(self) -> None:
        host, port = self.identity.brokers[0]
        try:
            self._reader, self._writer = await asyncio.wait_for(
                asyncio.open_connection(host, port, ssl=tls_context(self.identity)), CONNECT_S
            )
            await self._write(_packet(0x10, self._connect_body()))
            kind, body = await asyncio.wait_for(self._read(), CONNECT_S)
        except (OSError, EOFError, TimeoutError) as error:
            await self.drop()
            raise RefusedByEngine(f"no connection: {error!r}") from error
        if kind >> 4 != _CONNACK or body[1] != 0:
            await self.drop()
            raise RefusedByEngine(f"CONNACK {body.hex()}")
        self._task = asyncio.create_task(self._receive())

    def _connect_body(self) -> bytes:
        flags, payload = 0x02, _text(self.client_id)
        if self.will is not None:
            flags |= 0x04 | 0x08  # will, QoS 1
            payload += _text(self.will[0]) + len(self.will[1]).to_bytes(2, "big") + self.will[1]
        return _text("MQTT") + bytes([4, flags]) + (60).to_bytes(2, "big") + payload

    async def publish(self, topic: str, data: bytes, timeout_s: float = CONNECT_S) -> None:
        """Returns at the PUBACK; RefusedByEngine when the connection goes instead."""
        number = self._next_packet()
        await self._confirmed(number, _packet(0x32, _text(topic) + number + data), timeout_s)

    async def subscribe(self, topic: str, timeout_s: float = CONNECT_S) -> None:
        number = self._next_packet()
        await self._confirmed(number, _packet(0x82, number + _text(topic) + b"\0"), timeout_s)

    def _next_packet(self) -> bytes:
        self._packet = self._packet % 0xFFFF + 1
        return self._packet.to_bytes(2, "big")

    async def _confirmed(self, number: bytes, packet: bytes, timeout_s: float) -> None:
        waiting = self._acks[int.from_bytes(number, "big")] = asyncio.get_running_loop().create_future()
        try:
            await self._write(packet)
            await asyncio.wait_for(waiting, timeout_s)
        except TimeoutError as error:
            raise RefusedByEngine(f"no answer within {timeout_s} s") from error
        finally:
            self._acks.pop(int.from_bytes(number, "big"), None)

    async def drop(self) -> None:
        """Cuts the connection without a word: the engine then sends the will."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def close(self) -> None:
        if self._writer is not None:
            with contextlib.suppress(OSError):
                await self._write(b"\xe0\x00")
        await self.drop()

    async def _write(self, data: bytes) -> None:
        if self._writer is None or self._writer.is_closing():
            raise RefusedByEngine("not connected")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise RefusedByEngine(f"cut: {error!r}") from error

    async def _read(self) -> tuple[int, bytes]:
        assert self._reader is not None
        kind = (await self._reader.readexactly(1))[0]
        length = shift = 0
        while True:
            byte = (await self._reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return kind, await self._reader.readexactly(length)

    async def _receive(self) -> None:
        try:
            while True:
                kind, body = await self._read()
                self._take(kind >> 4, body)
        except (OSError, EOFError) as error:
            for waiting in self._acks.values():
                if not waiting.done():
                    waiting.set_exception(RefusedByEngine(f"cut: {error!r}"))
            if self._writer is not None:
                self._writer.transport.abort()

    def _take(self, kind: int, body: bytes) -> None:
        if kind == _PUBLISH:
            size = int.from_bytes(body[:2], "big")
            self.down.put_nowait((body[2 : 2 + size].decode(), body[2 + size :]))
        elif kind in {_PUBACK, _SUBACK}:
            waiting = self._acks.get(int.from_bytes(body[:2], "big"))
            if waiting is not None and not waiting.done():
                if kind == _SUBACK and body[2] == 0x80:
                    waiting.set_exception(RefusedByEngine("subscription refused"))
                else:
                    waiting.set_result(None)


def tls_context(identity: Identity) -> ssl.SSLContext:
    """As the appliance does: trusts our authority alone, shows its own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=identity.ca_der)
    key = serialization.load_der_private_key(identity.key_der, None)
    pem = pki.key_pem(key) + ssl.DER_cert_to_PEM_cert(identity.cert_der).encode()  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "client.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def _packet(head: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return bytes([head]) + length + body


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw
