"""Who reads what of an owner, for which purpose and why. Takes a store and an `Access`, gives a `Reading`: the only way
to a query of owner data. What was read stands in the owner's log (`UseRow`) before anybody sees it; a read that cannot
be logged does not happen. Never decides what a query shows: the query asks `covers`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.consent import state, uses

OWN = "own"  # the owner's own right: access, portability, erasure (GDPR, articles 15, 17, 20)
PURPOSES = (*ids.PURPOSE_NAMES, OWN)
# What each role may read for. An owner reads their own appliance whatever they agreed to.
ROLE_PURPOSES = {
    "agent": ("safety", "service"),
    "engineer": ("safety", "service", "improve"),
    "privacy": PURPOSES,
    "admin": PURPOSES,
    "owner": (OWN,),
}


class AccessError(Exception):
    """This role may not read for this purpose; the text says which may."""


class Sessions(Protocol):
    """What of a store is needed: sessions, each one transaction."""

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def writing(self) -> AbstractAsyncContextManager[AsyncSession]: ...


@dataclass(frozen=True)
class Access:
    """`purpose`: one of PURPOSES. `who`: login or owner, at most 128 characters. `why`: in plain words, at most 200,
    as the owner reads them."""

    purpose: str
    who: str
    why: str

    def __post_init__(self) -> None:
        if self.purpose not in PURPOSES:
            raise ValueError(f"there is no purpose {self.purpose!r}: use one of {', '.join(PURPOSES)}")
        if not 0 < len(self.who) <= 128 or not 0 < len(self.why) <= 200:
            raise ValueError("say who reads (1 to 128 characters) and why (1 to 200)")


@dataclass
class Reading:
    """One reading transaction under an access. `note` what is shown of an appliance; it is written when the block ends
    well, and only then are its results to be used."""

    session: AsyncSession
    access: Access
    noted: set[uses.Use] = field(default_factory=set)
    _masks: dict[str, int] = field(default_factory=dict)

    async def ask(self, devices: Iterable[str]) -> None:
        """Looks up what holds now for these appliances: before `covers`."""
        wanted = set(devices) - self._masks.keys()
        if wanted:
            self._masks |= await state.masks(self.session, wanted)

    def covers(self, device: str, purpose: int) -> bool:
        """Whether data that `device` sent under `purpose` (ids.SAFETY…) may be shown: its owner agrees to it now, and
        it is read for that purpose or for safety. The owner's own right covers everything."""
        if self.access.purpose == OWN:
            return True
        mask = self._masks.get(device, 1 << ids.SAFETY)
        return bool(mask >> purpose & 1) and purpose in (ids.SAFETY, ids.PURPOSE_NAMES.index(self.access.purpose))

    def note(self, device: str, subject: str, purpose: int | None = None) -> None:
        """`subject` was shown: "case 12", "contact", "export". `purpose` where it is not the access's own."""
        name = self.access.purpose if purpose is None or self.access.purpose == OWN else ids.PURPOSE_NAMES[purpose]
        self.noted.add(uses.Use(device, name, subject))


@asynccontextmanager
async def reading(store: Sessions, access: Access) -> AsyncIterator[Reading]:
    """`async with reading(store, Access(…)) as read:` then `queries.case(read, 12)`."""
    async with store.reading() as session:
        read = Reading(session, access)
        yield read
    await uses.write(store, access.who, access.why, read.noted)


def allowed(role: str, purpose: str) -> None:
    """Raises AccessError when logins of this role may not read for this purpose."""
    if purpose not in ROLE_PURPOSES.get(role, ()):
        may = [name for name, purposes in ROLE_PURPOSES.items() if purpose in purposes and name != "owner"]
        raise AccessError(f"A login with the role {role!r} may not read for {purpose!r}: ask one of {', '.join(may)}.")
