"""Sockets of the host: takes an address and three DER blobs, gives streams that never block, with TLS or without it
(ports.Link). Every failure of the network, the handshake or the peer's certificate comes out as OSError; the caller
decides what to do.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import errno
import select
import socket
import ssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Files


class Link:
    """Opens streams to brokers; the TLS context is made once, at the first use (about 4 KB of heap)."""

    def __init__(self, files: "Files") -> None:
        self._files = files
        self._context: ssl.SSLContext | None = None

    def open(self, host: str, port: int, tls: bool = True) -> "Stream":
        """Start a connection. A host name is looked up here, which may wait for DNS: give addresses where that
        matters."""
        if tls and self._context is None:
            self._context = self._make_context()
        return Stream(self._context if tls else None, host, port)

    def _make_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self._files.read("ca.der"))
        context.load_cert_chain(self._files.read("cert.der"), self._files.read("key.der"))
        return context


class Stream:
    """TCP connect, TLS handshake and data, each step taken only as far as it goes without waiting."""

    def __init__(self, context: "ssl.SSLContext | None", host: str, port: int) -> None:
        """`context` None: without TLS."""
        self._context = context
        self._host = host
        self._tls: Any = None
        self._tcp = socket.socket()
        self._tcp.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._tcp, select.POLLOUT)
        try:
            self._tcp.connect(socket.getaddrinfo(host, port)[0][-1])
        except OSError as err:
            if err.errno != errno.EINPROGRESS:
                self._tcp.close()
                raise

    def _secured(self) -> bool:
        if self._tls is not None:
            return True
        ready = self._poll.poll(0)
        if not ready:
            return False
        if ready[0][1] & (select.POLLERR | select.POLLHUP):
            raise OSError(errno.ECONNREFUSED)
        if self._context is None:
            self._tls = self._tcp
        else:
            self._tls = self._context.wrap_socket(self._tcp, server_hostname=self._host, do_handshake_on_connect=False)
        return True

    def readinto(self, buf: bytearray | memoryview) -> int | None:
        """Bytes read into `buf`, 0 when the peer closed, None when there is nothing now."""
        if not self._secured():
            return None
        try:
            return self._tls.readinto(buf)
        except ValueError:  # the handshake's word for a certificate that does not fit
            raise OSError(errno.EACCES) from None

    def write(self, buf: bytes | bytearray, off: int, n: int) -> int | None:
        """Bytes of `buf[off:off + n]` taken, None when none can go now."""
        if not self._secured():
            return None
        try:
            return self._tls.write(buf, off, n)
        except ValueError:
            raise OSError(errno.EACCES) from None

    def close(self) -> None:
        """Let go of the connection; a second call does nothing."""
        if self._tls is not None and self._context is not None:
            self._tls.close()
        self._tcp.close()
