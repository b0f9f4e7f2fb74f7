"""Judges a release folder: takes one (and a root of keys), gives what was looked at, each with a verdict in words.
Only reads. What cannot be looked at (a delta whose earlier image is not at hand) is said, and is neither good nor bad.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trivet_wire import cbor

from . import bundle, delta, envelope, folder, manifest
from . import numbers as n
from .problem import ReleaseError
from .roots import Roots


@dataclass(frozen=True)
class Finding:
    what: str
    good: bool | None  # None: could not be looked at
    words: str


def look(release: folder.Release, roots: Roots | None = None, earlier: Sequence[Path] = ()) -> list[Finding]:
    """Every check of one release. `earlier`: folders with images that deltas may start from; the release's neighbours
    are looked at too."""
    try:
        enclosed = release.envelope()
        said = manifest.read(enclosed.manifest)
    except ReleaseError as error:
        return [Finding("manifest", False, str(error))]
    found = [_named(release, said)]
    if roots is not None:
        found.append(_signatures(enclosed, roots))
    images: dict[str, bytes] = {}
    for one in said.components:
        found += _component(release, one, images)
    olds = _images(release, earlier)
    for one in said.components:
        if one.name in images:
            found += [_delta(release, one, each, images[one.name], olds) for each in one.deltas]
    return [*found, _sbom(release, said), *_notes(release, enclosed, said)]


def complain(found: list[Finding]) -> None:
    """ReleaseError with the first thing that is wrong."""
    for one in found:
        if one.good is False:
            raise ReleaseError(f"{one.what}: {one.words}")


def _named(release: folder.Release, said: manifest.Manifest) -> Finding:
    index = release.index
    kind = "security" if said.security else "feature"
    vendor, class_ = manifest.identifiers(index.vendor, index.model)
    pairs = (
        ("version", index.version, said.version),
        ("sequence", index.sequence, said.sequence),
        ("kind", index.kind, kind),
        ("vendor", vendor, said.vendor),
        ("model", class_, said.class_),
    )
    for name, beside, inside in pairs:
        if beside != inside:
            return Finding("manifest", False, f"release.json and the manifest differ in {name}: build it again")
    return Finding("manifest", True, f"{index.model} {said.version}, sequence {said.sequence}, {kind} release")


def _signatures(enclosed: envelope.Envelope, roots: Roots) -> Finding:
    verdict = roots.judge(enclosed.signatures, enclosed.digest)
    return Finding("signatures", not verdict.reason, f"{verdict.words()}, by set {roots.number} of keys")


def _component(release: folder.Release, one: manifest.Component, images: dict[str, bytes]) -> Iterator[Finding]:
    try:
        image = _payload(release, one.uri, one.digest, one.size)
    except ReleaseError as error:
        yield Finding(one.name, False, str(error))
        return
    images[one.name] = image
    yield Finding(one.name, True, f"{one.size} bytes, SHA-256 {one.digest.hex()[:16]}…")
    pieces = [image[at : at + one.chunk] for at in range(0, len(image), one.chunk)]
    good = [hashlib.sha256(piece).digest()[: manifest.CHUNK_DIGEST] for piece in pieces] == list(one.chunks)
    words = f"{len(pieces)} of {one.chunk} bytes" if good else "a digest of a chunk does not fit: build it again"
    yield Finding(f"{one.name}, chunks", good, words)
    if one.name == "bundle":
        try:
            yield Finding("bundle, files", True, ", ".join(bundle.read(image)))
        except ReleaseError as error:
            yield Finding("bundle, files", False, str(error))


def _payload(release: folder.Release, uri: str, digest: bytes, size: int) -> bytes:
    if uri.startswith("sha256/") and uri != f"sha256/{digest.hex()}":
        raise ReleaseError("its address is the digest of something else: build it again")
    name = release.index.payloads.get(digest.hex())
    if name is None:
        raise ReleaseError(f"release.json names no payload with SHA-256 {digest.hex()[:16]}…")
    data = release.read(name)
    if len(data) != size or hashlib.sha256(data).digest() != digest:
        raise ReleaseError(f"{name} is not the file that the manifest names: damaged or altered")
    return data


def _images(release: folder.Release, earlier: Sequence[Path]) -> dict[bytes, bytes]:
    """Images at hand, by SHA-256."""
    beside = sorted(path for path in release.path.resolve().parent.iterdir() if (path / folder.FILE).exists())
    found: dict[bytes, bytes] = {}
    for path in (*earlier, *beside):
        try:
            other = folder.Release(path)
            images = [other.image(name) for name in manifest.COMPONENTS]
        except ReleaseError:
            if path in earlier:
                raise
            continue
        found |= {hashlib.sha256(image).digest(): image for image in images if image is not None}
    return found


def _delta(
    release: folder.Release, one: manifest.Component, each: manifest.Delta, image: bytes, olds: dict[bytes, bytes]
) -> Finding:
    source = next((row for row in release.index.deltas if row.sha256 == each.digest.hex()), None)
    what = f"{one.name}, delta from {source.from_version if source else each.old.hex()[:16]}"
    try:
        patch = _payload(release, each.uri, each.digest, each.size)
        if each.old not in olds:
            return Finding(what, None, "not tried: the earlier image is not at hand, name its folder by --earlier")
        if delta.apply(olds[each.old], patch) != image:
            return Finding(what, False, "leads to another image: build it again")
    except ReleaseError as error:
        return Finding(what, False, str(error))
    return Finding(what, True, f"{each.size} bytes, {100 * each.size / one.size:.1f} % of the image; leads to it")


def _sbom(release: folder.Release, said: manifest.Manifest) -> Finding:
    try:
        bill = release.read(release.index.sbom)
    except ReleaseError as error:
        return Finding("SBOM", False, str(error))
    good = hashlib.sha256(bill).digest() == said.sbom
    return Finding("SBOM", good, release.index.sbom if good else "is not the one that was signed: build it again")


def _notes(release: folder.Release, enclosed: envelope.Envelope, said: manifest.Manifest) -> Iterator[Finding]:
    if said.text is None:
        if release.index.notes:
            yield Finding("notes", False, "there are notes that nobody signed: build it again")
        return
    if enclosed.text is None:
        yield Finding("notes", None, "severed: the envelope names their digest, and does not carry them")
        return
    for language, name in sorted(release.index.notes.items()):
        try:
            note = release.read(name).decode()
            good = _noted(enclosed.text).get(language) == note
            words = f"{len(note)} characters" if good else f"{name} is not the text that was signed"
        except (ReleaseError, UnicodeDecodeError) as error:
            good, words = False, str(error)
        yield Finding(f"note ({language})", good, words)


def _noted(text: bytes) -> dict[str, Any]:
    by_language: dict[str, dict[int, str]] = cbor.decode(text, len(text), 3)
    return {language: parts.get(n.UPDATE_DESCRIPTION) for language, parts in by_language.items()}
