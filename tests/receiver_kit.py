"""A real HTTP receiver on loopback whose answers a test decides: `async with receiver(answering) as there:`."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass
class Reply:
    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    slow_s: float = 0.0  # before each byte of the body


Answering = Callable[[Request], Awaitable[Reply]]


async def taking(_request: Request) -> Reply:
    return Reply()


@dataclass
class Receiver:
    url: str
    answering: Answering
    requests: list[Request] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read(reader):
                self.requests.append(request)
                reply = await self.answering(request)
                head = {"content-length": str(len(reply.body)), **reply.headers}
                lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
                lines += [f"{name}: {value}" for name, value in head.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode())
                for byte in reply.body if reply.slow_s else ():
                    await writer.drain()
                    await asyncio.sleep(reply.slow_s)
                    writer.write(bytes([byte]))
                if not reply.slow_s:
                    writer.write(reply.body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    line = await reader.readline()
    if not line:
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def receiver(
    answering: Answering = taking, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Receiver]:
    there = Receiver("", answering)
    server = await asyncio.start_server(there.serve, host, 0, ssl=tls)
    there.url = f"{'https' if tls else 'http'}://{host}:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield there
    finally:
        server.close()  # connections that are kept alive end with the client
