"""Builds a release: takes a board and what is to be said of it, gives a folder with payloads, unsigned manifest, SBOM
and notes. The same board, tools and words give the same bytes; a time is in it only where an expiry or deadline is,
counted from the start of a day (UTC), and `SOURCE_DATE_EPOCH` says which.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cyclonedx.model.component import Component as Part
from trivet_wire import cbor, ids

from trivet import boards
from trivet.boards import Board
from trivet.sim import rom

from . import bundle, delta, drivers, envelope, folder, kinds, manifest, sbom
from . import numbers as n
from .problem import ReleaseError

VENDOR = "vendor.example"  # domain, until a maker says its own
DAY = 86_400  # s
DEADLINE_DAYS = 14  # of a security release that does not say
SIGNATURES = 3_200  # bytes left for them in the envelope: one hash-based, six of P-256
WORTH = 0.8  # a delta above this share of its image is left out
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,31}")


@dataclass(frozen=True)
class Order:
    """What a release is to be. Days count from the start of `today` (Unix seconds)."""

    version: str
    sequence: int | None = None  # else one more than the highest of `earlier`, or 1
    security: bool = False
    deadline_days: int | None = None
    expires_days: int | None = None
    base: str = "none"  # "sim", "none" or a file
    bundle: bool = True
    earlier: tuple[Path, ...] = ()  # release folders to make deltas from
    notes: Mapping[str, Path] = field(default_factory=dict)  # by language
    needs_base: str | None = None
    vendor: str = VENDOR
    today: int | None = None  # else SOURCE_DATE_EPOCH, else now


def build(board_name: str | Path, order: Order, out: Path) -> folder.Release:
    """BoardError for a board with mistakes, ReleaseError for everything else that keeps it from being built."""
    board = boards.load(board_name)
    if not _VERSION.fullmatch(order.version):
        raise ReleaseError(f"{order.version!r} is no version: letters, digits and . + _ -, 32 at most")
    if not _DOMAIN.fullmatch(order.vendor):
        raise ReleaseError(
            f"{order.vendor!r} is no internet domain: write one of yours in lower case, as in maker.example"
        )
    earlier = [folder.Release(path) for path in order.earlier]
    base_kinds = kinds.of_base(board, order.base, order.bundle, earlier)
    images, parts = _images(board, order)
    deltas = [one for each in earlier for one in _deltas(each, images, board)]
    notes = {language: _note(language, path) for language, path in sorted(order.notes.items())}
    text = cbor.encode({tag: {n.UPDATE_DESCRIPTION: note} for tag, note in notes.items()}, 65_536) if notes else None
    bill = sbom.make(order.vendor, board.model, order.version, parts)
    release = _manifest(board, order, earlier, images, deltas)
    release = replace(release, sbom=hashlib.sha256(bill).digest(), text=envelope.digest(text) if text else None)
    made = _enclosed(release, text)
    files = {folder.IMAGES[name]: image for name, image in images.items()} | {one.file: patch for one, patch in deltas}
    index = folder.Index(
        format=folder.FORMAT,
        board=board.name,
        model=board.model,
        vendor=order.vendor,
        version=order.version,
        sequence=release.sequence,
        kind="security" if order.security else "feature",
        envelope="release.suit",
        payloads={hashlib.sha256(data).hexdigest(): name for name, data in sorted(files.items())},
        sbom="sbom.cdx.json",
        notes={language: f"note.{language}.md" for language in notes},
        deltas=[one for one, _ in deltas],
        base_kinds=base_kinds,
    )
    files |= {index.envelope: made, index.sbom: bill}
    files |= {index.notes[language]: note.encode() for language, note in notes.items()}
    return folder.write(out, index, files)


def _enclosed(release: manifest.Manifest, text: bytes | None) -> bytes:
    """The unsigned envelope, with room for its signatures."""
    made = envelope.Envelope(manifest.encode(release), text).encode()
    over = len(made) + SIGNATURES - ids.MAX_ENVELOPE
    if over > 0:
        raise ReleaseError(f"with its signatures the manifest is {over} bytes too long: shorter notes or fewer deltas")
    return made


def _images(board: Board, order: Order) -> tuple[dict[str, bytes], list[Part]]:
    """The payloads by component, and what went into them."""
    images: dict[str, bytes] = {}
    parts: list[Part] = []
    if order.base == "sim":
        images["base"] = rom.build(board).read_bytes()
        modules = {path: data for path, data in rom.inputs(board) if not path.startswith(("umqtt/", "board/"))}
        modules.pop("drivers.py", None)
        parts += [sbom.interpreter(), sbom.mqtt(), *sbom.files(modules, "firmware module")]
    elif order.base != "none":
        images["base"] = _file(Path(order.base), "base image")
        parts.append(sbom.image(Path(order.base).name, images["base"]))
    if order.bundle:
        files = drivers.files(board)
        images["bundle"] = bundle.pack(files)
        parts += sbom.files({path: data for path, data in files.items() if path.endswith(".mpy")}, "driver")
        parts += sbom.files({path: data for path, data in files.items() if not path.endswith(".mpy")}, "board data")
    if not images:
        raise ReleaseError("a release has a base image, a bundle or both: give --base, or leave --no-bundle away")
    return images, parts


def _deltas(old: folder.Release, images: Mapping[str, bytes], board: Board) -> list[tuple[folder.DeltaFile, bytes]]:
    """From one earlier release, for each component that it has too, where that is worth it."""
    if old.index.model != board.model:
        raise ReleaseError(f"{old.path} is a release for {old.index.model}, this one is for {board.model}")
    made = []
    for name, image in images.items():
        before = old.image(name)
        if before is None or before == image:
            continue
        patch = delta.make(before, image)
        if len(patch) > WORTH * len(image):
            continue
        if delta.apply(before, patch) != image:
            raise ReleaseError(
                f"the delta from {old.path} does not lead to the new {name}: leave it out, and report it"
            )
        row = folder.DeltaFile(
            component="base" if name == "base" else "bundle",
            from_version=old.index.version,
            from_sha256=hashlib.sha256(before).hexdigest(),
            sha256=hashlib.sha256(patch).hexdigest(),
            file=f"delta-{old.index.version}-{name}.patch",
        )
        made.append((row, patch))
    return made


def _manifest(
    board: Board,
    order: Order,
    earlier: list[folder.Release],
    images: Mapping[str, bytes],
    deltas: list[tuple[folder.DeltaFile, bytes]],
) -> manifest.Manifest:
    vendor, class_ = manifest.identifiers(order.vendor, board.model)
    days = order.deadline_days
    if order.security and days is None:
        days = DEADLINE_DAYS
    if days is not None and not order.security:
        raise ReleaseError("--deadline-days goes with --security: a feature waits for its owner's yes")
    sequence = (
        order.sequence if order.sequence is not None else 1 + max((one.index.sequence for one in earlier), default=0)
    )
    for one in earlier:
        if one.index.sequence >= sequence:
            raise ReleaseError(
                f"{one.path} has sequence {one.index.sequence}: appliances that run it would refuse {sequence}. "
                f"Give --sequence {one.index.sequence + 1} or more"
            )
    return manifest.Manifest(
        vendor=vendor,
        class_=class_,
        sequence=sequence,
        version=order.version,
        security=order.security,
        components=tuple(
            component(name, images[name], [one for one in deltas if one[0].component == name])
            for name in manifest.COMPONENTS
            if name in images
        ),
        sbom=b"",
        expires=_from_today(order, order.expires_days),
        deadline=_from_today(order, days),
        base=manifest.needed(order.needs_base) if order.needs_base else None,
    )


def component(name: str, image: bytes, deltas: list[tuple[folder.DeltaFile, bytes]]) -> manifest.Component:
    """What the manifest says of an image: digests of chunks as small as their number allows, payloads by digest."""
    chunk = manifest.CHUNK * -(-len(image) // (manifest.CHUNK * manifest.MAX_CHUNKS))
    pieces = [image[at : at + chunk] for at in range(0, len(image), chunk)]
    return manifest.Component(
        name=name,
        size=len(image),
        digest=hashlib.sha256(image).digest(),
        uri=f"sha256/{hashlib.sha256(image).hexdigest()}",
        chunk=chunk,
        chunks=tuple(hashlib.sha256(piece).digest()[: manifest.CHUNK_DIGEST] for piece in pieces),
        deltas=tuple(
            manifest.Delta(
                bytes.fromhex(one.from_sha256), len(patch), bytes.fromhex(one.sha256), f"sha256/{one.sha256}"
            )
            for one, patch in deltas
        ),
    )


def _from_today(order: Order, days: int | None) -> int | None:
    if days is None:
        return None
    if days < 1:
        raise ReleaseError(f"{days} days are over already: give 1 or more")
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = order.today if order.today is not None else int(said) if said.isdigit() else int(time.time())
    return now - now % DAY + days * DAY


def _note(language: str, path: Path) -> str:
    if not _LANGUAGE.fullmatch(language):
        raise ReleaseError(f"{language!r} is no language tag (RFC 5646): write --note en=FILE or --note de=FILE")
    try:
        return _file(path, f"release note ({language})").decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReleaseError(f"{path} is not UTF-8: save it as that") from error


def _file(path: Path, what: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReleaseError(f"{what} {path} cannot be read: {error.strerror}") from error
    if not data:
        raise ReleaseError(f"{what} {path} is empty")
    return data
