"""Credentials and lists of revoked ones as bytes: layouts of `trivet_wire.credential`, signed by the cloud's command
key. Takes fields and a signer, gives messages; takes messages and the vendor's public key, gives fields. Stores
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from trivet_wire import cbor, credential, ids, sign1
from trivet_wire.refuse import WireError

from trivet.credentials.problem import CredentialError
from trivet.keys import Signer
from trivet.sign1 import key_id, opened


class Credential(NamedTuple):
    """What the vendor says of a technician; times in Unix seconds, no region: everywhere."""

    serial: int
    name: str
    public: bytes  # x ‖ y
    may: int  # ids.MAY_*
    regions: list[str]
    issued: int
    expires: int


ALL = (1 << len(ids.ROLE_NAMES)) - 1


def mask(roles: Sequence[str]) -> int:
    """The mask of roles by name; CredentialError for one that there is not."""
    for role in roles:
        if role not in ids.ROLE_NAMES:
            raise CredentialError(f"there is no role {role!r}: write {', '.join(ids.ROLE_NAMES)}")
    return sum(1 << ids.ROLE_NAMES.index(role) for role in set(roles))


def names(may: int) -> list[str]:
    """The roles in a mask."""
    return [name for bit, name in enumerate(ids.ROLE_NAMES) if may >> bit & 1]


def signed_credential(  # noqa: PLR0917
    signer: Signer, serial: int, name: str, public: bytes, may: int, regions: Sequence[str], issued: int, expires: int
) -> bytes:
    """What a technician carries. `public`: x ‖ y of their key; times in Unix seconds."""
    fields = [credential.CREDENTIAL, serial, name, public, may, list(regions), issued, expires]
    return _signed(signer, cbor.encode(fields, ids.MAX_CREDENTIAL))


def signed_list(signer: Signer, number: int, issued: int, serials: Sequence[int]) -> bytes:
    """What was revoked, for appliances that no network reaches."""
    return _signed(signer, cbor.encode([credential.REVOKED, number, issued, list(serials)]))


def read_credential(message: bytes, public: bytes | None = None) -> Credential:
    """The fields; with the vendor's `public` key only where it signed them. CredentialError."""
    try:
        if public is not None:
            return Credential(*credential.read(opened(message, public, key_id(public)).payload))
        parts = sign1.Signed(message)
        return Credential(*credential.read(message[parts.payload : parts.payload_end]))
    except WireError as error:
        raise CredentialError(f"this is no credential: {ids.REASON_NAMES[error.reason]}") from error


def read_list(message: bytes) -> tuple[int, int, list[int]]:
    """(number, issued, serials), whoever signed it. CredentialError."""
    try:
        parts = sign1.Signed(message)
        return credential.read_list(message[parts.payload : parts.payload_end])
    except WireError as error:
        raise CredentialError(f"this is no list of credentials: {ids.REASON_NAMES[error.reason]}") from error


def _signed(signer: Signer, payload: bytes) -> bytes:
    kid = key_id(signer.public)
    return sign1.assembled(kid, payload, signer.sign(sign1.digest(kid, payload)))
