"""The interpreter's prompt of a simulated, unlocked board: takes its directory, mounts its littlefs at /fs and stays
there, as a board's prompt stands in its own flash. Runs none of the appliance's program; the prompt itself is the
interpreter's.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false

import os
import sys

from ..system.disk import Files


def main(arguments: "list[str]") -> None:
    """`arguments`: the device's directory."""
    Files(arguments[0] + "/fs.img")
    os.chdir("/fs")
    sys.path.insert(0, "")  # what lies there can be imported
