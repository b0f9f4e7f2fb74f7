"""The link that ends a reminder without a login. Takes a sealed token from a message, switches that reminder off for
the owner to whom it was sent; opens nothing else, and nothing at all once the appliance is somebody else's.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from trivet.care.tips import CareError
from trivet.keys import KeysError
from trivet.outward.seal import Seal
from trivet.owners.own import own
from trivet.store.care import CareRow

PATH = "/my/care/stop"
_WHERE = "care stop"


@dataclass(frozen=True)
class Stop:
    """Which reminder of whose appliance."""

    device: str
    name: str
    owner: int


def link(seal: Seal, base: str, device: str, name: str, owner: int) -> str:
    """An address that says nothing to whoever reads it on the way."""
    sealed = seal.close(json.dumps([device, name, owner]).encode(), _WHERE)
    return f"{base}{PATH}?t={base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def opened(seal: Seal, token: str) -> Stop:
    """Raises CareError for what this cloud did not make."""
    try:
        sealed = base64.urlsafe_b64decode(token[:600] + "=" * (-len(token[:600]) % 4))
        device, name, owner = json.loads(seal.open(sealed, _WHERE))
        return Stop(str(device), str(name), int(owner))
    except (binascii.Error, ValueError, TypeError, KeysError) as error:
        raise CareError("This link is not whole: copy all of it, or switch the reminder off on your page.") from error


async def end(session: AsyncSession, stop: Stop) -> None:
    """No more of this one. Raises CareError when the appliance is not theirs any more."""
    if await own(session, stop.owner, stop.device) is None:
        raise CareError("This appliance is not yours any more: nothing is sent to you about it.")
    row = await session.get(CareRow, (stop.device, stop.name), with_for_update=True)
    if row is not None:
        row.off = True
