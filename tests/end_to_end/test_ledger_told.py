"""The ledger as people meet it: on the appliance's line, with `trivet ledger`, and when it cannot be written."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import func, select
from trivet.boards import load
from trivet.cli import app
from trivet.commands.ledger import read
from trivet.config import Settings
from trivet.serve import Cloud
from trivet.sim.consent import consent_line
from trivet.sim.device import Device, Provision
from trivet.sim.world import World
from trivet.store.tables import DeviceRow, MessageRow
from typer.testing import CliRunner

SERVICE = consent_line("service", True)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Device, list[dict]]:
    """An oven whose element broke, whose owner agreed, that reached its cloud; and what its line read out."""
    folder = tmp_path_factory.mktemp("ledger")

    def live(identity: Provision) -> tuple[Device, list[dict]]:
        device = Device(folder / "oven")
        with World("oven", device, identity=identity, faults=[("element_top_open", 60)]) as world:
            world.say(SERVICE)
            world.run_until(200)
            assert world.idle(60)
            world.say("clear")
            world.say("ledger")
            world.say("ledger verify")
            return device, [event.data for event in world.events if event.kind in ("record", "verdict")]

    async def run() -> tuple[Device, list[dict]]:
        settings = Settings(data_dir=folder / "cloud", http_port=0, mqtt_port=0, nats_port=0)
        async with Cloud(settings, http=False) as cloud:
            identity = await cloud.enrol(load("oven").model, "oven")
            return await asyncio.to_thread(live, Provision.of(identity))

    return asyncio.run(run())


def test_the_appliances_own_line_says_what_left_and_why(lived: tuple[Device, list[dict]]) -> None:
    said = [one["text"] for one in lived[1][:-1]]
    assert said[0].startswith("started (power on)") or "begins" in said[0]
    assert "you said yes to service, at the appliance" in said
    assert any(text.startswith("sent fault H") and text.endswith("because you allowed service") for text in said)
    assert any(text.startswith("sent greeting") and text.endswith("because the law asks for it") for text in said)
    assert said[-1] == "faults were cleared, over its service port"
    assert lived[1][-1] == {
        "record": 0,
        "why": 0,
        "text": f"all {lived[1][-2]['n']} records are as they were written",
    }


def test_trivet_ledger_reads_the_folder_in_both_languages_and_changes_nothing(lived: tuple[Device, list[dict]]) -> None:
    device = lived[0]
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in device.folder.glob("*.img")}
    shown = CliRunner().invoke(app, ["ledger", "show", "--device", str(device.folder)])
    assert shown.exit_code == 0
    assert "you said yes to service, at the appliance" in shown.output
    german = CliRunner().invoke(app, ["ledger", "show", "--device", str(device.folder), "--language", "de"])
    assert "Sie sagten ja zu Service, am Gerät" in german.output
    verified = CliRunner().invoke(app, ["ledger", "verify", "--device", str(device.folder), "--json"])
    assert verified.exit_code == 0
    assert json.loads(verified.output.splitlines()[-1])["first"] == 0
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in device.folder.glob("*.img")} == before


def test_a_changed_bit_is_named(lived: tuple[Device, list[dict]], tmp_path: Path) -> None:
    device = lived[0]
    for image in device.folder.glob("*.img"):
        (tmp_path / image.name).write_bytes(image.read_bytes())
    data = bytearray((tmp_path / "ledger.img").read_bytes())
    data[48 + 16 + 4] ^= 1  # the first record's time
    (tmp_path / "ledger.img").write_bytes(data)
    verified = CliRunner().invoke(app, ["ledger", "verify", "--device", str(tmp_path), "--language", "de"])
    assert verified.exit_code == 1
    assert verified.output == "Eintrag 1 fehlt oder ist unlesbar.\n"


@pytest.mark.parametrize("missing", ["fs.img", "ledger.img"])
def test_a_folder_without_a_ledger_says_what_to_give(
    lived: tuple[Device, list[dict]], tmp_path: Path, missing: str
) -> None:
    for image in lived[0].folder.glob("*.img"):
        if image.name != missing:
            (tmp_path / image.name).write_bytes(image.read_bytes())
    shown = CliRunner().invoke(app, ["ledger", "show", "--device", str(tmp_path)])
    assert shown.exit_code == 2
    assert f"has no {missing}" in shown.output + (shown.stderr if shown.stderr_bytes else "")


async def test_without_a_ledger_nothing_leaves_the_house_and_the_oven_works_on(tmp_path: Path) -> None:
    def live(identity: Provision) -> World:
        device = Device(tmp_path / "oven")
        (device.folder / "ledger.img").mkdir()  # a partition that does not answer
        with World("oven", device, identity=identity) as world:
            world.say(SERVICE)
            world.run_until(30)
            assert not world.idle(3)
            return world

    settings = Settings(data_dir=tmp_path / "cloud", http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        identity = await cloud.enrol(load("oven").model, "oven")
        world = await asyncio.to_thread(live, Provision.of(identity))
        async with cloud.store.reading() as session:
            row = await session.get_one(DeviceRow, identity.device)
            assert (row.connected, row.last_seen_at) == (False, None)
            assert await session.scalar(select(func.count()).select_from(MessageRow)) == 0
    assert [event.data for event in world.events if event.kind == "ledger"] == [{"dead": True}]
    assert not world.state.connected
    assert world.state.ticks == 60
    shown = [event.data["text"] for event in world.events if event.kind == "display"]
    assert shown[-1].endswith("No records can be kept.\nNothing is sent.")


def test_the_words_are_those_of_the_records(lived: tuple[Device, list[dict]]) -> None:
    found = read(lived[0].folder)
    assert [one["record"] for one in found["records"]] == list(range(1, found["newest"] + 1))
    assert found["verdict"] == f"all {found['newest']} records are as they were written"
