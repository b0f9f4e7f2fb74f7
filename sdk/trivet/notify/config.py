"""The vendor's channels to its owners. Takes `notify.toml` of a cloud's folder, gives `Config`; sends nothing. Without
that file nobody is told anything.

    # DATA/notify.toml
    zone = "Europe/Berlin"            # of owners who chose none
    quiet = [22, 7]                   # their hours without messages, hazards excepted; [] for none
    [channels.mail]                   # the first one whose address is known is for owners who chose none
    url = "mailtos://user:password@smtp.example.com?to={address}"     # any of apprise's
    address = "mail"                  # what stands for {address}: mail, phone, or given (the owner types it)
"""

from __future__ import annotations

import tomllib
import zoneinfo
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec

FILE = "notify.toml"
_SAMPLE = "someone@example.com"


class NotifyError(ValueError):
    """`notify.toml`, or what an owner chose, cannot be used; the text says what to write."""


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    address: Literal["mail", "phone", "given"] = "mail"

    def to(self, address: str) -> str:
        """The URL that reaches somebody. Whatever they typed stays one value in it."""
        return self.url.replace("{address}", quote(address, safe=""))


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`quiet`: first hour and the hour in which it ends, of the owner's day."""

    zone: str = "UTC"
    quiet: tuple[int, ...] = (22, 7)
    channels: dict[str, Channel] = msgspec.field(default_factory=dict)


def load(folder: Path) -> Config:
    """The channels of a cloud's folder; none where it has no file. Raises NotifyError."""
    path = folder / FILE
    if not path.exists():
        return Config()
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Config)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise NotifyError(f"{path}: {error}") from error
    try:
        checked_hours(found.quiet)
        checked_zone(found.zone)
        for name, channel in found.channels.items():
            _check(name, channel)
    except NotifyError as error:
        raise NotifyError(f"{path}: {error}") from error
    return found


def checked_hours(hours: tuple[int, ...]) -> tuple[int, int]:
    """(first, end); the same twice where there are none."""
    if not hours:
        return 0, 0
    if len(hours) != 2 or not all(0 <= hour <= 23 for hour in hours):
        raise NotifyError("quiet hours are two of 0 to 23, as in [22, 7]: from the first until the second; [] for none")
    return hours[0], hours[1]


def checked_zone(zone: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise NotifyError(f"{zone!r} is no time zone: write one such as Europe/Berlin") from None


def _check(name: str, channel: Channel) -> None:
    if not (name.isascii() and name.isalnum() and name == name.lower() and len(name) <= 16):
        raise NotifyError(f"channel {name!r}: a channel's name is 1 to 16 small letters and digits")
    if "{address}" not in channel.url:
        raise NotifyError(f"channel {name}: its URL has no {{address}}: everybody would get everybody's messages")
    import apprise  # only here: it is large, and whoever has no channels needs none of it

    if apprise.Apprise.instantiate(channel.to(_SAMPLE)) is None:
        raise NotifyError(f"channel {name}: its URL is none that apprise knows")
