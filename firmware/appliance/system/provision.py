"""The maker's line of a board: a question as a line of JSON, its answer as another; byte strings are hex. Takes what
makes the board's side of it (trust/provision.py) and the question; the answer holds what was refused.

    {"prove": DEVICE, "nonce": NONCE}  -> {"proof": COSE_Sign1}
    {"write": NAME, "data": DATA}      -> {"sha256": DIGEST}
    anything refused                   -> {"error": TEXT}
"""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..trust.provision import Provisioning


def answer(board: "Callable[[], Provisioning]", line: str) -> str:
    """`board` is asked at each question: that of an appliance refuses, and that is an answer too."""
    try:
        said = _answer(board(), json.loads(line))
    except (ValueError, KeyError, OSError) as error:
        said = {"error": str(error) or "no room in flash"}
    return json.dumps(said)


def _answer(board: "Provisioning", asked: "dict[str, Any]") -> "dict[str, Any]":
    if "prove" in asked:
        return {"proof": board.prove(bytes.fromhex(asked["prove"]), bytes.fromhex(asked["nonce"])).hex()}
    return {"sha256": board.take(asked["write"], bytes.fromhex(asked["data"])).hex()}
