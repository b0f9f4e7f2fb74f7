"""The same judge at a real line: the appliance in MicroPython, real sockets, mutual TLS, and a broker that listens."""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from trivet import boards
from trivet.engine import pki
from trivet.sim.consent import consent_line
from trivet.sim.device import Provision
from trivet.sim.world import World
from trivet_wire import ids
from wiretap.judge import House, Judge
from wiretap.line import Cloud, Line, Stream

DEVICE = "0123456789abcdef"
KEY = bytes(range(32))
QUIET_S = 0.2


class Tap:
    """One broker on a port of its own; what it decrypts goes to the judge whenever `drain` is called."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.ca = pki.new_ca()
        server = pki.new_server(self.ca, ["127.0.0.1"])
        (folder / "ca.pem").write_bytes(pki.certificate_pem(self.ca.certificate))
        (folder / "server.pem").write_bytes(pki.certificate_pem(server.certificate))
        (folder / "server.key").write_bytes(pki.key_pem(server.key))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.load_verify_locations(folder / "ca.pem")
        self._context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._cloud = cloud
        self._heard: queue.Queue[tuple[ssl.SSLSocket, bytes]] = queue.Queue()
        self._streams: dict[ssl.SSLSocket, tuple[Stream, bytearray]] = {}
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            try:
                link = self._context.wrap_socket(plain, server_side=True)
                while data := link.recv(4096):
                    self._heard.put((link, data))
            except OSError:
                continue

    def drain(self) -> None:
        """Judge and answer all that was sent until now."""
        while True:
            try:
                link, data = self._heard.get(timeout=QUIET_S)
            except queue.Empty:
                return
            stream, rest = self._streams.setdefault(link, (Stream(Line(self._cloud, lambda: 1)), bytearray()))
            rest += data
            while packet := _first(rest):
                stream.write(packet, 0, len(packet))
            if stream.inbox:
                link.sendall(bytes(stream.inbox))
                stream.inbox.clear()

    def close(self) -> None:
        self._socket.close()


def _first(data: bytearray) -> bytes:
    """The first whole packet, taken off; or nothing."""
    size, at = 0, 1
    while at < len(data):
        size |= (data[at] & 0x7F) << 7 * (at - 1)
        at += 1
        if not data[at - 1] & 0x80:
            if len(data) < at + size:
                return b""
            packet = bytes(data[: at + size])
            del data[: at + size]
            return packet
    return b""


class Tapped:
    """A world and its tap, in step: nothing is decided while bytes are on their way."""

    def __init__(self, folder: Path, judge: Judge, faults: list[tuple[str, float]]) -> None:
        self.judge = judge
        self.tap = Tap(folder, Cloud(judge))
        key = pki.new_key()
        files = {
            "key_der": pki.key_der(key),
            "cert_der": pki.certificate_der(pki.new_device(self.tap.ca, DEVICE, key.public_key())),
            "ca_der": pki.certificate_der(self.tap.ca.certificate),
        }
        brokers = [("127.0.0.1", self.tap.port)]
        identity = Provision(DEVICE, KEY, "oven", judge.house.epoch, brokers, **files)
        self.world = World("oven", identity=identity, faults=faults)

    def live(self, until_s: float) -> None:
        """Virtual time goes on, then everything that waits is heard."""
        self.world.run_until(until_s)
        self.flow()

    def flow(self, seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.world.idle(0.3, until=lambda: False)
            self.tap.drain()
            if self.world.state.connected and not self.world.state.left:
                return
        raise AssertionError(f"{self.world.state.left} messages still wait")

    def decide(self, purpose: int, granted: bool) -> None:
        self.tap.drain()
        self.world.say(consent_line(ids.PURPOSE_NAMES[purpose], granted))
        self.judge.decided(purpose, granted)


@contextmanager
def tapped(folder: Path, faults: list[tuple[str, float]]) -> Iterator[Tapped]:
    board = boards.load("oven")
    facts = House(DEVICE, KEY, 2, [one.purpose for one in board.codes], [one.purpose for one in board.signals])
    made = Tapped(folder, Judge(facts, reads_ticks=False), faults)
    try:
        yield made
    finally:
        made.world.close()
        made.tap.close()


@pytest.mark.timeout(300)
def test_on_a_real_line_only_what_is_granted_is_heard(tmp_path: Path) -> None:
    with tapped(tmp_path, [("element_top_open", 40), ("fan_seized", 320)]) as house:
        judge = house.judge
        house.live(240)  # a fault under a no
        assert any(event.kind == "fault" for event in house.world.events)
        assert set(judge.kinds) == {ids.HELLO}
        house.decide(ids.SERVICE, True)
        house.live(300)
        assert judge.kinds[ids.FAULT]
        assert not judge.kinds[ids.EVIDENCE], "its frame was captured under a no"
        house.decide(ids.IMPROVE, True)
        house.live(460)
        assert judge.kinds[ids.EVIDENCE], "of the second fault, which came under a yes"
        house.world.restart()
        house.live(470)
        assert judge.kinds[ids.INVENTORY]
        house.decide(ids.SERVICE, False)
        before = +judge.kinds
        house.world.restart()
        house.live(1500)
        later = judge.kinds - before
        assert set(later) <= {ids.HELLO, ids.CONSENT, ids.HEARTBEAT, ids.LEDGER_HEAD}
        assert later[ids.HEARTBEAT], "what is still granted is still told"
        assert judge.findings == {head: [] for head in judge.findings}
        assert judge.captured > 1000
