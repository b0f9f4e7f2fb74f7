"""An installed bundle on the firmware of every board: compiled apart from it, it does what the built-in one does."""

from pathlib import Path

import pytest
from slots_kit import installed
from trivet import boards
from trivet.release.drivers import _compiled
from trivet.sim.device import Device
from trivet.sim.world import World

UNTIL_S = 400.0


def lived(name: str, device: "Device | None") -> "tuple[list[tuple[int, ...]], list[str]]":
    """What the appliance drove at each tick, and what it said of itself."""
    outputs = []
    with World(boards.load(name), device, seed=4) as world:
        while world.now_s < UNTIL_S:
            world.step()
            outputs.append(world.outputs)
        return outputs, [event.data["trace"] for event in world.events if event.kind == "crash"]


@pytest.mark.parametrize("name", boards.available())
def test_drivers_of_a_bundle_run_as_those_of_the_firmware_do(name: str) -> None:
    built_in, _ = lived(name, None)
    ours, crashes = lived(name, installed(boards.load(name)))
    assert crashes == []
    assert len(set(ours)) > 1
    assert ours == built_in


def test_what_is_installed_is_what_runs(tmp_path: Path) -> None:
    board = boards.load("oven")
    source = (board.folder / "drivers.py").read_text()
    other = tmp_path / "drivers.py"
    other.write_text(source.replace("levels[self._lamp] = 1 if uses or opened else 0", "levels[self._lamp] = 1"))
    lamp = board.outputs.index(next(one for one in board.outputs if one.name == "lamp"))
    ours, crashes = lived("oven", installed(board, drivers=_compiled(other)))
    assert crashes == []
    assert {row[lamp] for row in ours} == {1}


def test_a_bundle_without_an_index_is_none(tmp_path: Path) -> None:
    device = installed(boards.load("oven"), drivers=b"no program")
    device.put({"slots": b"torn"})
    assert lived("oven", device)[1] == []
