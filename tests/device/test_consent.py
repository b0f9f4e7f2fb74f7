"""The consent gate in real MicroPython, on a journal file that outlives the interpreter."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import upy
from trivet.sim import umqtt
from trivet_wire import ids

RIG = Path(__file__).parent / "outbox_rig.py"
SAFETY, SERVICE, IMPROVE = ids.SAFETY, ids.SERVICE, ids.IMPROVE


class Rig(upy.MicroPythonServer):
    def __init__(self, image: Path) -> None:
        super().__init__(RIG, str(image), heapsize="300k", paths=[umqtt.package().parent])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return tmp_path / "journal.img"


@pytest.fixture
def rig(image: Path) -> Iterator[Rig]:
    made = Rig(image)
    yield made
    made.process.kill()


def test_a_new_appliance_allows_safety_alone(rig: Rig) -> None:
    state = rig.ask("state")
    assert (state["mask"], state["seq"], state["untold"]) == (1 << SAFETY, 0, False)


def test_every_decision_has_a_higher_number_and_is_yet_to_be_told(rig: Rig) -> None:
    assert rig.ask("decide", SERVICE, True, 1, "de", 0xDEADBEEF)
    state = rig.ask("state")
    assert (state["mask"], state["seq"], state["untold"]) == (1 << SAFETY | 1 << SERVICE, 1, True)
    assert (state["hash"], state["language"], state["channel"]) == (0xDEADBEEF, "de", 1)
    rig.ask("told")
    assert rig.ask("decide", SERVICE, False)
    state = rig.ask("state")
    assert (state["mask"], state["seq"], state["untold"]) == (1 << SAFETY, 2, True)


def test_safety_is_a_duty_and_unknown_purposes_are_nothing_to_decide(rig: Rig) -> None:
    for purpose in (SAFETY, -1, len(ids.PURPOSE_NAMES), 99):
        assert not rig.ask("decide", purpose, False)
    assert not rig.ask("decide", SERVICE, True, 0, "english")
    assert rig.ask("state")["seq"] == 0


def test_withdrawing_empties_the_queue_of_that_purpose_alone(rig: Rig) -> None:
    rig.ask("decide", SERVICE, True)
    rig.ask("decide", IMPROVE, True)
    for kind, purpose in ((ids.FAULT, SERVICE), (ids.HEARTBEAT, IMPROVE), (ids.EVIDENCE, SERVICE), (ids.FAULT, SAFETY)):
        assert rig.ask("queue", kind, purpose)
    rig.ask("decide", SERVICE, False)
    assert rig.ask("state")["count"] == 2


def test_decisions_survive_a_kill(rig: Rig, image: Path) -> None:
    rig.ask("decide", SERVICE, True, 2, "de", 77)
    before = rig.ask("state")
    rig.kill()
    again = Rig(image)
    after = again.ask("state")
    assert after == {**before, "boot": before["boot"] + 1}
    again.kill()


def test_a_withdrawal_holds_after_a_kill_and_its_queue_stays_empty(rig: Rig, image: Path) -> None:
    rig.ask("decide", SERVICE, True)
    rig.ask("queue", ids.FAULT, SERVICE)
    rig.ask("decide", SERVICE, False)
    rig.kill()
    again = Rig(image)
    state = again.ask("state")
    assert (state["mask"], state["count"]) == (1 << SAFETY, 0)
    again.kill()


def test_a_factory_reset_withdraws_everything_but_safety(rig: Rig) -> None:
    for purpose in range(1, len(ids.PURPOSE_NAMES)):
        rig.ask("decide", purpose, True)
        rig.ask("queue", ids.FEEDBACK, purpose)
    rig.ask("withdraw_all")
    state = rig.ask("state")
    assert (state["mask"], state["count"], state["channel"]) == (1 << SAFETY, 0, 3)
