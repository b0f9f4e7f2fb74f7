"""The house's Wi-Fi. Takes name and password from /fs/wifi.cbor or from whoever sets them at the service port, keeps
the chip joined; every call is one step and waits for nothing. Never an access point, never scans unasked.

    wifi.cbor   [name tstr, password tstr]
"""

# The stubs of the chip's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import network
from network import WLAN
from trivet_wire import cbor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Files

FILE = "wifi.cbor"
OFF = 0  # no network is known
JOINING = 1
JOINED = 2
REFUSED = 3  # wrong password, or no such network: tried again later
_PATIENCE_MS = 20_000
_AGAIN_MS = 5_000
_LONGEST_MS = 300_000
_MOST = 256  # bytes of the file
_NAME = 32  # bytes, IEEE 802.11
_PASSWORD = 63  # characters, WPA2 (IEEE 802.11, J.4)
_BAD = (network.STAT_WRONG_PASSWORD, network.STAT_NO_AP_FOUND, network.STAT_CONNECT_FAIL)


class Wifi:
    """`state`: OFF, JOINING, JOINED, REFUSED."""

    def __init__(self, files: "Files") -> None:
        self._files = files
        self._wlan = WLAN(WLAN.IF_STA)
        self._name = self._password = ""
        self._since = self._due = 0
        self._wait = _AGAIN_MS
        self.state = OFF
        self.known = False  # one is kept
        self.back()

    def back(self) -> None:
        """To the network that is kept, or to none."""
        self._name = self._password = ""
        self.known = False
        data = self._files.read(FILE)
        try:
            if data is not None:
                name, password = cbor.decode(data, _MOST)
                if isinstance(name, str) and isinstance(password, str):
                    self._name, self._password = name, password
                    self.known = True
        except ValueError:  # a damaged file: as if nobody had told
            pass
        self.state = REFUSED if self._name else OFF  # due at once

    def take(self, name: str, password: str, now: int) -> bool:
        """Another network, kept once it was joined. False for what cannot be one."""
        if not 1 <= len(name.encode()) <= _NAME or len(password) > _PASSWORD or 0 < len(password) < 8:
            return False
        self._name, self._password = name, password
        self._wait = _AGAIN_MS
        self._join(now)
        return True

    def keep(self) -> None:
        """It was joined: it will be after the next start too. OSError where there is no room."""
        self._files.write(FILE, cbor.encode([self._name, self._password]))
        self.known = True

    def poll(self, now: int) -> None:
        """One step at `now` (ms)."""
        if self.state == OFF:
            return
        if self._wlan.isconnected():
            self.state = JOINED
            self._wait = _AGAIN_MS
        elif self.state == JOINED:
            self._join(now)  # it went away
        elif self.state == JOINING:
            if self._wlan.status() in _BAD or now - self._since >= _PATIENCE_MS:
                self._wlan.disconnect()
                self.state = REFUSED
                self._due = now + self._wait
                self._wait = min(2 * self._wait, _LONGEST_MS)
        elif now >= self._due:
            self._join(now)

    def address(self) -> str:
        return self._wlan.ifconfig()[0]

    def found(self) -> "list[tuple[bytes, bytes, int, int, int, int]]":
        """Networks around, the strongest first. Takes some seconds: only when somebody asks."""
        if not self._wlan.active():
            self._wlan.active(True)
        return sorted(self._wlan.scan(), key=lambda row: -row[3])

    def _join(self, now: int) -> None:
        wlan = self._wlan
        self.state = JOINING
        self._since = now
        try:
            if not wlan.active():
                wlan.active(True)
                wlan.config(reconnects=0)  # when to try again is decided here
            wlan.disconnect()
            wlan.connect(self._name, self._password)
        except OSError:  # the radio does not start: tried again
            self.state = REFUSED
            self._due = now + self._wait
