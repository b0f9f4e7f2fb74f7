"""Looks up updates: what is published, and what is offered to and installed on an appliance. Takes a `Reading`, gives
`views`, and notes in the owner's log that somebody looked. Shows offers and reports whatever the owner agrees to: they
are for `safety`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.cases import rich
from trivet.consent.access import Reading
from trivet.store.tables import CatalogueRow, DeviceRow
from trivet.store.updates import InstalledRow, KeyManifestRow, OfferRow, ReleaseRow, UpdateHoursRow
from trivet.updates import views
from trivet.updates.wishes import ANSWERS, Hours

NEWEST = 50
_WORDS = {number: word for word, number in ANSWERS.items()}


async def releases(session: AsyncSession, model: str | None = None) -> list[views.Release]:
    """What is published, the newest first. Nothing of an owner is in it."""
    query = select(ReleaseRow).order_by(ReleaseRow.model, ReleaseRow.sequence.desc())
    if model is not None:
        query = query.where(ReleaseRow.model == model)
    return [_release(row) for row in await session.scalars(query)]


async def key_sets(session: AsyncSession) -> list[views.KeySet]:
    """Those that key manifests lead to, the oldest first: an appliance takes them one after the other."""
    rows = await session.scalars(select(KeyManifestRow).order_by(KeyManifestRow.number))
    return [views.KeySet(row.number, row.size, row.taken_at, row.taken_by) for row in rows]


async def of(
    read: Reading, device: str, *, after: dt.datetime | None = None, newest: int = NEWEST
) -> views.Updates | None:
    """An appliance's `newest` updates; what had ended by `after` is left out. None when it is not enrolled."""
    row = await read.session.get(DeviceRow, device)
    if row is None:
        return None
    read.note(device, "updates", ids.SAFETY)
    query = select(OfferRow).where(OfferRow.device == device).order_by(OfferRow.id.desc()).limit(newest)
    if after is not None:
        query = query.where(OfferRow.ended_at.is_(None) | (OfferRow.ended_at > after))
    found = [await _update(read.session, one) for one in (await read.session.scalars(query)).all()]
    hours = await read.session.get(UpdateHoursRow, device)
    return views.Updates(
        device=device,
        model=row.model,
        installed=_installed(await read.session.get(InstalledRow, device), row),
        open=[one for one in found if one.ended_at is None],
        history=[one for one in found if one.ended_at is not None],
        excluded=None if hours is None else _excluded(hours),
    )


def _installed(row: InstalledRow | None, device: DeviceRow) -> views.Installed:
    if row is None:
        return views.Installed("", 0, None, 0, device.firmware)
    return views.Installed(row.version, row.sequence, row.at, row.keys, device.firmware)


async def _update(session: AsyncSession, row: OfferRow) -> views.Update:
    release = None if row.release is None else await session.get(ReleaseRow, row.release)
    keys = None if row.keys is None else await session.get(KeyManifestRow, row.keys)
    sizes = needed(release) if release else {keys.payload: keys.size} if keys else {}
    return views.Update(
        id=row.id,
        what="keys" if row.what == ids.W_KEYS else "release",
        version=row.version,
        sequence=row.sequence,
        security=release.security if release else None,
        state=row.state,
        reason=row.reason,
        says=ids.REASON_NAMES.get(row.reason, "unknown reason") if row.reason else "",
        who=row.who,
        created_at=row.created_at,
        changed_at=row.changed_at,
        ended_at=row.ended_at,
        withdrawing=row.withdraw_counter is not None and row.ended_at is None,
        withdrawn_by=row.withdrawn_by,
        fetched=_fetched(row, sizes, release),
        served=row.served,
        size=sum(sizes.values()),
        deadline=_time(release.deadline if release else None),
        expires=_time(release.expires if release else None),
        notes=dict(release.notes_json) if release else {},
        report=await _report(session, row, release),
        answer=_answer(row),
    )


def needed(release: ReleaseRow) -> dict[str, int]:
    """The whole images of a release by SHA-256: what an appliance fetches at most, its envelope aside."""
    return {str(one["digest"]): int(one["size"]) for one in release.components_json}


def _fetched(row: OfferRow, sizes: dict[str, int], release: ReleaseRow | None) -> int:
    """By a delta too: where one was fetched, its share counts as that share of the image."""
    done = 0
    for component in release.components_json if release else ():
        ways = [(str(component["digest"]), int(component["size"]))]
        ways += [(str(one["digest"]), int(one["size"])) for one in component["deltas"]]
        share = max(min(1.0, int(row.fetched_json.get(name, 0)) / size) for name, size in ways)
        done += int(share * int(component["size"]))
    return done if release else sum(int(row.fetched_json.get(name, 0)) for name in sizes)


async def _report(session: AsyncSession, row: OfferRow, release: ReleaseRow | None) -> views.Report | None:
    if row.report_seq is None:
        return None
    code = None
    if row.event is not None and release is not None and release.catalogue is not None:
        catalogue = await session.get(CatalogueRow, release.catalogue)
        code = rich.load(catalogue.rich_json).code(row.event) if catalogue else None
    return views.Report(
        number=f"{row.device}/{row.report_boot}/{row.report_seq}",
        signed=row.report_signed,
        from_version=row.from_version,
        trial_s=row.trial_s,
        trial_cycles=row.trial_cycles,
        event=row.event,
        code=code.code if code else None,
        title={language: text.get("title", "") for language, text in code.text.items()} if code else {},
    )


def _answer(row: OfferRow) -> views.Answer | None:
    if row.answer is None or row.answer_at is None:
        return None
    until = _time(row.answer_until or None)
    return views.Answer(_WORDS[row.answer], until, row.answer_at, row.answer_state or "", row.answer_reason)


def _excluded(row: UpdateHoursRow) -> views.Excluded:
    return views.Excluded(
        hours=Hours(row.mask, row.minutes).excluded,
        minutes=row.minutes,
        zone=row.zone,
        at=row.at,
        state=row.state,
        reason=row.reason,
        known=Hours(row.known_mask, row.minutes).excluded,
    )


def _release(row: ReleaseRow) -> views.Release:
    components: list[dict[str, Any]] = row.components_json
    return views.Release(
        id=row.id,
        model=row.model,
        version=row.version,
        sequence=row.sequence,
        security=row.security,
        expires=_time(row.expires),
        deadline=_time(row.deadline),
        size=sum(int(one["size"]) for one in components),
        components=[str(one["name"]) for one in components],
        notes=dict(row.notes_json),
        signers=[str(one) for one in row.signers_json],
        published_at=row.published_at,
        published_by=row.published_by,
        deltas=[f"{one['name']} {delta['size']}" for one in components for delta in one["deltas"]],
    )


def _time(seconds: int | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
