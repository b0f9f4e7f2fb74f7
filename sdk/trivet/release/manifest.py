"""The manifest that an appliance takes: one fixed profile of draft-ietf-suit-manifest.

Takes a `Manifest`, gives its canonical bytes; takes bytes, gives the `Manifest` or a ReleaseError. Reading is strict by
making: what is read is written again and must be the same bytes, so nothing that is not understood passes.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from trivet_wire import cbor, ids

from . import numbers as n
from .problem import ReleaseError
from .strict import decode

COMPONENTS = ("base", "bundle")  # in this order
MAX_IMAGE = 1 << 24  # bytes
MAX_CHUNKS = 64
CHUNK = 4096  # bytes; a chunk is a multiple of it, the sector of the appliance's flash
CHUNK_DIGEST = 16  # bytes that stand of each chunk's SHA-256
DIGEST = 32  # bytes
_WEB = re.compile(r"(?=.{1,255}\Z)https?://[!-~]*")
_NEEDS = re.compile(r"(>=|>|==?|<=|<)\s*(\d{1,9}(?:\.\d{1,9}){0,3})")


@dataclass(frozen=True)
class Delta:
    """A patch from one earlier image of a component."""

    old: bytes  # SHA-256 of that image
    size: int  # bytes of the patch
    digest: bytes  # SHA-256 of the patch
    uri: str


@dataclass(frozen=True)
class Component:
    name: str
    size: int  # bytes
    digest: bytes  # SHA-256
    uri: str
    chunk: int  # bytes of each chunk but the last
    chunks: tuple[bytes, ...]  # of each, the start of its SHA-256
    deltas: tuple[Delta, ...] = ()


@dataclass(frozen=True)
class Manifest:
    vendor: bytes
    class_: bytes
    sequence: int
    version: str
    security: bool
    components: tuple[Component, ...]
    sbom: bytes  # SHA-256
    expires: int | None = None  # Unix seconds; from then on no appliance installs it
    deadline: int | None = None  # Unix seconds; from then on a security release waits for no owner
    base: tuple[int, tuple[int, ...]] | None = None  # comparison and version: what the running base must be
    text: bytes | None = None  # SHA-256 of the severed text, its head included


def identifiers(domain: str, model: str) -> tuple[bytes, bytes]:
    """Vendor and class of a board (RFC 9562, section 5.5): what an appliance holds of itself."""
    vendor = uuid.uuid5(uuid.NAMESPACE_DNS, domain)
    return vendor.bytes, uuid.uuid5(vendor, model).bytes


def needed(text: str) -> tuple[int, tuple[int, ...]]:
    """`">=1.2"` as a comparison and a version."""
    found = _NEEDS.fullmatch(text.strip())
    if found is None:
        raise ReleaseError(f"{text!r} says no version: write a comparison and a number, such as '>=1.2'")
    sign = "=" if found[1] == "==" else found[1]
    comparison = next(number for number, known in n.COMPARISONS.items() if known == sign)
    return comparison, tuple(int(part) for part in found[2].split("."))


def encode(release: Manifest) -> bytes:
    """The manifest's bytes, without their head. ReleaseError when no appliance would take them."""
    _check(release)
    shared: list[Any] = []
    install: list[Any] = []
    validate: list[Any] = []
    for i, one in enumerate(release.components):
        conditions = _parameters(release, i)
        shared += [n.SET_COMPONENT, i, n.OVERRIDE, conditions, n.C_VENDOR, n.REPORT_ALL, n.C_CLASS, n.REPORT_ALL]
        for condition in (n.C_USE_BEFORE, n.C_UPDATE_AUTHORIZED, n.C_VERSION):
            shared += [condition, n.REPORT_ALL] if condition in conditions else []
        install += [n.SET_COMPONENT, i, n.OVERRIDE, _source(one), n.FETCH, n.REPORT_FAILURE, n.C_IMAGE, n.REPORT_ALL]
        validate += [n.SET_COMPONENT, i, n.C_IMAGE, n.REPORT_ALL]
    common = {n.COMPONENTS: [[one.name.encode()] for one in release.components], n.SHARED: _encoded(shared)}
    members: dict[int, Any] = {n.MANIFEST_VERSION: 1, n.SEQUENCE: release.sequence, n.COMMON: _encoded(common)}
    members |= {n.VALIDATE: _encoded(validate), n.INSTALL: _encoded(install)}
    if release.text is not None:
        members[n.TEXT] = [n.SHA256, release.text]
    members |= {n.OWN_SBOM: [n.SHA256, release.sbom], n.OWN_VERSION: release.version}
    return _encoded(members)


def _parameters(release: Manifest, i: int) -> dict[int, Any]:
    one = release.components[i]
    made: dict[int, Any] = {n.P_VENDOR: release.vendor, n.P_CLASS: release.class_}
    made |= {n.P_DIGEST: _encoded([n.SHA256, one.digest]), n.P_SIZE: one.size}
    if i == 0:
        made[n.P_PRIORITY] = n.SECURITY if release.security else n.FEATURE
        if release.expires is not None:
            made[n.P_USE_BEFORE] = release.expires
        if release.deadline is not None:
            made[n.OWN_DEADLINE] = release.deadline
        if release.base is not None:  # the base stands first where it is listed
            made[n.P_VERSION] = _encoded([release.base[0], list(release.base[1])])
    return made


def _source(one: Component) -> dict[int, Any]:
    made: dict[int, Any] = {n.P_URI: one.uri, n.OWN_CHUNKS: [one.chunk, b"".join(one.chunks)]}
    if one.deltas:
        made[n.OWN_DELTAS] = [[each.old, each.size, each.digest, each.uri] for each in one.deltas]
    return made


def _encoded(value: Any) -> bytes:
    return cbor.encode(value, ids.MAX_ENVELOPE)


def _check(release: Manifest) -> None:
    names = [one.name for one in release.components]
    if not names or names != [name for name in COMPONENTS if name in names]:
        raise ReleaseError(f"a release has base, bundle or both, each once and in this order, not {names}")
    if not 0 <= release.sequence < 1 << 32:
        raise ReleaseError(f"a sequence number is 0 … 2^32 - 1, not {release.sequence}")
    if not 0 < len(release.version.encode()) <= 32:
        raise ReleaseError(f"a version has 1 to 32 bytes, not {len(release.version.encode())}")
    for when in (release.expires, release.deadline):
        if when is not None and not 0 <= when < 1 << 32:
            raise ReleaseError(f"{when} is no time in Unix seconds that an appliance knows")
    if release.base is not None:
        comparison, version = release.base
        if comparison not in n.COMPARISONS or not version or not all(0 <= one < 1 << 32 for one in version):
            raise ReleaseError("the base that it needs is no comparison with a version")
    if release.deadline is not None and not release.security:
        raise ReleaseError("only a security release has a deadline: a feature waits for its owner's yes")
    if release.deadline is not None and release.expires is not None and release.expires <= release.deadline:
        raise ReleaseError("it expires before its deadline: no appliance would ever have to install it")
    for one in release.components:
        _check_component(one)


def _check_component(one: Component) -> None:
    if not 0 < one.size <= MAX_IMAGE:
        raise ReleaseError(f"{one.name}: {one.size} bytes; an image has 1 to {MAX_IMAGE}")
    count = -(-one.size // one.chunk) if one.chunk > 0 else 0
    if one.chunk % CHUNK or not 0 < count == len(one.chunks) <= MAX_CHUNKS:
        raise ReleaseError(f"{one.name}: {one.size} bytes do not lie in {len(one.chunks)} chunks of {one.chunk}")
    if len(one.chunks[-1]) != CHUNK_DIGEST:
        raise ReleaseError(f"{one.name}: a chunk's digest has {CHUNK_DIGEST} bytes")
    _check_address(one.uri, one.digest)
    for each in one.deltas:
        if not 0 < each.size <= MAX_IMAGE or len(each.old) != DIGEST:
            raise ReleaseError(f"{one.name}: a delta has 1 to {MAX_IMAGE} bytes, and starts from a SHA-256")
        _check_address(each.uri, each.digest)


def _check_address(uri: str, digest: bytes) -> None:
    """A payload is at a web address, or wherever the offer of the release came from, by its digest."""
    if len(digest) != DIGEST:
        raise ReleaseError(f"a SHA-256 has {DIGEST} bytes, not {len(digest)}")
    if uri != f"sha256/{digest.hex()}" and not _WEB.fullmatch(uri):
        raise ReleaseError(f"{uri!r} is no address of a payload: write https://… or sha256/ and its digest")


def read(encoded: bytes) -> Manifest:
    """What a manifest of this profile says; ReleaseError for any other."""
    members = decode(encoded, "manifest")
    try:
        release = _read(members)
        same = encode(release) == encoded
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, ReleaseError):
            raise
        raise ReleaseError(
            "this manifest is none that an appliance of Trivet takes: a part of it is missing"
        ) from error
    if not same:
        raise ReleaseError("this manifest has more, or says it otherwise, than an appliance of Trivet takes")
    return release


def _read(members: dict[Any, Any]) -> Manifest:
    common = decode(members[n.COMMON], "common")
    shared = [one for one in decode(common[n.SHARED], "shared sequence") if isinstance(one, dict)]
    sources = [one for one in decode(members[n.INSTALL], "install sequence") if isinstance(one, dict)]
    first = shared[0]
    components = tuple(
        _component(name.decode(), conditions, source)
        for (name,), conditions, source in zip(common[n.COMPONENTS], shared, sources, strict=True)
    )
    base = decode(first[n.P_VERSION], "version of the base") if n.P_VERSION in first else None
    return Manifest(
        vendor=first[n.P_VENDOR],
        class_=first[n.P_CLASS],
        sequence=members[n.SEQUENCE],
        version=members[n.OWN_VERSION],
        security=first[n.P_PRIORITY] == n.SECURITY,
        components=components,
        sbom=members[n.OWN_SBOM][1],
        expires=first.get(n.P_USE_BEFORE),
        deadline=first.get(n.OWN_DEADLINE),
        base=None if base is None else (base[0], tuple(base[1])),
        text=members[n.TEXT][1] if n.TEXT in members else None,
    )


def _component(name: str, conditions: dict[int, Any], source: dict[int, Any]) -> Component:
    chunk, digests = source[n.OWN_CHUNKS]
    chunks = tuple(digests[at : at + CHUNK_DIGEST] for at in range(0, len(digests), CHUNK_DIGEST))
    return Component(
        name=name,
        size=conditions[n.P_SIZE],
        digest=decode(conditions[n.P_DIGEST], "image digest")[1],
        uri=source[n.P_URI],
        chunk=chunk,
        chunks=chunks,
        deltas=tuple(Delta(*one) for one in source.get(n.OWN_DELTAS, ())),
    )
