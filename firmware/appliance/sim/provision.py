"""The maker's line of a simulated board: a line of JSON in, a line of JSON out. Takes the board's directory; byte
strings are hex.

    {"prove": DEVICE, "nonce": NONCE}  -> {"proof": COSE_Sign1}
    {"write": NAME, "data": DATA}      -> {"sha256": DIGEST}
    anything refused                   -> {"error": TEXT}
"""

# The stubs of the host's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

import json
import os
import sys

from ..trust.provision import Provisioning
from .disk import Files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(arguments: "list[str]") -> None:
    """Serve until the line ends."""
    try:
        board = Provisioning(Files(arguments[0] + "/fs.img"), os.urandom)
    except ValueError as error:
        print(json.dumps({"error": str(error)}))
        return
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        try:
            said = answer(board, json.loads(line))
        except (ValueError, KeyError, OSError) as error:
            said = {"error": str(error) or "no room in flash"}
        print(json.dumps(said))


def answer(board: Provisioning, asked: "dict[str, Any]") -> "dict[str, Any]":
    """`asked` as above. ValueError, KeyError, OSError for what the board refuses."""
    if "prove" in asked:
        return {"proof": board.prove(bytes.fromhex(asked["prove"]), bytes.fromhex(asked["nonce"])).hex()}
    return {"sha256": board.take(asked["write"], bytes.fromhex(asked["data"])).hex()}
