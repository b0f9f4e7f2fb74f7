"""The uplink in real MicroPython over a link that the test breaks: hello, window, receipts, resending, backing off."""

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import upy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trivet.sim import umqtt
from trivet_wire import ids

RIG = Path(__file__).parent / "outbox_rig.py"
TOPIC = "t/0123456789abcdef/u/"


class Rig(upy.MicroPythonServer):
    def __init__(self, image: Path) -> None:
        super().__init__(RIG, str(image), heapsize="300k", paths=[umqtt.package().parent])

    def topics(self) -> list[str]:
        return [topic.removeprefix(TOPIC) for topic, _ in self.ask("seen")["heard"]]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "journal.img")
    yield made
    made.process.kill()


def test_hello_comes_first_then_the_spool_in_order(rig: Rig) -> None:
    rig.ask("queue", ids.FAULT, ids.SAFETY)
    rig.ask("queue", ids.EVIDENCE, ids.SERVICE)
    rig.ask("run", 1000)
    assert rig.topics() == ["hello", "fault", "evidence"]


def test_each_message_is_in_the_ledger_once_a_start_with_the_digest_of_what_was_sent(rig: Rig) -> None:
    rig.ask("queue", ids.FAULT, ids.SERVICE)
    rig.ask("queue", ids.HEARTBEAT, ids.IMPROVE)
    rig.ask("run", 1000)
    sent = [bytes.fromhex(data) for _, data in rig.ask("seen")["heard"]]
    assert rig.ask("noted") == [
        [kind, 1 << purpose, len(data), 1, seq, code, hashlib.sha256(data).hexdigest()[:16]]
        for (kind, purpose, seq, code), data in zip(
            [
                (ids.HELLO, ids.SAFETY, 0, 65535),
                (ids.FAULT, ids.SERVICE, 1, 7107),
                (ids.HEARTBEAT, ids.IMPROVE, 2, 65535),
            ],
            sent,
            strict=True,
        )
    ]
    rig.ask("run", 32_000)
    assert rig.topics() == ["fault", "heartbeat"]  # again, for want of a receipt
    assert len(rig.ask("noted")) == 3


def test_a_ledger_that_breaks_ends_the_connection_and_nothing_more_is_sent(rig: Rig) -> None:
    rig.ask("run", 1000)
    assert rig.topics() == ["hello"]
    rig.ask("break_ledger")
    rig.ask("queue", ids.FAULT, ids.SERVICE)
    rig.ask("run", 120_000, 1000)
    seen = rig.ask("seen")
    assert (seen["heard"], seen["opened"], seen["left"]) == ([], [], 1)
    assert [event["up"] for event in seen["events"] if event["e"] == "link"] == [False]


def test_only_a_receipt_deletes(rig: Rig) -> None:
    for _ in range(3):
        rig.ask("queue", ids.FAULT, ids.SAFETY)
    rig.ask("run", 1000)
    assert rig.ask("seen")["left"] == 3
    rig.ask("receipt", 1, 2, [])
    rig.ask("run", 200)
    assert rig.ask("seen")["left"] == 1


def test_a_refused_message_is_receipted_too_and_counted(rig: Rig) -> None:
    rig.ask("queue", ids.FAULT, ids.SAFETY)
    rig.ask("run", 500)
    rig.ask("receipt", 1, 1, [[1, ids.R_CONSENT]])
    rig.ask("run", 200)
    seen = rig.ask("seen")
    assert (seen["left"], seen["refused"]) == (0, 1)


def test_a_forged_receipt_deletes_nothing_and_breaks_nothing(rig: Rig) -> None:
    rig.ask("queue", ids.FAULT, ids.SAFETY)
    rig.ask("run", 500)
    rig.ask("receipt", 1, 1, [], False)
    rig.ask("run", 200)
    seen = rig.ask("seen")
    assert (seen["left"], seen["forged"], seen["reconnects"]) == (1, 1, 0)


def test_without_a_receipt_everything_is_sent_again_after_a_while(rig: Rig) -> None:
    rig.ask("queue", ids.FAULT, ids.SAFETY)
    rig.ask("run", 1000)
    assert rig.topics() == ["hello", "fault"]
    rig.ask("run", 28_000)
    assert rig.topics() == []
    rig.ask("run", 4_000)
    assert rig.topics() == ["fault"]


def test_a_reconnect_says_hello_and_sends_the_unreceipted_again(rig: Rig) -> None:
    rig.ask("queue", ids.FAULT, ids.SAFETY)
    rig.ask("run", 1000)
    rig.topics()
    rig.ask("set_link", "broken", True)
    rig.ask("run", 100)
    rig.ask("set_link", "broken", False)
    rig.ask("run", 3000)
    assert rig.topics() == ["hello", "fault"]


def test_without_pubacks_the_window_closes_and_the_connection_is_given_up(rig: Rig) -> None:
    rig.ask("set_link", "pubacks", False)
    for _ in range(8):
        rig.ask("queue", ids.FAULT, ids.SAFETY)
    rig.ask("run", 4000)
    assert rig.topics() == ["hello", "fault", "fault", "fault"]
    rig.ask("run", 2000)
    assert rig.ask("seen")["reconnects"] == 1


def test_it_backs_off_from_two_seconds_to_five_minutes_over_all_brokers(rig: Rig) -> None:
    rig.ask("set_link", "refuses", True)
    rig.ask("run", 1_500_000, 1000)
    opened = rig.ask("seen")["opened"]
    times = [at for _, _, at in opened]
    waits = [(b - a) // 1000 for a, b in pairwise(times)]
    assert waits[:8] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert set(waits[8:]) == {300}
    assert [host for host, _, _ in opened[:4]] == ["one", "two", "one", "two"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_garbage_on_the_receipt_topic_never_deletes_nor_disconnects(rig: Rig, data: bytes) -> None:
    rig.ask("run", 500)
    before = rig.ask("seen")
    rig.ask("garbage", data.hex())
    rig.ask("run", 200)
    after = rig.ask("seen")
    assert (after["left"], after["reconnects"]) == (before["left"], before["reconnects"])
