"""A CoSWID in words (RFC 9393): which software a manifest brings. Takes its bytes, gives plain values for JSON. Never
fails: a recipient may leave it unread, so what is none stays hex.
"""

from __future__ import annotations

from typing import Any

import cbor2

from . import values

_TAG = 1398229316  # RFC 9393, section 6.5
_ENTITY = 2
_TAG_ID = 0
_ROLE = 33
# Members of the tag and of an entity (section 2.3 and 2.6).
_MEMBERS = {
    0: "tag id",
    1: "software",
    2: "entity",
    3: "evidence",
    4: "link",
    5: "software meta",
    6: "payload",
    8: "corpus",
    9: "patch",
    10: "media",
    11: "supplemental",
    12: "tag version",
    13: "software version",
    14: "version scheme",
    15: "language",
    31: "name",
    32: "registration id",
    33: "role",
    34: "thumbprint",
}
_ROLES = {
    1: "tag creator",
    2: "software creator",
    3: "aggregator",
    4: "distributor",
    5: "licensor",
    6: "maintainer",
}


def explain(encoded: bytes) -> Any:
    """By name of its members."""
    try:
        found = cbor2.loads(encoded, max_depth=16)  # its members may come in any order, those of the manifest may not
    except (cbor2.CBORDecodeError, ValueError):
        return encoded.hex()
    if isinstance(found, cbor2.CBORTag) and found.tag == _TAG:
        found = found.value
    return _named(found) if isinstance(found, dict) else encoded.hex()


def _named(found: dict[Any, Any]) -> dict[str, Any]:
    return {_name(number): _member(number, value) for number, value in found.items()}


def _name(number: Any) -> str:
    return _MEMBERS.get(number, f"member {number}") if type(number) is int else _plain(number)


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _member(number: Any, value: Any) -> Any:
    if number == _TAG_ID and isinstance(value, bytes):
        return values.identifier(value)
    if number == _ROLE:
        listed = value if isinstance(value, list) else [value]
        return ", ".join(_role(one) for one in listed)
    if number == _ENTITY:
        listed = value if isinstance(value, list) else [value]
        named = [_named(one) if isinstance(one, dict) else _plain(one) for one in listed]
        return named[0] if len(named) == 1 else {str(index): one for index, one in enumerate(named)}
    return value if isinstance(value, int | str) else _plain(value)


def _role(one: Any) -> str:
    return _ROLES.get(one, f"role {one}") if type(one) is int else _plain(one)
