"""Ingest in a process of its own, on this machine or another: `trivet ingest`. Takes the settings of a cloud that is
served elsewhere, gives running workers; makes no key and no cloud.

It needs little of the cloud's folder: `secrets/master.key` (or the place of the master secret), `secrets/master.id`,
`secrets/engine-sdk.key`, for another machine `secrets/ca.crt`; `service.toml` where there is one; and
`updates/payloads`, shared, where appliances fetch updates. It may be killed at any moment: what it had not finished
goes to another worker.
"""

from __future__ import annotations

from typing import Self

from trivet import keys
from trivet.cases import terms
from trivet.config import Settings
from trivet.ingest.known import Known
from trivet.ingest.nats import NatsTransport
from trivet.ingest.worker import Ingest
from trivet.keys import KeysError, Safe
from trivet.keys.places import OWN
from trivet.serve import noted_engine
from trivet.store import Store
from trivet.updates.blocks import Blocks
from trivet.updates.payloads import Payloads
from trivet.vault import MASTER_ID, SDK_PASSWORD


class Workers:
    """`async with Workers(settings) as workers:`. `engine`: address of the engine's own port; None: where the cloud of
    this folder noted it."""

    def __init__(self, settings: Settings, engine: str | None = None) -> None:
        """Raises KeysError where the folder lacks what it needs, TermsError for a mistake in `service.toml`."""
        secrets = settings.secrets_dir
        missing = [name for name in _needed(settings) if not (secrets / name).exists()]
        if missing:
            raise KeysError(
                f"{secrets} has no {', '.join(missing)}: start the cloud once with `trivet serve`, or copy that from "
                "the machine that serves it"
            )
        master = keys.open_master(settings.keys, Safe(secrets, settings.keys.passphrase))
        if keys.fingerprint(master) != (secrets / MASTER_ID).read_text(encoding="utf-8"):
            raise KeysError(f"{secrets / MASTER_ID} says that this cloud's appliances know another master secret")
        self.engine = engine or noted_engine(settings.data_dir)
        password = (secrets / SDK_PASSWORD).read_bytes().hex()
        ca = secrets / "ca.crt"
        if self.engine.startswith("tls:") and not ca.exists():
            raise KeysError(f"{ca} is not there: without it an engine on another machine cannot be known. Copy it")
        self.store = Store(settings.url)
        transport = NatsTransport(self.engine, password, ca=ca if self.engine.startswith("tls:") else None)
        known = Known(master, terms.load(settings.data_dir))
        blocks = Blocks(transport, Payloads(settings.updates_dir))
        self.ingest = Ingest(self.store, transport, known, settings.workers, blocks)

    async def __aenter__(self) -> Self:
        await self.store.open()
        await self.ingest.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.ingest.stop()
        await self.store.close()


def _needed(settings: Settings) -> list[str]:
    own = ["master.key"] if settings.keys.master == OWN else []
    return [*own, MASTER_ID, SDK_PASSWORD]
