"""Deltas: an old image and a patch give the new image, piece by piece as the patch comes in. Loaded when one comes.

Takes the patch in pieces of any length, an old image `old.read(off, buf)` with its `size`, and `new.write(buf)`, which
must have taken the bytes when it returns. Never reads outside the old image, never writes more than `size` bytes, keeps
1.3 KiB, and ends for every patch: what is not a patch that leads to exactly `size` bytes is R_PATCH. Whether the new
image is the right one, its digest says.

The format is that of `detools`, sequential, compressed by heatshrink with a window of 256 bytes and a lookahead of 128:

    04            sequential, heatshrink
    <size>        of the new image
    44            heatshrink's parameters; from here on compressed
    <size> = 0    no rearranging of code
    then again and again, until the new image is whole:
      <size> <bytes>    added to as many bytes of the old image, each modulo 256
      <size> <bytes>    as they are
      <size>            how far the place in the old image moves

A size is 6 bits, a sign (0x40) and a mark that 7 bits more follow (0x80), lowest bits first. A heatshrink token is
1 ‖ a byte, or 0 ‖ distance - 1 (8 bits) ‖ count - 1 (7 bits), highest bit first, zero bits at the end.
"""

from trivet_wire.ids import R_PATCH
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    Buffer = bytes | bytearray | memoryview

    class Old(Protocol):
        size: int

        def read(self, off: int, buf: bytearray | memoryview) -> None: ...

    class New(Protocol):
        def write(self, buf: Buffer) -> None: ...


_TYPE = 0x04
_SHRINK = 0x44
_WINDOW = 256  # bytes
_BATCH = 512  # bytes behind the window that collect what is decompressed
_LONGEST = 128  # bytes that one token gives
_RUN = 64  # bytes looked at for zeros at once
_MAX_SHIFT = 20  # of a size: 4 bytes, up to 2^27, and so a small integer everywhere

# What comes next in the patch.
_HEAD = 0
_NEW_SIZE = 1
_PARAMETERS = 2
_CODE_SIZE = 3
_DIFF_SIZE = 4
_DIFF = 5
_EXTRA_SIZE = 6
_EXTRA = 7
_MOVE = 8
_END = 9


class Patch:
    """One application of a patch; useless after a WireError."""

    def __init__(self, old: "Old", new: "New", size: int) -> None:
        self._old = old
        self._new = new
        self._size = size
        self._state = _HEAD
        self._made = 0  # bytes of the new image
        self._place = 0  # in the old image
        self._left = 0  # bytes of a diff or extra part
        self._value = 0  # of a size that is being read
        self._shift = 0
        self._sign = 0
        self._acc = 0  # bits that no token has taken yet
        self._bits = 0
        self._window = memoryview(bytearray(_WINDOW + _BATCH))
        self._sum = memoryview(bytearray(_BATCH))

    def write(self, piece: "Buffer") -> None:
        """The next bytes of the patch."""
        at = 0
        end = len(piece)
        while at < end and self._state <= _PARAMETERS:
            self._head(piece[at])
            at += 1
        if at < end:
            self._inflate(piece, at, end)

    def finish(self) -> None:
        """The patch is over: R_PATCH unless the new image is whole."""
        if self._state != _END or self._bits > 7 or self._acc:
            raise WireError(R_PATCH)

    def _head(self, byte: int) -> None:
        """What stands before the compressed part."""
        if self._state == _NEW_SIZE:
            if self._sized(byte):
                if self._value != self._size or self._size <= 0:
                    raise WireError(R_PATCH)
                self._next(_PARAMETERS)
            return
        if byte != (_TYPE if self._state == _HEAD else _SHRINK):
            raise WireError(R_PATCH)
        self._next(self._state + 1)

    def _inflate(self, piece: "Buffer", at: int, end: int) -> None:
        """Heatshrink: fills the batch behind the window, hands it on when no token more is sure to fit."""
        window = self._window
        acc = self._acc
        bits = self._bits
        pos = _WINDOW
        while at < end:
            acc = acc << 8 | piece[at]
            at += 1
            bits += 8
            while bits >= 9:
                if acc >> bits - 1:
                    bits -= 9
                    window[pos] = acc >> bits & 0xFF
                    pos += 1
                elif bits >= 16:
                    bits -= 16
                    token = acc >> bits
                    pos = self._repeat(pos, (token >> 7) + 1, (token & 0x7F) + 1)
                else:
                    break
                acc &= (1 << bits) - 1
            if pos > _WINDOW + _BATCH - 2 * _LONGEST:
                pos = self._hand_on(pos)
        self._acc = acc
        self._bits = bits
        self._hand_on(pos)

    def _repeat(self, pos: int, distance: int, count: int) -> int:
        """Copy what was there `distance` bytes before; it may reach into the copy itself. Gives the end of it."""
        window = self._window
        start = pos - distance
        end = pos + count
        while pos < end:
            n = pos - start
            if n > end - pos:
                n = end - pos
            window[pos : pos + n] = window[start : start + n]
            pos += n
        return pos

    def _hand_on(self, pos: int) -> int:
        """Use what was decompressed, and keep the last of it as the window. Gives where the next batch begins."""
        at = _WINDOW
        while at < pos:
            if self._state == _DIFF:
                at += self._diff(at, pos)
            elif self._state == _EXTRA:
                at += self._extra(at, pos)
            elif self._state == _END:
                raise WireError(R_PATCH)
            else:
                if self._sized(self._window[at]):
                    self._use(-self._value if self._sign else self._value)
                at += 1
        self._window[:_WINDOW] = self._window[pos - _WINDOW : pos]
        return _WINDOW

    def _diff(self, at: int, end: int) -> int:
        """Bytes of the old image and of the batch added up. Where the batch is zero, and it mostly is, the old bytes
        stand as they are. Gives how many bytes of the batch are used."""
        n = self._portion(end - at)
        if self._place < 0 or self._place + n > self._old.size:
            raise WireError(R_PATCH)
        window = self._window
        total = self._sum[:n]
        self._old.read(self._place, total)
        end = at + n
        i = 0
        while at < end:
            byte = window[at]
            if byte:
                total[i] = total[i] + byte & 0xFF
                i += 1
                at += 1
            else:
                rest = bytes(window[at : min(end, at + _RUN)])
                zeros = len(rest) - len(rest.lstrip(b"\0"))
                i += zeros
                at += zeros
        self._new.write(total)
        self._place += n
        self._advance(n, _EXTRA_SIZE)
        return n

    def _extra(self, at: int, end: int) -> int:
        n = self._portion(end - at)
        self._new.write(self._window[at : at + n])
        self._advance(n, _MOVE)
        return n

    def _portion(self, n: int) -> int:
        return n if n < self._left else self._left

    def _advance(self, n: int, then: int) -> None:
        self._made += n
        self._left -= n
        if not self._left:
            self._next(then)

    def _next(self, state: int) -> None:
        self._state = state
        self._value = self._shift = self._sign = 0

    def _sized(self, byte: int) -> bool:
        """One byte of a size; whether it is the last."""
        if self._shift:
            self._value |= (byte & 0x7F) << self._shift
            self._shift += 7
        else:
            self._value = byte & 0x3F
            self._sign = byte & 0x40
            self._shift = 6
        if byte & 0x80 and self._shift > _MAX_SHIFT:
            raise WireError(R_PATCH)
        return not byte & 0x80

    def _use(self, value: int) -> None:
        """A whole size that stands in the compressed part."""
        state = self._state
        if state == _MOVE:
            self._place += value
            if not -(1 << 28) < self._place < 1 << 28:
                raise WireError(R_PATCH)
            self._next(_END if self._made == self._size else _DIFF_SIZE)
        elif state == _CODE_SIZE:
            if value:
                raise WireError(R_PATCH)
            self._next(_DIFF_SIZE)
        else:
            if value < 0 or value > self._size - self._made:
                raise WireError(R_PATCH)
            self._left = value
            self._next(state + 1 if value else state + 2)
