"""The boot loader of a simulated appliance, and the firmware that it starts: out of which image, and for how long."""

import shutil
from pathlib import Path

import pytest
from appliance.sim.slots import FileSlots
from appliance.update import otadata
from trivet import boards, paths
from trivet.boards import Board
from trivet.sim import boot, rom
from trivet.sim.device import Device, Provision
from trivet.sim.errors import SimulationError
from trivet.sim.world import World

LAMP = ("levels[self._lamp] = 1 if uses or opened else 0", "levels[self._lamp] = 1")
OVEN = boards.load("oven")


@pytest.fixture(scope="module")
def lit(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A base image whose own bundle keeps the lamp on."""
    folder = tmp_path_factory.mktemp("lit") / "oven"
    shutil.copytree(paths.boards() / "oven", folder, ignore=shutil.ignore_patterns("plots"))
    source = (folder / "drivers.py").read_text()
    assert LAMP[0] in source
    (folder / "drivers.py").write_text(source.replace(*LAMP))
    return rom.build(boards.load(folder)).read_bytes()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    made = Device(tmp_path)
    made.provision(Provision.alone("oven"))
    return made


def chosen(device: Device, second: bytes) -> None:
    """Image 1 is there, and chosen in the way that `second` says."""
    first = otadata.entry(1, otadata.VALID).ljust(otadata.SECTOR, b"\xff")
    (device.folder / "otadata.img").write_bytes(first + second.ljust(otadata.SECTOR, b"\xff"))


def shines(world: World, board: Board = OVEN) -> bool:
    world.step()
    world.step()
    return bool(world.outputs[[one.name for one in board.outputs].index("lamp")])


def states(device: Device) -> list[int]:
    data = (device.folder / "otadata.img").read_bytes()
    return [otadata.state(data[at : at + otadata.ENTRY]) for at in (0, otadata.SECTOR)]


def test_the_firmware_fits_a_slot_with_room_to_grow() -> None:
    size = FileSlots.size
    assert size == max(int(row[4], 0) for row in partitions(OVEN) if row[0] == "romfs")
    assert rom.build(OVEN).stat().st_size < 0.8 * size


def partitions(board: Board) -> list[list[str]]:
    lines = (board.folder / "partitions.csv").read_text().splitlines()
    return [[word.strip() for word in line.split(",")] for line in lines if "," in line and not line.startswith("#")]


def test_an_appliance_that_was_never_updated_runs_what_was_built_and_gets_no_file(device: Device) -> None:
    with World(OVEN, device, settings={"start_s": 1e6}) as world:
        assert not shines(world)
    assert boot.start(device.folder, rom.build(OVEN)) == (0, rom.build(OVEN))
    assert not list(device.folder.glob("ota*"))


def test_a_new_base_runs_once_and_without_a_word_from_it_never_again(device: Device, lit: bytes) -> None:
    (device.folder / "ota_1.img").write_bytes(lit.ljust(64 * otadata.SECTOR, b"\xff"))
    chosen(device, otadata.entry(2, otadata.NEW))
    with World(OVEN, device, settings={"start_s": 1e6}) as world:
        assert shines(world)
        assert states(device) == [otadata.VALID, otadata.PENDING]
        world.restart()
        assert not shines(world)
        assert states(device) == [otadata.VALID, otadata.ABORTED]
        world.restart()
        assert not shines(world)


def test_one_that_is_marked_good_stays(device: Device, lit: bytes) -> None:
    (device.folder / "ota_1.img").write_bytes(lit)
    chosen(device, otadata.entry(2, otadata.VALID))
    with World(OVEN, device, settings={"start_s": 1e6}) as world:
        world.restart()
        assert shines(world)


def test_an_image_that_is_not_whole_is_not_started(device: Device, lit: bytes) -> None:
    (device.folder / "ota_1.img").write_bytes(lit[:-1])
    chosen(device, otadata.entry(2, otadata.NEW))
    assert boot.start(device.folder, rom.build(OVEN))[0] == 0


def test_an_appliance_without_any_image_is_bricked_and_says_so(device: Device, tmp_path: Path) -> None:
    (device.folder / "ota_0.img").write_bytes(b"\xff" * 100)
    with pytest.raises(SimulationError, match="no base image"):
        boot.start(device.folder, tmp_path / "nothing")
