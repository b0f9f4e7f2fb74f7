"""The appliance's MQTT client in real MicroPython, against a real broker over mutual TLS, and against hostile ones."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest
import upy
from broker import Broker
from trivet.engine import pki
from trivet.sim import umqtt

DRIVE = Path(__file__).parent / "mqtt_drive.py"
DEVICE = "0123456789abcdef"
READY = 4


class Client(upy.MicroPythonServer):
    def __init__(self, folder: Path, port: int, device: str = DEVICE) -> None:
        super().__init__(DRIVE, str(folder), str(port), device, heapsize="160k", paths=[umqtt.package().parent])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    yield made
    made.kill()


@contextmanager
def client(broker: Broker, port: int = 0) -> Iterator[Client]:
    made = Client(broker.device(DEVICE), port or broker.port)
    try:
        yield made
    finally:
        made.close()


async def say(broker: Broker, subject: str, data: bytes, times: int = 1) -> None:
    link = await nats.connect(f"nats://127.0.0.1:{broker.nats_port}")
    for _ in range(times):
        await link.publish(subject, data)
    await link.close()


def test_connects_publishes_and_hears_over_mutual_tls(broker: Broker) -> None:
    with client(broker) as one:
        assert one.ask("connect") == "done"
        for n in range(3):
            assert one.ask("publish", "fault", f"message {n}") == "done"
            assert one.ask("settle") == "done"
        asyncio.run(say(broker, f"t.{DEVICE}.d.ack", b"receipt"))
        assert one.ask("hear", 1) == "done"
        assert one.ask("stats")["got"] == [[f"t/{DEVICE}/d/ack", "receipt"]]


def test_the_window_refuses_instead_of_waiting(broker: Broker) -> None:
    with client(broker) as one:
        assert one.ask("connect") == "done"
        answers = [one.ask("publish", "fault", "x") for _ in range(6)]
        assert answers == ["done"] * 4 + ["full"] * 2
        assert one.ask("settle") == "done"
        assert one.ask("publish", "fault", "x") == "done"


def test_packet_ids_wrap_and_never_are_zero(broker: Broker) -> None:
    with client(broker) as one:
        assert one.ask("connect") == "done"
        one.ask("set_pid", 65534)
        for expected in (65535, 1, 2):
            assert one.ask("publish", "fault", "x") == "done"
            assert one.ask("stats")["pid"] == expected
        assert one.ask("settle") == "done"


def test_a_killed_broker_is_an_error_and_its_restart_a_connection(broker: Broker) -> None:
    with client(broker) as one:
        assert one.ask("connect") == "done"
        broker.kill()
        assert one.ask("spend", 3000).startswith("error")
        assert one.ask("connect").startswith("error")
        broker.start()
        assert one.ask("connect") == "done"
        assert one.ask("publish", "fault", "after") == "done"
        assert one.ask("settle") == "done"


def test_keepalive_pings_by_itself(broker: Broker) -> None:
    with client(broker) as one:
        assert one.ask("connect") == "done"
        assert one.ask("spend", 6000) == "done"
        assert one.ask("stats")["pongs"] == 1
        assert one.ask("stats")["state"] == READY


def test_the_last_will_tells_of_a_broken_connection(broker: Broker) -> None:
    async def run() -> str:
        link = await nats.connect(f"nats://127.0.0.1:{broker.nats_port}")
        heard = await link.subscribe(f"t.{DEVICE}.u.gone")
        await link.flush()
        with client(broker) as one:
            assert await asyncio.to_thread(one.ask, "connect") == "done"
            await asyncio.to_thread(one.ask, "leave")
            message = await heard.next_msg(5)
        await link.close()
        return message.subject

    assert asyncio.run(run()) == f"t.{DEVICE}.u.gone"


def test_a_certificate_of_another_authority_is_refused(broker: Broker) -> None:
    other = broker.device("fedcba9876543210", pki.new_ca("Somebody else"))
    one = Client(other, broker.port)
    assert one.ask("connect").startswith("error")
    one.close()


def test_a_message_larger_than_the_buffer_is_skipped_and_counted(broker: Broker) -> None:
    with client(broker) as one:
        assert one.ask("connect") == "done"
        asyncio.run(say(broker, f"t.{DEVICE}.d.ack", b"x" * 50_000))
        asyncio.run(say(broker, f"t.{DEVICE}.d.ack", b"small"))
        assert one.ask("hear", 1) == "done"
        stats = one.ask("stats")
        assert (stats["got"][0][1], stats["oversized"]) == ("small", 1)


class Hostile:
    """A TLS server with the right certificate that answers every connection with the same bytes."""

    def __init__(self, broker: Broker, answer: bytes) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(broker.folder / "server.pem", broker.folder / "server.key")
        self._context = context
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
                with self._context.wrap_socket(plain, server_side=True) as tls:
                    tls.recv(1024)
                    tls.sendall(self._answer)
                    tls.recv(1024)
                    tls.recv(1024)
            except OSError:
                if self._socket.fileno() < 0:
                    return

    def close(self) -> None:
        self._socket.close()


CONNACK = b"\x20\x02\0\0"
SUBACK = b"\x90\x03\0\x01\0"
GARBAGE = {
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "zeros": bytes(300),
    "endless length": b"\x20\xff\xff\xff\xff\xff\xff",
    "refused": b"\x20\x02\0\x05",
    "short CONNACK": b"\x20\x01\0",
    "long CONNACK": b"\x20\x03\0\0\0",
    "SUBACK first": SUBACK,
    "SUBACK refuses": CONNACK + b"\x90\x03\0\x01\x80",
    "short SUBACK": CONNACK + b"\x90\x01\0",
}
LATE_GARBAGE = {
    "topic beyond the packet": b"\x30\x04\xff\xffab",
    "no topic": b"\x30\x01a",
    "QoS 1 without being asked": b"\x32\x07\0\x01a\0\x01bc",
    "QoS 3": b"\x36\x07\0\x01a\0\x01bc",
    "long PUBACK": b"\x40\x03\0\x01\0",
    "PINGRESP with a body": b"\xd0\x01a",
    "a client's packet": b"\x82\x08\0\x01\0\x03a/b\0",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_while_connecting_is_an_error_with_a_number(broker: Broker, name: str) -> None:
    hostile = Hostile(broker, GARBAGE[name])
    with client(broker, hostile.port) as one:
        assert one.ask("connect").startswith("error")
    hostile.close()


@pytest.mark.parametrize("name", LATE_GARBAGE)
def test_garbage_after_connecting_is_an_error_with_a_number(broker: Broker, name: str) -> None:
    hostile = Hostile(broker, CONNACK + SUBACK + LATE_GARBAGE[name])
    with client(broker, hostile.port) as one:
        said = [one.ask("connect"), one.ask("spend", 200)]
        assert any(word.startswith("error") for word in said)
    hostile.close()


def test_a_silent_broker_costs_five_seconds_and_no_poll_waits(broker: Broker) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with client(broker, silent.getsockname()[1]) as one:
        assert one.ask("connect") == "error 1005"
        assert one.ask("stats")["polls"] > 500  # each gave the turn back: waiting would have left a handful
    silent.close()
