"""`trivet update`: a real release over a real pseudo-terminal into a simulated oven, which judges it as from the
cloud.
"""

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench_kit import VENDOR, port, technician, when_heard
from trivet.cli import app
from trivet.sim.device import Device, Provision
from trivet.sim.port import Port
from trivet.sim.world import Event
from trivet.technician import exits
from trivet_wire import ids
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "end_to_end"))
from update_kit import Maker

FASTER = ("DOOR_MS = 2_000", "DOOR_MS = 3_000")
AT_REST = ",from=5,set=start_s=1000000,speed=5"


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def newer(maker: Maker) -> Path:
    """A feature: the door's pause is longer."""
    return maker.release(maker.board(change=lambda text: text.replace(*FASTER)), "1.1.0").path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return technician(tmp_path / "ada.json")


@pytest.fixture
def oven(maker: Maker, tmp_path: Path) -> Iterator[Port]:
    folder = tmp_path / "oven"
    alone = replace(Provision.alone("oven"), command_key=VENDOR.public)
    Device(folder).provision(maker.provision(alone))
    with port(folder, AT_REST) as made:
        yield made


def update(at: Port, release: Path, file: Path, *more: str, code: int = exits.DONE) -> dict[str, Any]:
    words = ["update", str(release), "--port", str(at.path), "--credential", str(file), "--json", *more]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == code, done.output
    return dict(json.loads(done.stdout.splitlines()[-1]))


def says_yes_when_asked(at: Port) -> None:
    """Its owner, at its panel."""

    def told(event: Event) -> None:
        if event.kind == "update_waits":
            threading.Thread(target=lambda: at.do(lambda world: world.say("update yes"))).start()

    at.world.on_event = told


def test_a_feature_is_brought_and_judged_and_waits_for_its_owner(oven: Port, newer: Path, file: Path) -> None:
    stands = update(oven, newer, file)
    assert stands["state"] == "offered"
    assert "waits for your yes" in stands["text"]


def test_whoever_stays_until_the_owner_says_yes_sees_it_go_on_trial(oven: Port, newer: Path, file: Path) -> None:
    says_yes_when_asked(oven)
    assert update(oven, newer, file, "--wait", "3")["state"] == "on trial"
    assert oven.error is None
    assert not [event for event in oven.world.events if event.kind in ("crash", "reduced", "fault")]


def test_what_a_pulled_cable_lost_is_asked_for_again(oven: Port, newer: Path, file: Path) -> None:
    says_yes_when_asked(oven)
    pulled = threading.Event()
    when_heard(oven, b" block 4", lambda: (oven.interrupt(1.0), pulled.set()))
    assert update(oven, newer, file, "--wait", "3")["state"] == "on trial"
    assert pulled.is_set()


def test_a_strangers_release_is_refused_with_the_appliance_s_reason(
    oven: Port, newer: Path, file: Path, tmp_path: Path
) -> None:
    other = Maker(tmp_path)
    release = other.release(other.board(change=lambda text: text.replace(*FASTER)), "1.1.0").path
    assert update(oven, release, file, code=exits.REFUSED)["refused"] == ids.R_SIGNATURE


def test_without_a_technician_s_file_nothing_is_offered(oven: Port, newer: Path) -> None:
    done = CliRunner().invoke(app, ["update", str(newer), "--port", str(oven.path)])
    assert done.exit_code == exits.NO_GRANT


def test_a_folder_that_is_no_release_is_said_to_be_none(tmp_path: Path, oven: Port, file: Path) -> None:
    done = CliRunner().invoke(app, ["update", str(tmp_path), "--port", str(oven.path), "--credential", str(file)])
    assert done.exit_code == exits.USAGE
    assert "is no release folder" in done.stderr
