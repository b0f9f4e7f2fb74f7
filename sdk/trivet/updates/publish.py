"""A release folder into this cloud: verified completely first, by the cloud's own root of keys. Takes a folder, gives
what was looked at; keeps its payloads as files and what its manifest says as a row, or nothing at all.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire.catalogue import catalogue_id

from trivet import boards, catalogues
from trivet.consent import vendor
from trivet.release import ReleaseError, bundle, check, delta, envelope, folder, manifest
from trivet.store import Store
from trivet.store.tables import CatalogueRow
from trivet.store.updates import ReleaseRow
from trivet.updates import keyring
from trivet.updates.payloads import Payloads
from trivet.updates.problem import UpdateError

SBOMS = "sboms"
CATALOGUE = "board/catalogue.bin"


@dataclass(frozen=True)
class Place:
    """Where it goes: the store, the cloud's folder and the updates' in it."""

    store: Store
    data_dir: Path
    updates_dir: Path


@dataclass(frozen=True)
class Judged:
    """A release that is good in every respect."""

    release: folder.Release
    said: manifest.Manifest
    enclosed: envelope.Envelope
    images: dict[str, bytes]  # by component
    findings: list[check.Finding]
    signers: list[str]


def judge(place: Place, path: Path) -> Judged:
    """Everything that can be looked at without the database. UpdateError with the first thing that is wrong."""
    present = keyring.needed(place.updates_dir)
    try:
        release = folder.Release(path)
        found = _with_kept_images(release, check.look(release, present), Payloads(place.updates_dir))
        check.complain(found)
        enclosed = release.envelope()
        said = manifest.read(enclosed.manifest)
        images = {one.name: release.read(release.index.payloads[one.digest.hex()]) for one in said.components}
    except ReleaseError as error:
        raise UpdateError("release", f"{error}. Nothing was published") from error
    domain = vendor.load(place.data_dir).domain
    if said.vendor != manifest.identifiers(domain, release.index.model)[0]:
        raise UpdateError(
            "vendor",
            f"it is by {release.index.vendor}, and appliances of this cloud know {domain} as their vendor: they would "
            f"refuse it. Build it with --vendor {domain}, or say `domain` in {vendor.FILE}",
        )
    if said.expires is not None and said.expires <= time.time():
        raise UpdateError("expired", "it has expired: no appliance would install it")
    verdict = present.judge(enclosed.signatures, enclosed.digest)
    return Judged(release, said, enclosed, images, found, [kid.hex() for kid in verdict.good])


def _with_kept_images(release: folder.Release, found: list[check.Finding], kept: Payloads) -> list[check.Finding]:
    """Deltas whose earlier image is not beside the folder, tried on the image that was published here before."""
    said = manifest.read(release.envelope().manifest) if any(one.good is None for one in found) else None
    ways = {one.sha256: one for one in release.index.deltas}
    tried: dict[str, check.Finding] = {}
    for component in said.components if said else ():
        for each in component.deltas:
            row = ways.get(each.digest.hex())
            old = kept.read(each.old.hex(), 0, -1)
            if row is None or not old:
                continue
            what = f"{component.name}, delta from {row.from_version}"
            leads = delta.apply(old, release.read(row.file)) == release.read(
                release.index.payloads[component.digest.hex()]
            )
            words = "leads to the image, from the one published here" if leads else "leads to another image"
            tried[what] = check.Finding(what, leads, f"{each.size} bytes, {words}")
    return [tried.get(one.what, one) if one.good is None else one for one in found]


async def publish(place: Place, judged: Judged, who: str, board: str | Path | None = None) -> ReleaseRow:
    """Keep it. The same again changes nothing but its signatures. UpdateError when its version or number is taken by
    another release, or its fault catalogue is not known here (`board` names where it is)."""
    catalogue = await _catalogue(place.store, judged, board)
    names = _keep_files(place, judged)
    async with place.store.writing() as session:
        row = await _row(session, judged)
        if row is None:
            row = ReleaseRow(model=judged.release.index.model, version=judged.said.version, published_by=who[:64])
            session.add(row)
        for name, value in _columns(judged, names).items():
            setattr(row, name, value)
        row.catalogue = catalogue
        await session.flush()
        return row


def _keep_files(place: Place, judged: Judged) -> dict[str, int]:
    """SHA-256 and size of everything that an appliance may fetch of it."""
    release, kept = judged.release, Payloads(place.updates_dir)
    files = [release.read(name) for name in (release.index.envelope, *release.index.payloads.values())]
    Payloads(place.updates_dir, SBOMS).put(release.read(release.index.sbom))
    return {kept.put(data): len(data) for data in files}


def _columns(judged: Judged, names: dict[str, int]) -> dict[str, Any]:
    release, said = judged.release, judged.said
    return {
        "sequence": said.sequence,
        "security": said.security,
        "manifest": envelope.digest(judged.enclosed.manifest).hex(),
        "envelope": hashlib.sha256(release.read(release.index.envelope)).hexdigest(),
        "expires": said.expires,
        "deadline": said.deadline,
        "components_json": [
            {"name": one.name, "size": one.size, "digest": one.digest.hex(), "deltas": [_delta(d) for d in one.deltas]}
            for one in said.components
        ],
        "payloads_json": names,
        "notes_json": {language: release.read(name).decode() for language, name in release.index.notes.items()},
        "sbom": said.sbom.hex(),
        "signers_json": judged.signers,
    }


def _delta(one: manifest.Delta) -> dict[str, Any]:
    return {"old": one.old.hex(), "size": one.size, "digest": one.digest.hex()}


async def _row(session: AsyncSession, judged: Judged) -> ReleaseRow | None:
    """The row of this very release where it was published before."""
    said, model = judged.said, judged.release.index.model
    same = (ReleaseRow.version == said.version) | (ReleaseRow.sequence == said.sequence)
    for row in (await session.scalars(select(ReleaseRow).where(ReleaseRow.model == model, same))).all():
        if row.manifest == envelope.digest(judged.enclosed.manifest).hex():
            return row
        raise UpdateError(
            "taken",
            f"{model} {row.version} (number {row.sequence}) is published already, with other content: build this one "
            "with a version and a number of its own",
        )
    return None


async def _catalogue(store: Store, judged: Judged, board: str | Path | None) -> int | None:
    """Id of the fault catalogue in its bundle, known here from now on: faults under an unknown one are refused."""
    image = judged.images.get("bundle")
    packed = None if image is None else bundle.read(image).get(CATALOGUE)
    if packed is None:
        return None
    number = catalogue_id(packed)
    try:
        loaded = boards.load(board or judged.release.index.board)
        if boards.packed_catalogue(loaded) == packed:
            return await catalogues.add(store, loaded.model, packed, boards.rich(loaded))
    except boards.BoardError as error:
        if board is not None:
            raise UpdateError("catalogue", str(error)) from error
    async with store.reading() as session:
        if await session.get(CatalogueRow, number) is None:
            raise UpdateError(
                "catalogue",
                f"its fault catalogue {number:08x} is not known here, so faults of appliances with it would be "
                "refused: say --board FOLDER, the board that it was built from",
            )
    return number
