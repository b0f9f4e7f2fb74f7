"""What each module costs in RAM when it comes from the ROM image: a module of that image itself, for MicroPython alone.
Imports the modules it is given one after the other, lower ones first, and prints one JSON object of bytes by module.
"""

import gc
import json


def main(arguments: "list[str]") -> None:
    shares = {}
    gc.collect()
    last = gc.mem_alloc()
    for name in arguments:
        __import__(name)
        gc.collect()
        now = gc.mem_alloc()
        shares[name] = now - last
        last = now
    print(json.dumps(shares))
