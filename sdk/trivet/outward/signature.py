"""Signatures of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, with several secrets at once while one is
being replaced. Takes bytes and secrets, gives header values or a refusal; reads no clock and keeps nothing.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300  # a message older or newer than that is refused
_SIZE = 32  # bytes of a new secret; the specification takes 24 to 64
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_MOST = 16  # signatures that are looked at


class SignatureError(ValueError):
    """The message is not from whoever has the secret, or too old; the text says which."""


def new_secret() -> str:
    """A secret as both sides keep it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SIZE)).decode()


def headers(secrets_: Iterable[str], message_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message, one signature for each secret."""
    stamp = str(int(at.timestamp()))
    signed = " ".join("v1," + base64.b64encode(_mac(secret, message_id, stamp, body)).decode() for secret in secrets_)
    return {ID: message_id, TIMESTAMP: stamp, SIGNATURE: signed}


def verified(secrets_: Iterable[str], given: Mapping[str, str], now: dt.datetime, body: bytes) -> str:
    """The message's id, by which it is known when it comes again. `given`: headers, names in lower case.
    SignatureError when one of them is missing, the time is not now, or no signature is by one of the secrets."""
    message_id, stamp, signed = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not _ID.fullmatch(message_id):
        raise SignatureError(f"{ID} is missing or is not 1 to 128 visible ASCII characters")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise SignatureError(f"{TIMESTAMP} is missing or is not whole seconds since 1970")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_S:
        raise SignatureError(f"{TIMESTAMP} is more than {TOLERANCE_S} s from now: sign again for each try")
    theirs = [_decoded(part[3:]) for part in signed.split(" ")[:_MOST] if part.startswith("v1,")]
    ours = [_mac(secret, message_id, stamp, body) for secret in secrets_]
    if not any(hmac.compare_digest(one, other) for one in ours for other in theirs):
        raise SignatureError(f"{SIGNATURE} has no v1 signature by the secret of this source")
    return message_id


def _mac(secret: str, message_id: str, stamp: str, body: bytes) -> bytes:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, "sha256")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
