"""The client at a real pseudo-terminal: before a simulated appliance, and before things that are none."""

import json
import os
import pty
import threading
import tty
from collections.abc import Callable, Iterator

import pytest
from bench_kit import when_heard
from trivet.sim.port import Port
from trivet.sim.spec import parse
from trivet.technician import exits, ports
from trivet.technician.asking import who
from trivet.technician.client import Client
from trivet.technician.errors import GarbledError, GrantError, NoBoardError, PulledError, RefusedError, SilentError
from trivet.technician.protocol import LONGEST_ROW, Lines
from trivet_wire import ids


@pytest.fixture(scope="module")
def oven() -> Iterator[Port]:
    with Port(parse("sim:oven,fault=element_top_open@120,from=400")) as port:
        yield port


@pytest.fixture
def client(oven: Port) -> Iterator[Client]:
    with Client(str(oven.path)) as made:
        yield made


class Other:
    """Something that is no appliance at the other end: `answer(bytes) -> bytes`."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self._slave, self.path = slave, os.ttyname(slave)
        self._answer = answer
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                said = self._answer(os.read(self._master, 4096))
                os.write(self._master, said)
            except OSError:
                return

    def __enter__(self) -> "Other":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._slave)  # nobody has it open now: what reads at the other end ends
        self._thread.join()
        os.close(self._master)


def test_an_answer_is_typed(client: Client) -> None:
    said = who(client)
    assert (said.model, said.locked, said.language) == ("TO-60", True, "en")
    assert len(said.device or "") == 16


def test_a_word_that_is_not_known_is_refused_with_the_appliance_s_own_number_and_words(client: Client) -> None:
    with pytest.raises(RefusedError) as refused:
        client.ask("nonsense")
    assert refused.value.reason == ids.R_COMMAND
    assert "unknown word" in str(refused.value)


def test_a_half_typed_line_before_it_is_passed_over(oven: Port) -> None:
    with Client(str(oven.path)) as first:
        first._write(b"who is ther")
    with Client(str(oven.path)) as second:
        assert second.ask("stop")[-1] == {"done": 1}


def test_without_a_credential_a_technician_s_word_says_what_it_needs(client: Client) -> None:
    with pytest.raises(GrantError, match="--credential"):
        list(client.allowed("clear", "all"))


class Nobodys:
    """A credential that whoever asks believes."""

    encoded, revoked = b"credential", None

    def answer(self, nonce: bytes, device: str) -> bytes:
        return nonce


class Short:
    """An appliance that has no memory to judge a credential the first `times`; `wait_s`: then, too many failures."""

    def __init__(self, times: int, wait_s: int = 0) -> None:
        self.times, self.wait_s, self.judged = times, wait_s, 0

    def __call__(self, line: bytes) -> bytes:
        head, *words = line.decode().split("@")[-1].split() or [""]
        row: dict[str, object] = {"done": 1}
        if words == ["who"]:
            row |= {"device": "00112233445566ff"}
        elif words == ["grant"]:
            waits = self.judged and self.wait_s
            row |= {"nonce": None if waits else "00" * 16, "wait_s": waits, "revoked": 0}
        elif words[:1] == ["grant"]:
            self.judged += 1
            if self.judged <= self.times:
                row = {"refused": ids.R_BUSY, "text": "not now"}
        return json.dumps({"@": head, **row}, separators=(",", ":")).encode() + b"\n" if words else b""


def test_an_appliance_that_has_no_memory_just_now_is_answered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trivet.technician.client._BUSY_S", 0)
    short = Short(2)
    with Other(short) as other, Client(other.path, credential=Nobodys()) as client:
        client.grant()
        assert short.judged == 3


def test_a_delay_is_named_and_not_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trivet.technician.client._BUSY_S", 0)
    short = Short(9, wait_s=40)
    with Other(short) as other, Client(other.path, credential=Nobodys()) as client:
        with pytest.raises(GrantError, match="listens again in 40 s"):
            client.grant()
        assert short.judged == 1


def test_a_pulled_cable_is_noticed_and_the_same_client_goes_on_when_it_is_back() -> None:
    with Port(parse("sim:oven")) as port, Client(str(port.path)) as client:
        device = who(client).device
        port.pull()
        with pytest.raises(PulledError):
            client.ask("who")
        client.told = lambda what: port.plug() if what == "pulled" else None
        client.reconnect(within_s=10)
        said = who(client)
        assert (said.device, said.boot) == (device, 1)


def test_a_cable_pulled_in_mid_command_leaves_the_appliance_as_it_was() -> None:
    with Port(parse("sim:oven")) as port:
        client = Client(str(port.path))
        heard = threading.Event()
        when_heard(port, b"led", heard.set)
        client._write(b"@1 led")
        assert heard.wait(30)
        port.pull()
        with pytest.raises(PulledError):
            client.reconnect(within_s=0.2)
        port.plug()
        with Client(str(port.path)) as again:
            assert who(again).boot == 1
        assert port.error is None


def test_a_port_that_says_nothing_ends_in_words_that_name_the_baud_rate() -> None:
    with (
        Other(lambda _: b"") as silent,
        Client(silent.path, answer_s=0.3) as client,
        pytest.raises(SilentError, match="115200"),
    ):
        client.ask("who")


@pytest.mark.parametrize(
    "said", [b'{"@":"1",oh}\n', b'{"@":"1","done":\n', b'{"@":"1"}x\n', b'{"@":"1","model":3,"done":1}\n']
)
def test_what_begins_as_an_answer_and_is_none_is_no_answer(said: bytes) -> None:
    def answer(line: bytes) -> bytes:
        at = line.find(b"@")
        return said.replace(b'"1"', b'"' + line[at + 1 :].split()[0] + b'"') if at >= 0 else b""

    with Other(answer) as other, Client(other.path) as client, pytest.raises(GarbledError):
        who(client)


def test_noise_without_lines_does_not_grow_without_bound() -> None:
    lines = Lines()
    lines.request("who")
    for _ in range(LONGEST_ROW // 1000):
        assert list(lines.receive(b"\xff" * 1000)) == []
    with pytest.raises(GarbledError, match="115200"):
        list(lines.receive(b"\xff" * 1000))
    assert list(lines.receive(b'\n{"@":"1","done":1}\n')) == [{"done": 1}]


def test_prompts_echo_and_answers_to_others_are_passed_over() -> None:
    lines = Lines()
    lines.request("who")
    said = b'> who\r\n> {"@":"0","done":1}\n\xff\xfe\n{"@":"10","done":1}\n> {"@":"1","a":1}\n{"@":"1",'
    assert list(lines.receive(said)) == [{"a": 1}]
    assert list(lines.receive(b'"done":1}\n')) == [{"done": 1}]


@pytest.mark.parametrize("words", [(), ("who\n@2 clear all",), ("x" * 200,), ("block", "0", "A" * 640), ("\x03",)])
def test_what_is_no_line_is_never_sent(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="line"):
        Lines().request(*words)


def test_ids_stay_within_eight_letters_and_digits() -> None:
    lines = Lines()
    for _ in range(2000):
        said = lines.request("stop").split(b" ")[0]
        assert said[1:].isalnum()
        assert len(said) <= 9


class Plugged:
    def __init__(self, device: str, vid: int | None) -> None:
        self.device, self.vid, self.description = device, vid, f"USB bridge at {device}"


def test_the_only_board_that_is_plugged_in_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [Plugged("/dev/ttyS0", None), Plugged("/dev/ttyUSB0", 0x10C4)]
    monkeypatch.setattr(ports.list_ports, "comports", lambda: there)
    assert ports.found() == "/dev/ttyUSB0"
    there.append(Plugged("/dev/ttyACM1", 0x303A))
    with pytest.raises(NoBoardError, match=r"(?s)2 boards found.*--port /dev/ttyUSB0 .*--port /dev/ttyACM1 "):
        ports.found()
    del there[1:]
    with pytest.raises(NoBoardError, match="--port sim:oven") as none:
        ports.found()
    assert none.value.exit == exits.NO_BOARD


def test_a_port_that_is_not_there_is_said_to_be_so() -> None:
    with pytest.raises(NoBoardError, match="/dev/ttyNONE cannot be opened"):
        Client("/dev/ttyNONE")
