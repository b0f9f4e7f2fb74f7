"""Cutting the power on purpose: a flash stricter than the chip, short lives of every store on it, and the judge.

Runs in CPython over the firmware's own sources. Read by `tools/device/cuts.py`, and by `tests/powercut`.
What MicroPython alone has gets a stand-in here: the client of a broker that none of these lives has, and figures of a
heap that none of them asks for.
"""

import gc
import sys
from types import ModuleType


def _stand_in() -> None:
    umqtt = ModuleType("umqtt.simple")
    vars(umqtt).update(MQTTClient=object, MQTTException=OSError)
    for name, module in (("umqtt", ModuleType("umqtt")), ("umqtt.simple", umqtt)):
        sys.modules.setdefault(name, module)
    for name in ("mem_alloc", "mem_free", "threshold"):
        if not hasattr(gc, name):
            setattr(gc, name, lambda *_: 0)


_stand_in()
