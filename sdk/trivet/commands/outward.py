"""What the words about ways out and in share: work beside the running cloud, with its database and its seal."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from trivet.commands import keyring
from trivet.commands.keys import existing

if TYPE_CHECKING:
    from trivet.outward.seal import Seal
    from trivet.store import Store

T = TypeVar("T")


def beside(data: Path, database: str | None, work: "Callable[[Store, Seal], Awaitable[T]]") -> T:
    """What `work` gives. KeysError where there is no cloud or its keys do not open."""
    from trivet.outward.seal import Seal
    from trivet.store import Store
    from trivet.vault import Vault

    existing(data)
    settings = keyring.settings(data, database)

    async def run() -> T:
        async with Store(settings.url) as store:
            return await work(store, Seal(Vault(settings.secrets_dir, settings.keys).safe))

    return asyncio.run(run())
