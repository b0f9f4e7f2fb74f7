"""The envelope around a manifest. Takes bytes and public keys, gives everything in it as plain values for JSON:

    {"digest": …, "signatures": [{algorithm, kid, verified_by}], "manifest": {…}, "payloads": {…}, "warnings": […]}

or a ReleaseError: for CBOR that is not deterministic, for a digest that does not fit, for a payload that no signed
digest stands for, and with keys for a signature that none of them made. What one byte changes, one of these finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import envelope as own
from .. import numbers as n
from ..envelope import Signature
from ..problem import ReleaseError
from ..strict import Tag, decode
from . import manifest, tables, values
from .keys import PublicKey

_KEY_MANIFEST = b"\x83\x6btrivet keys"
_MAX_INTEGRATED = 4  # manifests within manifests


def explain(data: bytes, keys: Sequence[PublicKey] = (), depth: int = 0) -> dict[str, Any]:
    """Everything about one envelope. With `keys`, one of them at least has to have signed it."""
    members = _members(data)
    wrapper = decode(_bytes(members, n.AUTHENTICATION, "authentication wrapper"), "authentication wrapper")
    encoded = _bytes(members, n.MANIFEST, "manifest")
    if not isinstance(wrapper, list) or not wrapper or not all(isinstance(one, bytes) for one in wrapper):
        raise ReleaseError("the authentication wrapper is no list of a digest and signatures")
    wanted = values.digest(decode(wrapper[0], "manifest digest"), "manifest digest")
    if not values.fits(wanted, own.headed(encoded)):
        raise ReleaseError("the manifest does not have the digest that stands beside it: it, or that, was altered")
    signatures = [_signature(one) for one in wrapper[1:]]
    judged = _judged(signatures, wrapper[0], keys)
    severed = {number: one for number, one in members.items() if isinstance(number, int) and number > n.MANIFEST}
    found = manifest.explain(encoded, severed)
    _referenced(severed, found)
    made: dict[str, Any] = {"bytes": len(data), "digest": values.digest_words(wanted), "signatures": judged}
    made["manifest"] = found.members
    payloads = {name: one for name, one in members.items() if isinstance(name, str)}
    made["payloads"] = {name: _payload(name, one, found, keys, depth) for name, one in payloads.items()}
    made["warnings"] = _warnings(found, signatures, payloads)
    return made


def _members(data: bytes) -> dict[Any, Any]:
    if data.startswith(_KEY_MANIFEST):
        raise ReleaseError("this is a key manifest, and no envelope: `trivet release keys show` explains it")
    value = decode(data, "envelope")
    if not isinstance(value, Tag) or value.number != n.ENVELOPE_TAG:
        raise ReleaseError("this is no SUIT envelope: it does not begin with tag 107")
    members = value.value
    if not isinstance(members, dict):
        raise ReleaseError("the envelope is no map")
    for number, one in members.items():
        if not isinstance(one, bytes) or not (type(number) is int or isinstance(number, str)):
            raise ReleaseError(f"envelope: member {values.plain(number)!r} is no byte string")
        if isinstance(number, int) and number not in tables.ENVELOPE:
            raise ReleaseError(f"envelope: no draft known here defines member {number}, and nothing signed names it")
    return members


def _bytes(members: dict[Any, Any], number: int, name: str) -> bytes:
    if number not in members:
        raise ReleaseError(f"the envelope has no {name}")
    return bytes(members[number])


def _signature(encoded: bytes) -> Signature | str:
    """A signature, or the name of another COSE structure that authenticates."""
    value = decode(encoded, "authentication block")
    if isinstance(value, Tag) and value.number != n.SIGN1_TAG:
        if value.number not in tables.COSE or not isinstance(value.value, list):
            raise ReleaseError("an authentication block is no COSE structure that authenticates")
        return tables.COSE[value.number]
    return own.read_sign1(encoded)


def _judged(signatures: list[Signature | str], payload: bytes, keys: Sequence[PublicKey]) -> list[dict[str, Any]]:
    made, used = [], set()
    for one in signatures:
        if isinstance(one, str):
            made.append({"algorithm": one, "kid": None, "verified_by": None})
            continue
        by = next((key for key in keys if key.verifies(one, payload)), None)
        if by is None:
            _accused(one, keys)
        else:
            used.add(by.name)
        name = tables.ALGORITHMS.get(one.algorithm, f"algorithm {one.algorithm}")
        kid = None if one.kid is None else one.kid.hex()
        made.append({"algorithm": name, "kid": kid, "verified_by": by.name if by else None})
    if keys and not signatures:
        raise ReleaseError("nobody signed this envelope")
    if keys and not used:
        raise ReleaseError(
            f"no signature of this envelope was made by {keys[0].name}{' or the others' * (len(keys) > 1)}"
        )
    return made


def _accused(one: Signature, keys: Sequence[PublicKey]) -> None:
    """A signature that names a key which did not make it."""
    for key in keys:
        if one.kid is not None and one.kid == key.kid:
            raise ReleaseError(f"a signature names the key {key.name}, and that key did not make it: altered or forged")


def _referenced(severed: dict[int, bytes], found: manifest.Explained) -> None:
    """Beside the manifest stands nothing that it does not name by digest."""
    for number in severed:
        member = found.members.get(tables.ENVELOPE[number])
        if not isinstance(member, dict) or not member.get("severed"):
            raise ReleaseError(f"{tables.ENVELOPE[number]}: stands beside the manifest, which names no digest of it")


def _payload(
    name: str, data: bytes, found: manifest.Explained, keys: Sequence[PublicKey], depth: int
) -> dict[str, Any]:
    """An integrated payload: one of the digests that apply where it is fetched has to be its own."""
    uses = [(component, digests) for uri, component, digests in found.fetched if uri == name]
    if not uses:
        raise ReleaseError(f"payload {name!r}: no command fetches it, so nothing signed says what it has to be")
    made: dict[str, Any] = {"bytes": len(data)}
    for component, digests in uses:
        content = data
        if component in found.dependencies:
            if depth >= _MAX_INTEGRATED:
                raise ReleaseError(f"payload {name!r}: manifests within manifests, deeper than {_MAX_INTEGRATED}")
            made["envelope"] = explain(data, keys, depth + 1)
            content = own.headed(_bytes(_members(data), n.MANIFEST, "manifest"))
        wanted = [values.digest(decode(one, "image digest"), "image digest") for one in digests]
        if not any(values.fits(one, content) for one in wanted):
            raise ReleaseError(f"payload {name!r} has none of the digests that the manifest names for it: altered")
    return made


def _warnings(found: manifest.Explained, signatures: list[Signature | str], payloads: dict[str, bytes]) -> list[str]:
    said = list(found.warnings)
    if not signatures:
        said.append("nobody has signed it yet")
    for one in signatures:
        if isinstance(one, Signature) and one.kid is not None and not _protected_kid(one):
            said.append("a key id stands in an unprotected header: nothing signed vouches for it")
    for uri, _, _ in found.fetched:
        if uri.startswith("#") and uri not in payloads:
            said.append(f"payload {uri!r} is fetched from the envelope, and is not in it")
    return list(dict.fromkeys(said))


def _protected_kid(one: Signature) -> bool:
    header = decode(one.protected, "protected header") if one.protected else {}
    return isinstance(header, dict) and 4 in header
