"""A command as it goes down: takes its row and the command key, gives the COSE_Sign1 bytes that the appliance believes.

payload   [version 1, device bstr 8, counter, expires (Unix time) / null, command, grant, args]
"""

from __future__ import annotations

from trivet_wire import cbor, sign1

from trivet.keys import Signer, device_bytes
from trivet.sign1 import key_id
from trivet.store.tables import CommandRow

VERSION = 1


def payload(row: CommandRow) -> bytes:
    """What is signed."""
    expires = None if row.expires_at is None else int(row.expires_at.timestamp())
    fields = [VERSION, device_bytes(row.device), row.counter, expires, row.command, row.grant, cbor.decode(row.args)]
    return cbor.encode(fields)


def signed(row: CommandRow, signer: Signer) -> bytes:
    """The whole message. Blocks as long as the signer does."""
    kid, content = key_id(signer.public), payload(row)
    return sign1.assembled(kid, content, signer.sign(sign1.digest(kid, content)))
