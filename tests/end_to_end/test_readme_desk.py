"""What the README says to people at the desk is true: each of its requests, in its order, as somebody types it, at a
cloud that runs and about the case of an oven whose upper element is broken."""

import asyncio
import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from trivet import boards
from trivet.config import Settings
from trivet.serve import Cloud
from trivet.sim.device import Device, Provision
from trivet.sim.world import World

README = Path(__file__).parents[2] / "README.md"
AT = "http://127.0.0.1:8080"
FAULT = "element_top_open"
AFTER_S, PATIENCE_S = 300.0, 30.0


def typed(section: str) -> list[str]:
    """The requests of a section, long lines joined."""
    text = README.read_text("utf-8").partition(f" {section}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("curl -u admin ")]


async def answer(cloud: Cloud, line: str) -> Any:
    """What comes back, and that it is no refusal."""
    login = cloud.first_login
    assert login is not None
    words = shlex.split(line.replace(AT, cloud.url), comments=True)
    assert words[:3] == ["curl", "-u", login.user]
    words[2] = f"{login.user}:{login.password}"
    process = await asyncio.create_subprocess_exec(*words, "-sS", "--fail-with-body", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, f"{line}\n{output.decode()}"
    return json.loads(output)


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    """Case 1 is open, with evidence."""
    async with Cloud(Settings(data_dir=tmp_path, http_port=0, mqtt_port=0, nats_port=0)) as made:
        board = boards.load("oven")
        identity = await made.enrol(board.model, board.folder)
        device = Device()
        device.provision(Provision.of(identity))
        at_s = boards.plant(board).FAULTS[FAULT].at_s
        world = await asyncio.to_thread(lambda: World(board, device, faults=[(FAULT, at_s)]))
        try:
            world.say("consent service yes")
            await asyncio.to_thread(world.run_until, at_s + AFTER_S)
            assert await asyncio.to_thread(world.idle, PATIENCE_S)
        finally:
            await asyncio.to_thread(world.close)
        yield made


@pytest.mark.slow
async def test_what_the_desk_types(cloud: Cloud) -> None:
    assign, propose, outcome, rates = typed("You are at the desk")
    area, offer = typed("Whom you send into a house")
    assert (await answer(cloud, assign))["owner"] == "admin"
    [proposal] = (await answer(cloud, propose))["proposals"]
    assert (proposal["step"], proposal["part"]) == ("visit", "EL-1600")
    assert (await answer(cloud, area))["name"] == "berlin"
    with pytest.raises(AssertionError, match="no visit to case 1 is approved"):
        await answer(cloud, offer)
    await answer(
        cloud, f'curl -u admin -X POST {AT}/api/cases/1/proposals/1/approve --json \'{{"why": "it is sure"}}\''
    )
    assert len((await answer(cloud, offer))["proposed"]) == 3
    assert (await answer(cloud, outcome))["outcomes"][0]["part"] == "EL-1600"
    assert (await answer(cloud, rates))["outcomes"] == 1
