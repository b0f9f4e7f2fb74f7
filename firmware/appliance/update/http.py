"""A payload by HTTP range (RFC 9110, section 14): takes a link that never blocks and a uri, fills the window. One small
GET a window over one connection, kept alive where the server does. No redirects, no chunked bodies, no other answer
than 206 for the very range that was asked for, or 200 for a whole payload. Anything else is OSError.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Link, Stream
    from .download import Download

E_ANSWER = 1101  # an answer that is not the range asked for
_HEAD = 512  # bytes of an answer's head
_PATIENCE_MS = 10_000


def split(uri: str) -> "tuple[bool, str, int, str]":
    """Whether with TLS, host, port, path. ValueError for what is no http uri."""
    tls = uri.startswith("https://")
    if not tls and not uri.startswith("http://"):
        raise ValueError("no http uri")
    rest = uri[8 if tls else 7 :]
    slash = rest.find("/")
    host, path = (rest, "/") if slash < 0 else (rest[:slash], rest[slash:])
    colon = host.find(":")
    port = int(host[colon + 1 :]) if colon >= 0 else 443 if tls else 80
    host = host[:colon] if colon >= 0 else host
    if not host or not 0 < port < 65536:
        raise ValueError("no host")
    for letter in uri:
        if not "!" <= letter <= "~":
            raise ValueError("not a character of a uri")
    return tls, host, port, path


def resolved(uri: str, offered: str) -> str:
    """`uri`, where it is relative, beside the offered one: both are `sha256/<hex>` of one place."""
    if uri.startswith("http://") or uri.startswith("https://"):
        return uri
    at = offered.rfind("/sha256/")
    if at < 0:
        at = offered.rfind("/")
    return offered[:at] + "/" + uri


_IDLE, _WRITING, _HEADING, _BODY = 0, 1, 2, 3


class Range:
    """A source as `download.Asking`: `poll(now, download)` False means that it is of no use now."""

    def __init__(self, link: "Link", uri: str) -> None:
        """ValueError for what is no http uri."""
        self._link = link
        self._tls, self._host, self._port, self._path = split(uri)
        self._stream: Stream | None = None
        self._state = _IDLE
        self._out = b""
        self._sent: int = 0
        self._head = bytearray(_HEAD)
        self._view = memoryview(self._head)
        self._got: int = 0  # bytes of the answer's head
        self._since = 0

    def poll(self, now: int, download: "Download") -> bool:
        try:
            if not download.whole():
                self._step(now, download)
            return True
        except (OSError, ValueError):
            self.close()
            return False

    def close(self) -> None:
        stream = self._stream
        self._stream = None
        self._state = _IDLE
        if stream is not None:
            stream.close()

    def _step(self, now: int, download: "Download") -> None:
        if self._state == _IDLE:
            self._ask(download)
            self._since = now
        stream = self._stream
        if stream is None:
            return
        moved: int | None = None
        if self._state == _WRITING:
            moved = stream.write(self._out, self._sent, len(self._out) - self._sent)
            if moved:
                self._sent += moved
                if self._sent == len(self._out):
                    self._state = _HEADING
        elif self._state == _HEADING:
            moved = stream.readinto(self._view[self._got :])
            if moved:
                self._got += moved
                self._answered(download)
        else:
            moved = stream.readinto(download.room[download.filled : download.goal])
            if moved:
                download.poured(moved)
        if self._state == _BODY and download.whole():
            self._state = _IDLE
        if moved:
            self._since = now
        elif moved == 0 or now - self._since > _PATIENCE_MS:
            raise OSError(E_ANSWER)

    def _ask(self, download: "Download") -> None:
        first = download.at + download.filled
        last = download.at + download.goal - 1
        head = "GET %s HTTP/1.1\r\nHost: %s:%d\r\nRange: bytes=%d-%d\r\n\r\n"
        self._out = (head % (self._path, self._host, self._port, first, last)).encode()
        self._sent = self._got = 0
        if self._stream is None:
            self._stream = self._link.open(self._host, self._port, self._tls)
        self._state = _WRITING

    def _answered(self, download: "Download") -> None:
        """Judge the head once it is whole; what came behind it is the body's beginning."""
        head = bytes(self._view[: self._got])
        end = head.find(b"\r\n\r\n")
        if end < 0:
            if self._got == _HEAD:
                raise OSError(E_ANSWER)
            return
        want = download.goal - download.filled
        whole = download.at == 0 and download.filled == 0 and download.goal == download.size
        lines = head[:end].lower().split(b"\r\n")
        status = lines[0][9:12]
        length = -1
        for line in lines[1:]:
            if line.startswith(b"content-length:"):
                length = int(line[15:])
            elif line.startswith(b"content-range:"):
                first = line[14:].strip().split(b"-")[0]
                if first != b"bytes %d" % (download.at + download.filled):
                    raise OSError(E_ANSWER)
        if length != want or not (status == b"206" or (status == b"200" and whole)):
            raise OSError(E_ANSWER)
        rest = head[end + 4 :]
        if len(rest) > want:
            raise OSError(E_ANSWER)
        download.room[download.filled : download.filled + len(rest)] = rest
        if rest:
            download.poured(len(rest))
        self._state = _BODY
