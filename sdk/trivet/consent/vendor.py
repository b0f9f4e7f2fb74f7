"""Who answers for the data (GDPR, article 4(7)). Takes `vendor.toml` of a cloud's folder, gives `Vendor`; what it does
not say stands in records as not stated, because a record must name it.

    # DATA/vendor.toml
    name = "Example Appliances GmbH"
    address = "Example Street 1, 10115 Berlin, Germany"
    contact = "privacy@example.com"
    url = "https://example.com/privacy"
    country = "DE"
    recipients = ["Example Hosting GmbH"]
    domain = "example.com"  # by which appliances know their vendor in an update: never changes
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

FILE = "vendor.toml"
NOT_STATED = "not stated: write it into vendor.toml"


class VendorError(ValueError):
    """`vendor.toml` cannot be used; the text says why."""


class Vendor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`country`: ISO 3166-1 alpha-2, where data is stored and whose law applies; "EU" until said."""

    name: str = NOT_STATED
    address: str = NOT_STATED
    contact: str = NOT_STATED
    url: str = NOT_STATED
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = "EU"
    recipients: list[str] = msgspec.field(default_factory=list)  # besides the vendor itself
    domain: Annotated[str, Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")] = "vendor.example"


def load(folder: Path) -> Vendor:
    """Raises VendorError."""
    path = folder / FILE
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Vendor)
    except FileNotFoundError:
        return Vendor()
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise VendorError(f"{path}: {error}. Its lines are: {', '.join(Vendor.__struct_fields__)}.") from error
