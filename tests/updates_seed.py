"""Releases and offers for a `seeded.Vendor`, as `trivet release publish` and ingest leave them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from seeded import CATALOGUE, Vendor
from trivet import control
from trivet.models import CommandResult
from trivet.store.tables import CommandRow, DeviceRow, utcnow
from trivet.store.updates import OfferRow, ReleaseRow
from trivet.updates import offers, told
from trivet.updates.payloads import Payloads

NOTES = {
    "en": "The oven holds its temperature more evenly.\nA door that closes slowly is no longer taken for an open one.",
    "de": "Der Ofen hält seine Temperatur gleichmäßiger.\nEine langsam schließende Tür gilt nicht mehr als offen.",
}


async def add_release(vendor: Vendor, version: str, sequence: int, **more: Any) -> ReleaseRow:
    """A release for ovens; `days`: until its deadline, for security releases."""
    kept = Payloads(vendor.settings.updates_dir)
    envelope, bundle = kept.put(f"envelope {version}".encode()), kept.put(version.encode() * 4000)
    days = more.pop("days", None)
    row = ReleaseRow(
        model="oven",
        version=version,
        sequence=sequence,
        security=days is not None,
        manifest=envelope[::-1],
        envelope=envelope,
        deadline=None if days is None else int((utcnow() + dt.timedelta(days=days)).timestamp()),
        components_json=[{"name": "bundle", "size": kept.size(bundle), "digest": bundle, "deltas": []}],
        payloads_json={envelope: kept.size(envelope), bundle: kept.size(bundle)},
        notes_json=more.pop("notes", NOTES),
        catalogue=CATALOGUE,
        signers_json=["00" * 8],
        published_by="maker",
        **more,
    )
    async with vendor.store.writing() as session:
        session.add(row)
    return row


async def offered(vendor: Vendor, device: str, release: ReleaseRow, *, taken: bool = True) -> int:
    """Offered, and where `taken` heard by the appliance; gives the offer's number."""
    async with vendor.store.writing() as session:
        made = await offers.offer(session, device, release, "ines")
    if taken:
        assert made.counter is not None
        await answer(vendor, device, made.counter)
    return made.id


async def ended(vendor: Vendor, device: str, release: ReleaseRow, state: str, reason: int = 0, **more: Any) -> int:
    """An offer that came to its end some days ago; `event` and others as the appliance reported them."""
    number = await offered(vendor, device, release)
    at = utcnow() - dt.timedelta(days=more.pop("days", 3))
    async with vendor.store.writing() as session:
        row = await session.get_one(OfferRow, number)
        row.state, row.reason, row.ended_at, row.changed_at, row.created_at = state, reason, at, at, at
        row.report_boot, row.report_seq, row.report_signed, row.from_version = 7, 40 + number, True, "1.4.2"
        for name, value in more.items():
            setattr(row, name, value)
    return number


async def answer(vendor: Vendor, device: str, counter: int, reason: int = 0) -> None:
    """What ingest does when the appliance answers a command."""
    async with vendor.store.writing() as session:
        command = await session.get_one(CommandRow, (device, counter))
        result = CommandResult(counter, command.command, reason)
        await control.answered(session, await session.get_one(DeviceRow, device), result, utcnow())
        await told.answered(session, device, counter, reason)


async def change(vendor: Vendor, number: int, **values: Any) -> OfferRow:
    """An offer changed as a report or a fetch changes it."""
    async with vendor.store.writing() as session:
        row = await session.get_one(OfferRow, number)
        for name, value in values.items():
            setattr(row, name, value)
        row.changed_at = utcnow()
        return row
