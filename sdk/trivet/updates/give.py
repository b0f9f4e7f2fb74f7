"""An offer as people and programs give it: looks the release up, judges its signatures once more against the cloud's
present root of keys, offers it. Takes the store's sessions and the updates' folder; one transaction, or nothing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from trivet.consent.access import Sessions
from trivet.store.tables import DeviceRow
from trivet.store.updates import KeyManifestRow, OfferRow
from trivet.updates import keyring, offers
from trivet.updates.payloads import Payloads
from trivet.updates.problem import UpdateError

OFFERING = ("engineer", "admin")  # roles that may offer and withdraw


async def release(
    store: Sessions, updates_dir: Path, device: str, version: str, who: str, *, over: str | None = None
) -> int:
    """Offer a version; gives the offer's number. `over` as in `offers.offer`. UpdateError says why not."""
    async with store.reading() as session:
        row = await session.get(DeviceRow, device)
        if row is None:
            raise UpdateError("no-such-device", f"{device} is not enrolled here")
        wanted = await offers.release_of(session, row.model, version)
    payloads = Payloads(updates_dir)
    await asyncio.to_thread(keyring.believed, updates_dir, wanted.envelope)
    for name in wanted.payloads_json:
        if not await asyncio.to_thread(payloads.sound, name):
            raise UpdateError("damaged", f"payload {name} of {version} is damaged or gone here: publish it again")
    async with store.writing() as session:
        made: OfferRow = await offers.offer(session, device, wanted, who, over=over)
        return made.id


async def keys(store: Sessions, updates_dir: Path, device: str, data: bytes, who: str) -> int:
    """Offer the next set of keys from the bytes of a key manifest, which this cloud takes over too; gives the offer's
    number. UpdateError says why not."""
    async with store.writing() as session:
        taken = await keyring.take(session, updates_dir, data, who)
        made = await offers.offer_keys(session, device, taken, who)
        return made.id


async def known_keys(store: Sessions, device: str, number: int, who: str) -> int:
    """Offer a set of keys that this cloud took over before; gives the offer's number. UpdateError says why not."""
    async with store.writing() as session:
        row = await session.get(KeyManifestRow, number)
        if row is None:
            raise UpdateError(
                "no-such-keys", f"no key manifest that leads to set {number} of the release keys was taken over here"
            )
        made = await offers.offer_keys(session, device, row, who)
        return made.id


async def withdraw(store: Sessions, device: str, number: int, who: str) -> None:
    """Take an offer back. UpdateError says why not."""
    async with store.writing() as session:
        await offers.withdraw(session, device, number, who)
