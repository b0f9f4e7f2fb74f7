"""The whole flash of an oven copied, and put back after it went on: real firmware, engine and cloud. The cloud says so
at the next contact, in its log, its interface and on the page of the appliance."""

import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select
from trivet.boards import load
from trivet.config import Settings
from trivet.consent import security
from trivet.serve import Cloud
from trivet.sim.consent import consent_line
from trivet.sim.device import Device, Provision
from trivet.sim.world import World
from trivet.store.ledger import LedgerHeadRow


def live(device: Device, identity: Provision | None, *lines: str) -> None:
    """One start that reaches the cloud."""
    with World("oven", device, identity=identity) as world:
        for line in lines:
            world.say(line)
        world.run_until(2)
        assert world.idle(60)


async def found(cloud: Cloud, device: str) -> list[str]:
    async with cloud.store.reading() as session:
        return [row.words for row in await security.of(session, device) if row.kind == security.LEDGER]


async def test_an_old_flash_put_back_is_shown_at_the_next_contact(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path / "cloud", http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        identity = await cloud.enrol(load("oven").model, "oven")
        device = Device(tmp_path / "oven")
        await asyncio.to_thread(live, device, Provision.of(identity), consent_line("service", True))
        copy = tmp_path / "copy"
        shutil.copytree(device.folder, copy)
        await asyncio.to_thread(live, device, None, consent_line("service", False))
        await asyncio.to_thread(live, device, None)
        assert await found(cloud, identity.device) == []
        shutil.rmtree(device.folder)
        shutil.copytree(copy, device.folder)
        await asyncio.to_thread(live, Device(device.folder), None)
        (event,) = await found(cloud, identity.device)
        assert event.startswith("An old flash was put back: it says start 2 after start 3")
        assert any("An old flash was put back" in record.message for record in caplog.records)
        async with cloud.store.reading() as session:
            heads = list(await session.scalars(select(LedgerHeadRow)))
        assert any(row.signed for row in heads)
        assert any(row.signed is None for row in heads)


async def test_a_record_that_somebody_altered_is_told_to_the_cloud_by_the_appliance_itself(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "cloud", http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        identity = await cloud.enrol(load("oven").model, "oven")
        device = Device(tmp_path / "oven")
        await asyncio.to_thread(live, device, Provision.of(identity), consent_line("service", True))
        image = device.folder / "ledger.img"
        data = bytearray(image.read_bytes())
        sector = next(at for at in range(0, len(data), 4096) if data[at + 48 : at + 64] != b"\xff" * 16)
        data[sector + 48 + 16 + 4] ^= 1  # the first record's time
        image.write_bytes(data)
        await asyncio.to_thread(live, device, None)
        assert await found(cloud, identity.device) == [
            "The appliance found its own ledger altered: record 1 (missing)."
        ]
