"""What every board keeps free of its heap when everything comes together: the firmware itself, TLS, a real cloud."""

from pathlib import Path

import pytest
from trivet import boards
from trivet.config import Settings
from trivet.serve import Cloud
from trivet.sim.strain import MARGIN_KIB, strain
from trivet.sim.world import HEAP_KIB


@pytest.mark.parametrize("name", boards.available())
async def test_a_heap_smaller_by_the_margin_carries_tls_signed_evidence_and_a_signed_command(
    name: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        outcome = await strain(cloud, boards.load(name), HEAP_KIB - MARGIN_KIB)
    assert outcome.why == ""
    assert 0 < outcome.peak < (HEAP_KIB - MARGIN_KIB) * 1024


async def test_a_heap_that_is_too_small_is_told_apart(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        assert (await strain(cloud, boards.load("oven"), 112)).why
