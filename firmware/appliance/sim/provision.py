"""The maker's line of a simulated board (system/provision.py): questions on stdin, answers on stdout. Takes the board's
directory.
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import os
import sys

from ..system.disk import Files
from ..system.provision import answer
from ..trust.provision import Provisioning


def main(arguments: "list[str]") -> None:
    """Serve until the line ends."""
    files = Files(arguments[0] + "/fs.img")
    made: list[Provisioning] = []

    def board() -> Provisioning:
        if not made:
            made.append(Provisioning(files, os.urandom))
        return made[0]

    while True:
        line = sys.stdin.readline()
        if not line:
            return
        print(answer(board, line))
