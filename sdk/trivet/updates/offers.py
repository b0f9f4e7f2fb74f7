"""Updates offered to one appliance, and taken back. Takes a transaction, queues the signed command that says so; what
became of it comes from the appliance (`told`). Sends nothing, and never offers what the appliance would refuse unseen:
another board's, an older one, or to a revoked appliance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import control
from trivet.store.tables import DeviceRow, utcnow
from trivet.store.updates import (
    QUEUED,
    REFUSED,
    STAGED,
    TRIAL,
    WITHDRAWN,
    InstalledRow,
    KeyManifestRow,
    OfferRow,
    ReleaseRow,
)
from trivet.updates.problem import UpdateError

_WEB = re.compile(r"https?://[!-~]{1,112}")


def start(sha256: str) -> bytes:
    """By which a payload or manifest is named on the wire: the first 8 bytes of its SHA-256."""
    return bytes.fromhex(sha256)[:8]


async def release_of(session: AsyncSession, model: str, version: str) -> ReleaseRow:
    """The release of that version for that board; UpdateError names those that there are."""
    query = select(ReleaseRow).where(ReleaseRow.model == model)
    known = {row.version: row for row in await session.scalars(query.order_by(ReleaseRow.sequence))}
    if version not in known:
        there = f"published are {', '.join(known)}" if known else "none is published: trivet release publish FOLDER"
        raise UpdateError("no-such-release", f"there is no release {version} for {model}; {there}")
    return known[version]


async def offer(
    session: AsyncSession, device: str, release: ReleaseRow, who: str, *, over: str | None = None
) -> OfferRow:
    """Offer a release. `over`: the web address below which its payloads lie, as https://…/u; else they are fetched over
    the broker. UpdateError says why not: then nothing was changed."""
    row = await _device(session, device)
    if release.model != row.model:
        raise UpdateError("other-board", f"release {release.version} is for {release.model}, {device} is a {row.model}")
    installed = await session.get(InstalledRow, device)
    if installed is not None and release.sequence < installed.sequence:
        raise UpdateError(
            "older",
            f"{device} has {installed.version} (number {installed.sequence}), which is newer than {release.version} "
            f"(number {release.sequence}): to go back, build the old state again as a release with a higher number",
        )
    now = utcnow().timestamp()
    if release.expires is not None and release.expires <= now:
        raise UpdateError("expired", f"release {release.version} has expired: sign it anew with a later date")
    await _none_open(session, device, ids.W_RELEASE)
    made = OfferRow(
        device=device,
        what=ids.W_RELEASE,
        release=release.id,
        payload=release.envelope,
        manifest=start(release.manifest).hex(),
        version=release.version,
        sequence=release.sequence,
        who=who[:64],
    )
    return await _given(session, made, int(release.payloads_json[release.envelope]), _address(over, release.envelope))


async def offer_keys(session: AsyncSession, device: str, keys: KeyManifestRow, who: str) -> OfferRow:
    """Offer the next set of release keys. UpdateError says why not."""
    await _device(session, device)
    installed = await session.get(InstalledRow, device)
    if installed is not None and keys.number <= installed.keys:
        raise UpdateError("older", f"{device} has set {installed.keys} of the keys already")
    await _none_open(session, device, ids.W_KEYS)
    made = OfferRow(
        device=device,
        what=ids.W_KEYS,
        keys=keys.number,
        payload=keys.payload,
        manifest=start(keys.payload).hex(),
        version=f"keys {keys.number}",
        sequence=keys.number,
        who=who[:64],
    )
    return await _given(session, made, keys.size)


async def withdraw(session: AsyncSession, device: str, number: int, who: str) -> OfferRow:
    """Offer it no more. From now on nothing of it is served; it has ended when the appliance says so, at once where the
    appliance never answered. UpdateError for one that has ended, or is on trial already."""
    await _device(session, device)
    row = await session.get(OfferRow, number)
    if row is None or row.device != device:
        raise UpdateError("no-such-offer", f"{device} was never offered an update {number}")
    if row.ended_at is not None or row.payload is None:
        raise UpdateError("ended", f"that offer has ended ({row.state}): there is nothing to withdraw")
    if row.state in (STAGED, TRIAL):
        raise UpdateError("too-late", f"{device} has it {row.state}: it ends that by itself, and goes back if it must")
    if row.withdraw_counter is None:
        await control.drop(session, device, row.counter)
        row.withdraw_counter = await queued(session, device, ids.C_WITHDRAW, [start(row.payload)], who)
        row.withdrawn_by = who[:64]
        if row.state == QUEUED:
            end(row, WITHDRAWN, ids.R_WITHDRAWN)
    return row


def end(row: OfferRow, state: str, reason: int = 0) -> None:
    """It goes no further."""
    row.state, row.reason = state, reason
    row.changed_at = row.ended_at = utcnow()


async def _device(session: AsyncSession, device: str) -> DeviceRow:
    """Locked, as ingest does: what it says meanwhile waits."""
    query = select(DeviceRow).where(DeviceRow.id == device).with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    if row is None:
        raise UpdateError("no-such-device", f"{device} is not enrolled here")
    if row.revoked_at is not None:
        raise UpdateError("revoked", f"{device} is revoked: it gets no update from here")
    return row


async def _none_open(session: AsyncSession, device: str, what: int) -> None:
    query = select(OfferRow).where(OfferRow.device == device, OfferRow.what == what, OfferRow.ended_at.is_(None))
    open_ = await session.scalar(query)
    if open_ is not None and open_.counter is None:  # over the service port: ours takes its place there
        end(open_, REFUSED, ids.R_SUPERSEDED)
        await session.flush()
    elif open_ is not None:
        raise UpdateError(
            "open", f"{device} is offered {open_.version} already ({open_.state}): wait for its end or withdraw it"
        )


def _address(over: str | None, payload: str) -> str | None:
    """Where a payload lies on the web; null: it is fetched over the broker."""
    if over is None:
        return None
    if not _WEB.fullmatch(over):
        raise UpdateError("address", f"{over!r} is no address such as https://updates.example.com/u (120 characters)")
    return f"{over.rstrip('/')}/sha256/{payload}"


async def _given(session: AsyncSession, made: OfferRow, size: int, address: str | None = None) -> OfferRow:
    assert made.payload is not None
    args = [made.what, size, bytes.fromhex(made.payload), address]
    made.counter = await queued(session, made.device, ids.C_UPDATE, args, made.who)
    session.add(made)
    await session.flush()
    return made


async def queued(session: AsyncSession, device: str, command: int, args: Sequence[object], who: str) -> int:
    """A command about updates, under the only grant that covers it; gives its counter."""
    try:
        return await control.queue(session, device, command, args, ids.COMMAND_GRANTS[command], who=who[:64])
    except control.ControlError as error:
        raise UpdateError("command-refused", str(error)) from error
