"""The schema is one thing in tables, migrations, SQLite and PostgreSQL; secrets and identities are kept as promised."""

import asyncio
import datetime as dt
import stat
from pathlib import Path

import databases
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cloud_kit import Bench, bench
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from trivet import keys
from trivet.bench import traffic
from trivet.registry import RegistryError
from trivet.store import Store
from trivet.store.tables import Base, CaseRecord, DeviceRow, OwnershipRow
from trivet.vault import Vault

pytestmark = pytest.mark.usefixtures("database")


async def test_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    async with Store(databases.settings(tmp_path).url) as store, store.reading() as session:
        connection = await session.connection()
        assert await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata)) == []


async def test_opening_twice_keeps_what_is_there(tmp_path: Path) -> None:
    async with bench(tmp_path) as first:
        device = first.sender.device
    async with Store(databases.settings(tmp_path).url) as store, store.reading() as session:
        assert await session.get(DeviceRow, device) is not None


async def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    async def half(kit: Bench) -> None:
        async with kit.store.writing() as session:
            (await session.get_one(DeviceRow, kit.sender.device)).name = "half done"
            await session.flush()
            raise RuntimeError

    async with bench(tmp_path) as kit:
        with pytest.raises(RuntimeError):
            await half(kit)
        async with kit.store.reading() as session:
            assert (await session.get_one(DeviceRow, kit.sender.device)).name != "half done"


async def test_who_opens_it_does_not_wait_for_whoever_writes(tmp_path: Path) -> None:
    url = databases.settings(tmp_path).url
    async with Store(url) as first, first.writing() as session:
        await session.execute(update(DeviceRow).values(name="held"))
        async with asyncio.timeout(5), Store(url) as second, second.reading() as other:
            assert await other.scalar(select(func.count()).select_from(DeviceRow)) == 0


_SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n"


@pytest.mark.parametrize("between", range(6))
async def test_a_query_that_is_cut_twice_leaves_nothing_that_waits(tmp_path: Path, between: int) -> None:
    async def asks(store: Store) -> None:
        async with store.reading() as session:
            await session.execute(text(_SLOW))

    async with Store(databases.settings(tmp_path).url) as store:
        before = asyncio.all_tasks()
        asking = asyncio.create_task(asks(store))
        await asyncio.sleep(0.03)
        for _ in range(2):
            asking.cancel()
            for _ in range(between):
                await asyncio.sleep(0)
        await asyncio.wait([asking], timeout=10)
        assert asking.cancelled(), "it was over before it was cut"
        if left := asyncio.all_tasks() - before - {asking}:
            await asyncio.wait(left, timeout=10)
        assert not [one for one in asyncio.all_tasks() - before if not one.done()]


async def test_only_one_case_of_a_code_is_open_on_an_appliance(tmp_path: Path) -> None:
    def record(device: str, operation: int, state: str = "new") -> CaseRecord:
        return CaseRecord(
            device=device,
            code="H07-1K",
            event=0,
            catalogue=traffic.CATALOGUE,
            operation=operation,
            last_boot=1,
            last_seq=1,
            state=state,
            severity=3,
            hazard=False,
            ne107="F",
            status=0,
        )

    async def add(kit: Bench, *records: CaseRecord) -> None:
        async with kit.store.writing() as session:
            session.add_all(records)

    async with bench(tmp_path) as kit:
        device = kit.sender.device
        await add(kit, record(device, 1, "resolved"), record(device, 2))
        for operation in (2, 3):
            with pytest.raises(IntegrityError):
                await add(kit, record(device, operation))


async def test_times_keep_their_zone(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit, kit.store.writing() as session:
        row = await session.get_one(DeviceRow, kit.sender.device)
        await session.refresh(row)
        assert row.enrolled_at.tzinfo is not None
        assert abs(row.enrolled_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    first = Vault(tmp_path / "secrets")
    again = Vault(tmp_path / "secrets")
    assert (first.fresh, again.fresh) == (True, False)
    assert keys.fingerprint(first.master) == keys.fingerprint(again.master)
    assert first.command_key.public == again.command_key.public
    assert first.issuer.public == again.issuer.public
    assert first.issuer.public.startswith("A")
    for file in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_damaged_secret_says_what_to_do(tmp_path: Path) -> None:
    Vault(tmp_path / "secrets")
    (tmp_path / "secrets" / "master.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="restore it from the backup"):
        Vault(tmp_path / "secrets")


async def test_an_identity_is_whole_and_unlike_every_other(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        one, other = [await kit.registry.enrol("oven") for _ in range(2)]
        assert one.message_key == kit.vault.master.message_key(one.device, one.epoch)
        for name in ("device", "message_key", "key_der", "cert_der", "claim_secret"):
            assert getattr(one, name) != getattr(other, name)
        with pytest.raises(RegistryError, match="enrolled already"):
            await kit.registry.enrol("oven", device=one.device)


async def test_one_claim_binds_appliance_and_owner(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        device, secret = kit.sender.device, kit.sender.identity.claim_secret
        spoken = "-".join(secret[i : i + 4] for i in range(0, 16, 4)).lower()
        with pytest.raises(RegistryError, match="do not belong together"):
            await kit.registry.claim(device, "0" * 16, "Eve")
        with pytest.raises(RegistryError, match="do not belong together"):
            await kit.registry.claim("00" * 8, secret, "Eve")
        owner = await kit.registry.claim(device, spoken, "Ada", phone="+49 30 1")
        with pytest.raises(RegistryError, match="has an owner"):
            await kit.registry.claim(device, secret, "Bob")
        await kit.registry.release(device)
        assert await kit.registry.claim(device, secret, "Ada", phone="+49 30 1") == owner
        async with kit.store.reading() as session:
            assert (await session.get_one(OwnershipRow, 1)).until is not None


async def test_a_revoked_appliance_stays_out(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        assert await kit.registry.allowed(kit.sender.device)
        await kit.registry.revoke(kit.sender.device)
        assert not await kit.registry.allowed(kit.sender.device)
        assert not await kit.registry.allowed("00" * 8)
        with pytest.raises(RegistryError):
            await kit.registry.claim(kit.sender.device, kit.sender.identity.claim_secret, "Ada")
