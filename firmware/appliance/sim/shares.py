"""What each module costs in RAM when it comes from the ROM image: imports the modules it is given one after the
other, lower ones first, and prints one JSON object of bytes by module.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

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
