"""`network` of the fake chip: a radio that joins the access point which the test describes."""

import world

NAMES = ("WLAN",)


class WLAN:
    def __init__(self, interface_id=0):
        self._active = False
        self._asked = None

    def active(self, *args):
        if args:
            self._active = bool(args[0])
            return None
        return self._active

    def config(self, *args, **kwargs):
        return ""

    def connect(self, ssid=None, password=None, *, bssid=None):
        if not self._active:
            raise OSError(12289)  # ESP_ERR_WIFI_NOT_INIT
        self._asked = (ssid, password)

    def disconnect(self):
        self._asked = None

    def isconnected(self):
        return self._asked is not None and world.board.air["connect"] and self._asked[1] == world.board.air["password"]

    def status(self, *args):
        if self._asked is None:
            return 1000
        if self._asked[0].encode() not in [row[0] for row in world.board.air["networks"]]:
            return 201
        return 1010 if self.isconnected() else 202

    def ifconfig(self, *args):
        return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")

    def scan(self):
        return list(world.board.air["networks"])
