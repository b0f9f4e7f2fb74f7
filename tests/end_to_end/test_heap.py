"""What every board keeps free of its heap when everything comes together: the firmware itself, TLS, a real cloud."""

from pathlib import Path

import pytest
from trivet import boards
from trivet.bench import updates_heap
from trivet.config import Settings
from trivet.release import installed
from trivet.serve import Cloud
from trivet.sim.strain import INSTALLED_KIB, MARGIN_KIB, SERVED_KIB, served, strain
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


@pytest.mark.parametrize("name", boards.available())
async def test_so_does_one_that_is_smaller_by_the_margin_of_an_installed_bundle(name: str, tmp_path: Path) -> None:
    board = boards.load(name)
    settings = Settings(data_dir=tmp_path, http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        outcome = await strain(cloud, board, HEAP_KIB - INSTALLED_KIB, installed.files(board))
    assert outcome.why == ""


@pytest.mark.parametrize("name", boards.available())
async def test_all_self_tests_from_afar_run_beside_an_installed_bundle_and_are_told_signed(
    name: str, tmp_path: Path
) -> None:
    board = boards.load(name)
    settings = Settings(data_dir=tmp_path, http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        outcome = await served(cloud, board, HEAP_KIB - SERVED_KIB, installed.files(board))
    assert outcome.why == ""


async def test_a_heap_that_is_too_small_is_told_apart(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        assert (await strain(cloud, boards.load("oven"), 112)).why


@pytest.mark.parametrize("name", boards.available())
async def test_a_whole_update_ends_confirmed_in_the_heap_that_an_appliance_has(name: str, tmp_path: Path) -> None:
    """Through TLS, from the offer to the end of its trial; no report comes unsigned."""
    course = await updates_heap.updated(name, tmp_path)
    assert course.ended == ""
    assert all(course.signed)
    assert 0 < course.peak < HEAP_KIB * 1024
    alone = [event for event in course.events if event.kind == "alone"]
    assert len(alone) >= 2  # what makes the image, and the commit, had starts of their own


@pytest.mark.parametrize("name", ["oven", "dishwasher"])
async def test_two_updates_in_a_row_find_all_the_heap_they_need(name: str, tmp_path: Path) -> None:
    """Whole, then by delta on top of the installed bundle; nothing fails for want of heap, nothing comes unsigned, and
    the appliance finds no fault of its own."""
    course = await updates_heap.updated(name, tmp_path, 2)
    assert course.why == ""
    assert [dict(event.data) for event in course.events if event.kind == "fault"] == []
