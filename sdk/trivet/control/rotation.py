"""The next message key of an appliance: wrapped for its signing key alone and queued as a command. Takes a transaction
and the master secret; never shows a key and sends nothing.

From the moment it is queued the cloud accepts the next epoch too: the appliance may use it before its result is heard.
The old epoch stays accepted until a message in the new one has come, however long that takes, and KEEP_OLD after it: an
appliance that is away, or loses power anywhere, is never locked out. What waits in its queue is sealed anew when it is
sent, so KEEP_OLD only covers what is already under way.

ECDH-ES with a fresh key (SP 800-56A, section 6.2.2.2), HKDF-SHA256 (RFC 5869), AES-256 key wrap (RFC 3394).
"""

from __future__ import annotations

import datetime as dt

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import sign1
from trivet.control.queue import ControlError, queue
from trivet.keys import Master, device_bytes
from trivet.store.tables import DeviceRow, utcnow

KEEP_OLD = dt.timedelta(days=1)
LAST_EPOCH = 255
_INFO = b"trivet rotate"
_UNKNOWN = (ids.R_COUNTER, ids.R_BUSY)  # results that do not say whether it was done


async def rotate(session: AsyncSession, master: Master, device: str, *, who: str = "system") -> int:
    """Queue the rotation to the next epoch; gives the command's counter. ControlError while one is under way."""
    query = select(DeviceRow).where(DeviceRow.id == device).with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    if row is None or row.revoked_at is not None:
        raise ControlError(f"{device} is not enrolled here, or is revoked")
    if row.public_key is None:
        raise ControlError(f"{device} has no signing key to wrap a message key for: provision it anew")
    if row.pending_epoch is not None:
        raise ControlError(f"{device} is being rotated to epoch {row.pending_epoch}: wait until it has connected")
    if row.key_epoch >= LAST_EPOCH:
        raise ControlError(f"{device} has used all its key epochs: provision it anew")
    epoch = row.key_epoch + 1
    row.pending_epoch = epoch
    args = [epoch, *wrap(row.public_key, device, epoch, master.message_key(device, epoch))]
    return await queue(session, device, ids.C_ROTATE, args, ids.G_VENDOR, who=who)


async def give(session: AsyncSession, master: Master, device: str, command: int, who: str) -> int:
    """Queue a command that takes no arguments, or the rotation, which makes its own. ControlError says why not."""
    if command == ids.C_ROTATE:
        return await rotate(session, master, device, who=who)
    return await queue(session, device, command, [], ids.COMMAND_GRANTS[command], who=who)


def wrap(public: bytes, device: str, epoch: int, key: bytes) -> tuple[bytes, bytes]:
    """(ephemeral public key, wrapped key): 64 and 40 bytes that only the holder of `public`'s private key opens."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    secret = ephemeral.exchange(ec.ECDH(), sign1.public_key(public))
    info = _INFO + device_bytes(device) + bytes([epoch])
    kek = HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(secret)
    return sign1.public_bytes(ephemeral.public_key()), aes_key_wrap(kek, key)


def heard(device: DeviceRow, epoch: int) -> None:
    """An authentic message in `epoch`: the first in the next one ends the old one."""
    if epoch == device.pending_epoch:
        device.key_epoch, device.pending_epoch = epoch, None
        device.old_epoch_until = utcnow() + KEEP_OLD


def refused(device: DeviceRow, reason: int) -> None:
    """The appliance did not take the next epoch."""
    if reason and reason not in _UNKNOWN:
        device.pending_epoch = None
