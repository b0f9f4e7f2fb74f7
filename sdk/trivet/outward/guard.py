"""Which addresses the cloud may send to. Takes a host, resolves it once, gives connections to exactly the addresses
that were checked: a name that leads elsewhere a moment later (DNS rebinding) leads nowhere. Never asks a proxy.

Public addresses are allowed over TLS. Private, loopback, link-local and all other special ones (RFC 6890) only where
the operator named their network; there plain HTTP is allowed too.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

RESOLVE_S = 5.0
RESOLVERS = 64  # threads: names that hang must not hold up the others
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressError(Exception):
    """The receiver's address is not allowed, or its name leads nowhere; the text says what to do."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks in CIDR notation. ValueError for what is none."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, Teredo, NAT64), else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def public(address: Address) -> bool:
    """Whether it is an ordinary address of the Internet, whatever it is wrapped in."""
    real = inner(address)
    special = real.is_multicast or real.is_reserved or real.is_link_local or real.is_loopback or real.is_unspecified
    site = isinstance(real, ipaddress.IPv6Address) and real.is_site_local
    return real.is_global and not (special or site)


class Guard(httpcore.AsyncNetworkBackend):
    """Connects for httpcore. `plain`: for connections without TLS, which go into named networks alone."""

    def __init__(self, allowed: tuple[Network, ...], *, plain: bool) -> None:
        self._allowed = allowed
        self._plain = plain
        self._inner = httpcore.AnyIOBackend()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        error: Exception = AddressError(f"{host} has no address")
        for address in await self.checked(host, port):
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def checked(self, host: str, port: int) -> list[Address]:
        """Every address of the host. AddressError when one of them is not allowed: whoever answers with a public and a
        private one at once is up to something."""
        found = await self._resolve(host, port)
        for address in found:
            named = any(inner(address) in network for network in self._allowed)
            if not named and not public(address):
                raise AddressError(
                    f"{host} leads to {address}, which is no public address: nothing is sent there unless the cloud is "
                    "started with --allow-network for it"
                )
            if not named and self._plain:
                raise AddressError(f"{host} is on the Internet: use https:// for it")
        return found

    async def _resolve(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            work = loop.run_in_executor(
                self._resolvers, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
            answers = await asyncio.wait_for(work, RESOLVE_S)
        except (OSError, UnicodeError) as error:  # TimeoutError is one
            raise AddressError(f"the name {host} could not be resolved") from error
        texts = dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers)
        return [ipaddress.ip_address(text) for text in texts]

    def close(self) -> None:
        self._resolvers.shutdown(wait=False, cancel_futures=True)
