"""Cutting the power on purpose: a flash stricter than the chip, short lives of every store on it, and the judge.

Runs in CPython over the firmware's own sources. Read by `tools/device/cuts.py`, and by `tests/powercut`.
What MicroPython alone has gets a stand-in here: what our MQTT client uses of its parent, and figures of a heap that
nobody here asks for.
"""

import gc
import sys
from collections.abc import Callable
from types import ModuleType


class _Client:
    def __init__(self, client_id: str, server: str, port: int = 0, *, keepalive: int = 0) -> None:
        self.sock = self.cb = self.lw_topic = self.lw_msg = None
        self.server, self.port, self.keepalive, self.pid, self.lw_qos = server, port, keepalive, 0, 0

    def set_callback(self, f: Callable[[memoryview, memoryview], None]) -> None:
        self.cb = f

    def set_last_will(self, topic: bytes, msg: bytes, retain: bool = False, qos: int = 0) -> None:
        self.lw_topic, self.lw_msg, self.lw_qos = topic, msg, qos


def _stand_in() -> None:
    umqtt = ModuleType("umqtt.simple")
    vars(umqtt).update(MQTTClient=_Client, MQTTException=OSError)
    for name, module in (("umqtt", ModuleType("umqtt")), ("umqtt.simple", umqtt)):
        sys.modules.setdefault(name, module)
    for name in ("mem_alloc", "mem_free", "threshold"):
        if not hasattr(gc, name):
            setattr(gc, name, lambda *_: 0)


_stand_in()
