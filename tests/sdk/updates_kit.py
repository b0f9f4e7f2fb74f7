"""What the tests of updates share: a cloud with blocks and payloads over the memory transport, and a release in it that
only the rows know (signed ones: tests/sdk/test_publish.py)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import cbor2
from cloud_kit import Bench, bench
from sqlalchemy import select
from trivet.bench import traffic
from trivet.ingest.known import Known
from trivet.ingest.worker import Worker
from trivet.store import Store
from trivet.store.tables import CommandRow
from trivet.store.updates import InstalledRow, OfferRow, ReleaseRow
from trivet.updates import offers
from trivet.updates.blocks import Blocks
from trivet.updates.payloads import Payloads
from trivet_wire import cbor, ids

ENVELOPE = b"an envelope" * 60
BUNDLE = bytes(range(256)) * 40


@dataclass
class UpdateBench(Bench):
    """`fetch` asks as an appliance does and waits until all is answered; `blocks_of` puts together what came."""

    payloads: Payloads
    blocks: Blocks
    release: ReleaseRow

    async def fetch(self, sha256: str, offset: int, length: int = ids.MAX_FETCH) -> None:
        await self.take(self.fetching(sha256, offset, length))
        while self.blocks._tasks:
            await next(iter(self.blocks._tasks.values()))

    def fetching(self, sha256: str, offset: int, length: int = ids.MAX_FETCH) -> tuple[str, bytes]:
        return self.sender.message(ids.FETCH, [bytes.fromhex(sha256)[:8], offset, length], seq=0)

    def got(self) -> dict[int, bytes]:
        """Offset and bytes of every block that went down."""
        read = [cbor2.loads(data) for _, kind, data in self.transport.sent if kind == "block"]
        return {offset: data for _, offset, data in read}

    async def offered(self, who: str = "ada") -> int:
        async with self.store.writing() as session:
            return (await offers.offer(session, self.sender.device, self.release, who)).id

    async def offer_row(self, number: int) -> OfferRow:
        async with self.store.reading() as session:
            return await session.get_one(OfferRow, number)

    async def rows(self) -> list[OfferRow]:
        async with self.store.reading() as session:
            return list(await session.scalars(select(OfferRow).order_by(OfferRow.id)))

    async def commands(self) -> list[CommandRow]:
        async with self.store.reading() as session:
            return list(await session.scalars(select(CommandRow).order_by(CommandRow.counter)))

    async def installed(self) -> InstalledRow | None:
        async with self.store.reading() as session:
            return await session.get(InstalledRow, self.sender.device)

    async def answer(self, counter: int, command: int, reason: int = 0) -> None:
        await self.take(self.sender.message(ids.COMMAND_RESULT, [counter, command, reason]))

    def report(self, state: int, reason: int = 0, **more: object) -> tuple[str, bytes]:
        release = self.release
        body = [bytes.fromhex(str(more.get("manifest", release.manifest)))[:8], more.get("sequence", release.sequence)]
        body += [state, reason, more.get("version", release.version), "1.0.0"]
        body += [more.get("trial_s", 0), more.get("trial_cycles", 0), more.get("event")]
        return self.sender.message(ids.UPDATE_REPORT, body)  # which signs it


async def published(store: Store, payloads: Payloads, version: str, sequence: int, **more: object) -> ReleaseRow:
    """A release of the bench's model, as `trivet release publish` leaves it."""
    envelope, bundle = payloads.put(ENVELOPE + version.encode()), payloads.put(BUNDLE + version.encode())
    row = ReleaseRow(
        model=str(more.get("model", traffic.MODEL)),
        version=version,
        sequence=sequence,
        security=bool(more.get("security", False)),
        manifest=envelope[::-1],
        envelope=envelope,
        expires=more.get("expires"),
        deadline=more.get("deadline"),
        components_json=[{"name": "bundle", "size": payloads.size(bundle), "digest": bundle, "deltas": []}],
        payloads_json={envelope: payloads.size(envelope), bundle: payloads.size(bundle)},
        notes_json={"en": "It bakes better.", "de": "Er backt besser."},
        sbom=None,
        signers_json=[],
        published_by="maker",
    )
    async with store.writing() as session:
        session.add(row)
    return row


def bundle_of(release: ReleaseRow) -> str:
    return str(release.components_json[0]["digest"])


@asynccontextmanager
async def update_bench(folder: Path, url: str | None = None) -> AsyncIterator[UpdateBench]:
    async with bench(folder, url) as kit:
        payloads = Payloads(folder / "updates")
        blocks = Blocks(kit.transport, payloads, pace_s=0)
        worker = Worker(kit.store, kit.transport, Known(kit.vault.master), blocks)
        release = await published(kit.store, payloads, "1.2.0", 2)
        parts = {**vars(kit), "worker": worker}
        yield UpdateBench(**parts, payloads=payloads, blocks=blocks, release=release)
        await blocks.stop()


def args_of(row: CommandRow) -> list[object]:
    found: list[object] = cbor.decode(row.args)
    return found
