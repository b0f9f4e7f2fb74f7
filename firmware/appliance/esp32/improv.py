"""Wi-Fi by cable: the Improv protocol for serial lines, version 1, on the service port, as browsers and phones
speak it. Takes the bytes behind a packet's head one by one, gives answers. Between its packets everything else on
the line is the console's. A network that is known already is replaced only while somebody is present at the appliance.

    packet  `IMPROV`, version 1, type, length, data, checksum (low byte of the sum of all before), `\\n` behind it
    types   1 state, 2 error, 3 command, 4 result; states 1 presence wanted, 2 ready, 3 joining, 4 joined
    command [which, length, data]: 1 [length, name, length, password], 2 state, 3 what am I, 4 networks
"""

from .wifi import JOINED, JOINING, OFF, REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .wifi import Wifi

HEAD = b"IMPROV\x01"
_TYPE = 7
_LENGTH = 8
_DATA = 9
_GAP_MS = 1_000  # a packet that stands still for longer was none
_STATE, _ERROR, _COMMAND, _RESULT = 1, 2, 3, 4
_PRESENCE, _READY, _PROVISIONING, _PROVISIONED = 1, 2, 3, 4
_E_NONE, _E_INVALID, _E_UNKNOWN, _E_CONNECT = 0, 1, 2, 3
_SETTINGS, _ASK, _ABOUT, _SCAN = 1, 2, 3, 4
_MOST_NETWORKS = 20


class Improv:
    """`about`: firmware, version, chip, name of the appliance."""

    def __init__(
        self, wifi: "Wifi", write: "Callable[[bytes], None]", present: "Callable[[], bool]", about: "tuple[str, ...]"
    ) -> None:
        self._wifi = wifi
        self._write = write
        self._present = present
        self._about = about
        self._buf = bytearray(_DATA + 256)
        self._buf[: len(HEAD)] = HEAD
        self._got = len(HEAD)
        self._last = 0
        self._setting = False

    def take(self, byte: int, now: int) -> bool:
        """What follows a head. False: the packet is over."""
        if self._got > len(HEAD) and now - self._last > _GAP_MS:
            self._got = len(HEAD)
            return False
        self._last = now
        self._buf[self._got] = byte
        self._got += 1
        if self._got <= _LENGTH or self._got < _DATA + self._buf[_LENGTH] + 1:
            return True
        self._got = len(HEAD)
        self._packet(now)
        return False

    @property
    def busy(self) -> bool:
        """A network is being joined that somebody here waits for."""
        return self._setting

    def poll(self, now: int) -> None:
        """Whether a network that was set here was joined."""
        if not self._setting:
            return
        state = self._wifi.state
        if state == JOINED:
            self._setting = False
            try:
                self._wifi.keep()
            except OSError:
                self._say(_ERROR, bytes((0xFF,)))
                return
            self._say(_STATE, bytes((_PROVISIONED,)))
            self._result(_SETTINGS, ())
        elif state in (REFUSED, OFF):
            self._setting = False
            self._wifi.back()
            self._say(_ERROR, bytes((_E_CONNECT,)))
            self._say(_STATE, bytes((self._state(),)))

    def _packet(self, now: int) -> None:
        buf = self._buf
        length = buf[_LENGTH]
        if sum(buf[: _DATA + length]) & 0xFF != buf[_DATA + length]:
            self._say(_ERROR, bytes((_E_INVALID,)))
        elif buf[_TYPE] == _COMMAND:
            self._obey(bytes(buf[_DATA : _DATA + length]), now)

    def _obey(self, data: bytes, now: int) -> None:
        if len(data) < 2 or len(data) != data[1] + 2:
            self._say(_ERROR, bytes((_E_INVALID,)))
            return
        which = data[0]
        if which == _ASK:
            self._say(_STATE, bytes((self._state(),)))
            if self._wifi.state == JOINED:
                self._result(_ASK, ())
        elif which == _ABOUT:
            self._result(_ABOUT, self._about)
        elif which == _SCAN:
            self._networks()
        elif which == _SETTINGS:
            self._settings(data, now)
        else:
            self._say(_ERROR, bytes((_E_UNKNOWN,)))

    def _settings(self, data: bytes, now: int) -> None:
        if self._state() == _PRESENCE:
            self._say(_STATE, bytes((_PRESENCE,)))
            return
        try:
            end = 3 + data[2]
            name = data[3:end].decode()
            password = data[end + 1 : end + 1 + data[end]].decode()
            whole = end + 1 + data[end] == len(data)
        except (IndexError, ValueError):
            whole, name, password = False, "", ""
        if not whole or not self._wifi.take(name, password, now):
            self._say(_ERROR, bytes((_E_INVALID,)))
            return
        self._setting = True
        self._say(_ERROR, bytes((_E_NONE,)))
        self._say(_STATE, bytes((_PROVISIONING,)))

    def _state(self) -> int:
        if self._setting or (self._wifi.state == JOINING and self._present()):
            return _PROVISIONING
        if not self._wifi.known or self._present():
            return _READY
        return _PROVISIONED if self._wifi.state == JOINED else _PRESENCE

    def _networks(self) -> None:
        told: list[bytes] = []
        try:
            found = self._wifi.found()
        except OSError:
            found = []
        for name, _, _, strength, security, _ in found:
            if name and name not in told and len(told) < _MOST_NETWORKS:
                told.append(name)
                self._result(_SCAN, (_text(name), str(strength), "YES" if security else "NO"))
        self._result(_SCAN, ())

    def _result(self, which: int, texts: "tuple[str, ...]") -> None:
        data = bytearray((which, 0))
        for text in texts:
            encoded = text.encode()
            data.append(len(encoded))
            data.extend(encoded)
        data[1] = len(data) - 2
        self._say(_RESULT, bytes(data))

    def _say(self, kind: int, data: bytes) -> None:
        packet = HEAD + bytes((kind, len(data))) + data
        self._write(packet + bytes((sum(packet) & 0xFF, 10)))


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except ValueError:  # a network's name need be no text
        return "?"
