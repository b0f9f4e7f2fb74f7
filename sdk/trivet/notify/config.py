"""The vendor's channels to its owners and to its people on call. Takes `notify.toml` of a cloud's
folder, gives `Config`; sends nothing. Without that file nobody is told anything.

    # DATA/notify.toml
    zone = "Europe/Berlin"            # of owners who chose none
    care_days = 14                    # a reminder (descale, clean) at most every so many days, for those who want any
    quiet = [22, 7]                   # their hours without messages, hazards excepted; [] for none
    [channels.mail]                   # the first one whose address is known is for owners who chose none
    url = "mailtos://user:password@smtp.example.com?to={address}"     # any of apprise's
    address = "mail"                  # what stands for {address}: mail, phone, or given (the owner types it)
    [oncall]                          # whom a hazard pages at once; without it nobody is paged
    again_minutes = 5                 # until somebody takes the case
    most = 12                         # pages for one hazard
    language = "en"
    [oncall.urls]                     # any of apprise's, by names that stand on the timeline
    duty = "pagerduty://key@service"
"""

from __future__ import annotations

import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec

FILE = "notify.toml"
_SAMPLE = "someone@example.com"


class NotifyError(ValueError):
    """`notify.toml`, or what an owner chose, cannot be used; the text says what to write. `about`: hours, zone,
    address, language, or empty."""

    def __init__(self, says: str, about: str = "") -> None:
        super().__init__(says)
        self.about = about


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    address: Literal["mail", "phone", "given"] = "mail"

    def to(self, address: str) -> str:
        """The URL that reaches somebody. Whatever they typed stays one value in it."""
        return self.url.replace("{address}", quote(address, safe=""))


class OnCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a hazard pages, how often (minutes between two pages of one hazard) and at most how many times."""

    urls: dict[str, str]
    again_minutes: Annotated[int, msgspec.Meta(ge=1, le=240)] = 5
    most: Annotated[int, msgspec.Meta(ge=1, le=100)] = 12
    language: Literal["en", "de"] = "en"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`quiet`: first hour and the hour in which it ends, of the owner's day."""

    zone: str = "UTC"
    quiet: tuple[int, ...] = (22, 7)
    channels: dict[str, Channel] = msgspec.field(default_factory=dict)
    oncall: OnCall | None = None
    care_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 14  # between two reminders to one owner


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
        if found.oncall is not None:
            _check_oncall(found.oncall)
    except NotifyError as error:
        raise NotifyError(f"{path}: {error}") from error
    return found


def checked_hours(hours: tuple[int, ...]) -> tuple[int, int]:
    """(first, end); the same twice where there are none."""
    if not hours:
        return 0, 0
    if len(hours) != 2 or not all(0 <= hour <= 23 for hour in hours):
        raise NotifyError(
            "quiet hours are two of 0 to 23, as in [22, 7]: from the first until the second; [] for none", "hours"
        )
    return hours[0], hours[1]


def checked_zone(zone: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise NotifyError(f"{zone!r} is no time zone: write one such as Europe/Berlin", "zone") from None


def _check(name: str, channel: Channel) -> None:
    _check_name(name)
    if "{address}" not in channel.url:
        raise NotifyError(f"channel {name}: its URL has no {{address}}: everybody would get everybody's messages")
    _check_url(name, channel.to(_SAMPLE))


def _check_oncall(oncall: OnCall) -> None:
    if not oncall.urls:
        raise NotifyError("[oncall] pages nobody: write at least one address under [oncall.urls], or leave it out")
    for name, url in oncall.urls.items():
        _check_name(name)
        _check_url(name, url)


def _check_name(name: str) -> None:
    if not (name.isascii() and name.isalnum() and name == name.lower() and len(name) <= 16):
        raise NotifyError(f"channel {name!r}: a channel's name is 1 to 16 small letters and digits")


def _check_url(name: str, url: str) -> None:
    import apprise  # only here: it is large, and whoever has no channels needs none of it

    if apprise.Apprise.instantiate(url) is None:
        raise NotifyError(f"channel {name}: its URL is none that apprise knows")
