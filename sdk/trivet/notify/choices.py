"""How each owner wants to be told: channels, quiet hours, zone. Takes a session and the vendor's configuration,
gives what holds for an owner; writes what they choose.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from trivet.notify.config import Config, NotifyError, checked_hours, checked_zone
from trivet.notify.texts import LANGUAGES
from trivet.store.notices import NotifyChoiceRow
from trivet.store.tables import OwnerRow, utcnow

MAX_ADDRESS = 254
_ADDRESS = re.compile(r"[^\x00-\x1f/\\?#&,;]+")  # one address: what divides several, or ends it in a URL, is not in it


@dataclass(frozen=True)
class Choice:
    """`channels`: name → address. `quiet`: first hour and end of the quiet ones, the same twice for none. `language`:
    of the messages."""

    channels: dict[str, str]
    zone: str
    quiet: tuple[int, int]
    language: str = "en"

    @property
    def zoneinfo(self) -> zoneinfo.ZoneInfo:
        return checked_zone(self.zone)


async def of(session: AsyncSession, number: int, config: Config) -> Choice:
    """What holds for this owner now. A channel that the vendor no longer has, or without an address, is left out."""
    owner = await session.get_one(OwnerRow, number)
    row = await session.get(NotifyChoiceRow, number)
    if row is None:
        known = [(name, _known(owner, channel.address)) for name, channel in config.channels.items()]
        first = next(((name, address) for name, address in known if address), None)
        return Choice(dict([first] if first else []), config.zone, checked_hours(config.quiet), owner.language)
    channels = {}
    for name, given in row.channels_json.items():
        address = given or (_known(owner, config.channels[name].address) if name in config.channels else "")
        if name in config.channels and address:
            channels[name] = str(address)
    return Choice(channels, row.zone, (row.quiet_from, row.quiet_until), owner.language)


async def choose(
    session: AsyncSession,
    owner: int,
    config: Config,
    channels: dict[str, str | None],
    *,
    zone: str,
    quiet: tuple[int, ...],
    language: str | None = None,
) -> None:
    """From now on. `channels`: name → address, null for the one that is known. `language`: of LANGUAGES; None leaves
    it. NotifyError says what cannot be."""
    person = await session.get_one(OwnerRow, owner)
    for name, address in channels.items():
        if name not in config.channels:
            raise NotifyError(
                f"there is no channel {name!r}: use one of {', '.join(config.channels) or 'none'}", "address"
            )
        if address is not None and not (len(address) <= MAX_ADDRESS and _ADDRESS.fullmatch(address)):
            raise NotifyError(f"an address has 1 to {MAX_ADDRESS} characters, none of / \\ ? # & , ;", "address")
        if not address and not _known(person, config.channels[name].address):
            raise NotifyError(f"give an address for {name}: none is known", "address")
    first, end = checked_hours(quiet)
    checked_zone(zone)
    if language is not None and language not in LANGUAGES:
        raise NotifyError(f"there is no language {language!r}: use one of {', '.join(LANGUAGES)}", "language")
    row = await session.get(NotifyChoiceRow, owner)
    if row is None:
        row = NotifyChoiceRow(owner=owner)
        session.add(row)
    row.channels_json, row.zone = dict(channels), zone
    row.quiet_from, row.quiet_until, row.at = first, end, utcnow()
    person.language = language or person.language


def _known(owner: OwnerRow, address: str) -> str:
    known = {"mail": owner.email, "phone": owner.phone}.get(address) or ""
    return known if _ADDRESS.fullmatch(known) else ""
