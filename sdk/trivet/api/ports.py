"""What this room needs of a cloud, as Protocols: store, settings, registry, the engine's dead letters.

Takes nothing, gives types; never imports the rooms that fulfil them. `trivet.serve.Cloud` fulfils `CloudPort`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from trivet.config import Settings
    from trivet.outward.http import Client
    from trivet.outward.seal import Seal


class StorePort(Protocol):
    """Sessions of the database, each one transaction."""

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def writing(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    async def compact(self) -> None: ...


class RegistryPort(Protocol):
    """Who owns an appliance. Raises a ValueError that says why when a claim is refused."""

    async def claim(
        self,
        device: str,
        secret: str,
        name: str,
        *,
        phone: str | None = None,
        email: str | None = None,
        language: str = "en",
    ) -> int: ...

    async def release(self, device: str, *, by: str = "owner") -> None: ...


class TransportPort(Protocol):
    """The engine's side that people may look at. Raises OSError while the engine does not answer."""

    async def dead_letter_counts(self) -> dict[int, int]: ...

    async def erase(self, device: str) -> int: ...

    async def scan(self, markers: Sequence[bytes]) -> dict[str, int]: ...


class CloudPort(Protocol):
    """The running cloud."""

    @property
    def settings(self) -> Settings: ...

    @property
    def store(self) -> StorePort: ...

    @property
    def registry(self) -> RegistryPort: ...

    @property
    def transport(self) -> TransportPort: ...

    @property
    def base(self) -> str:
        """What links in messages begin with."""

    @property
    def seal(self) -> Seal: ...

    @property
    def client(self) -> Client: ...

    def counted(self) -> dict[str, int]:
        """What this process counted since its start, by name."""

    async def command(self, device: str, command: int, who: str) -> int:
        """Queue a command without arguments (ids.C_*), or the rotation of the appliance's key; gives its counter.
        Raises a ValueError that says why not."""
