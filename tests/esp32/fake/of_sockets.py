"""`socket`, `select` and `ssl` of the fake chip: those of this interpreter, which really connect; what `socket` and
`select` are asked for, the chip's stubs judge first. Of TLS the stubs say nothing: `ssl` takes what the real one does.
"""

import select as real_select
import socket as real_socket
import ssl as real_ssl

SOCKET = ("socket", "getaddrinfo")
SELECT = ("poll",)


def plain(thing):
    """The interpreter's own object behind a judged one; streams of the interpreter are their own."""
    return getattr(thing, "_real", thing)


class socket:
    def __init__(self, *args):
        self._real = real_socket.socket(*args)

    def setblocking(self, value):
        self._real.setblocking(value)

    def connect(self, address):
        self._real.connect(address)

    def sendto(self, bytes, address):
        return self._real.sendto(bytes, address)

    def recv(self, bufsize):
        return self._real.recv(bufsize)

    def close(self):
        self._real.close()


def getaddrinfo(*args):
    return real_socket.getaddrinfo(*args)


class poll:
    def __init__(self):
        self._real = real_select.poll()

    def register(self, obj, *mask):
        self._real.register(plain(obj), *mask)

    def unregister(self, obj):
        self._real.unregister(plain(obj))

    def poll(self, *timeout):
        return self._real.poll(*timeout)

    def ipoll(self, *timeout):
        return self._real.ipoll(*timeout)


class SSLContext(real_ssl.SSLContext):
    def wrap_socket(self, sock, **words):
        return super().wrap_socket(plain(sock), **words)


class Ssl:
    """In place of the module."""

    SSLContext = SSLContext
    PROTOCOL_TLS_CLIENT = real_ssl.PROTOCOL_TLS_CLIENT
    CERT_REQUIRED = real_ssl.CERT_REQUIRED
