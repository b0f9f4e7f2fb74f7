"""One request to a receiver that nobody here trusts. Takes method, URL, headers and body, gives status, headers and the
beginning of the answer; keeps no cookie, asks no proxy, follows no redirect: a redirect is an answer like another.

Time and size are bounded as a whole: a receiver that answers a byte a second is given up like one that is silent.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Self
from urllib.parse import urlsplit

import httpcore

from trivet.outward.guard import AddressError, Guard, Network

REQUEST_S = 15.0  # for everything: name, connection, request, answer
MOST = 1 << 20  # bytes of an answer that are read
_CONNECTIONS = 1000


class SendError(Exception):
    """No answer came; the text says why, without anything of the request's content."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry_after_s(self) -> float | None:
        """What the receiver asks for in seconds; None for anything else, dates too: no clock of theirs is believed."""
        said = self.headers.get("retry-after", "")
        return float(said) if said.isascii() and said.isdigit() else None


def checked_url(url: str) -> str:
    """The URL, if requests can go there at all. ValueError says what is wrong; where it leads is seen at each
    request."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"this is no URL: {error}") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise ValueError("write a whole URL: https://host/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no name or password in the URL: requests are signed instead")
    if parts.fragment:
        raise ValueError("leave away what follows #: it is never sent")
    if not url.isascii() or any(ord(letter) <= 32 for letter in url):
        raise ValueError("write it in ASCII without spaces (punycode for a name, %XX for a path)")
    return url


@cache
def _system_trust() -> ssl.SSLContext:
    """Read once: it is some hundred certificates."""
    return ssl.create_default_context()


class Client:
    """`async with Client(allowed) as client: await client.request("POST", url, headers, body)`."""

    def __init__(self, allowed: tuple[Network, ...] = (), tls: ssl.SSLContext | None = None) -> None:
        """`allowed`: private networks that may be reached. `tls`: whose certificates are believed; the system's."""
        self._guards = {"https": Guard(allowed, plain=False), "http": Guard(allowed, plain=True)}
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                ssl_context=tls or _system_trust(),
                max_connections=_CONNECTIONS,
                keepalive_expiry=5.0,
                network_backend=guard,
            )
            for scheme, guard in self._guards.items()
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        for guard in self._guards.values():
            guard.close()

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, limit_s: float = REQUEST_S
    ) -> Answer:
        """The answer, whatever its status. SendError when none came in time."""
        try:
            async with asyncio.timeout(limit_s):
                return await self._request(method, url, headers, body)
        except AddressError as error:
            raise SendError(str(error)) from error
        except TimeoutError as error:
            raise SendError(f"no whole answer within {limit_s:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise SendError(_why(error)) from error

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        pool = self._pools[urlsplit(checked_url(url)).scheme]
        told = {"host": urlsplit(url).netloc, "content-length": str(len(body)), **headers}
        async with pool.stream(method, url, headers=list(told.items()), content=body) as response:
            read = b""
            async for chunk in response.aiter_stream():
                read += chunk
                if len(read) > MOST:
                    raise SendError(f"the answer is longer than {MOST} bytes")
            names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Answer(response.status, names, read)


def _why(error: Exception) -> str:
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, ssl.SSLError):
            return "its certificate is not believed here, or it speaks no TLS"
        at = at.__cause__ or at.__context__
    if isinstance(error, httpcore.ConnectError):
        return "nobody answers at its address"
    return f"the connection broke ({type(error).__name__})"
