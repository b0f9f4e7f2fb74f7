"""A port that was free when asked, and stays ours until it is let go. Gives its number; never listens on it."""

from __future__ import annotations

import socket
import sys

from trivet.config import LOOPBACK


class HeldPort:
    """Bound, never listening: Linux then gives the number to nobody who asks for any port, and lets a server that
    names it listen there (SO_REUSEADDR, socket(7)). Elsewhere the number is only likely to stay free.
    OSError where none is free.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((LOOPBACK, 0))
        self.number = int(self._socket.getsockname()[1])
        if sys.platform != "linux":
            self.free()

    def free(self) -> None:
        """May be said twice."""
        self._socket.close()
