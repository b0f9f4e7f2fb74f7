"""The chip's link opens TLS: the fake chip's socket connects to a server of the vendor, which asks for the appliance's
certificate, as the broker does."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from trivet.engine import pki

DEVICE = "0123456789abcdef"


class Server:
    """Answers `ping` with `pong`, once a connection; `seen` is whom it let in, by name, and what it heard of others."""

    def __init__(self, folder: Path, ca: pki.Certified, trusted: pki.Certified) -> None:
        made = pki.new_server(ca, ["127.0.0.1", "localhost"])
        for name, data in (
            ("key", pki.key_pem(made.key)),
            ("cert", pki.certificate_pem(made.certificate)),
            ("ca", pki.certificate_pem(trusted.certificate)),
        ):
            (folder / f"{name}.pem").write_bytes(data)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._context.load_verify_locations(folder / "ca.pem")
        self._context.verify_mode = ssl.CERT_REQUIRED
        self.seen: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            tcp, _ = self._socket.accept()
        except OSError:  # nobody came
            return
        tcp.settimeout(10)
        try:
            with self._context.wrap_socket(tcp, server_side=True) as stream:
                names = dict(row[0] for row in stream.getpeercert()["subject"])
                assert stream.recv(4) == b"ping"
                stream.sendall(b"pong")
                self.seen.append(names["commonName"])
        except OSError as error:
            self.seen.append(type(error).__name__)

    def close(self) -> None:
        """Nobody else is let in; `seen` is whole."""
        if self._socket.fileno() < 0:
            return
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(15)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(ca: pki.Certified, trusted: pki.Certified) -> Server:
        folder = tmp_path / "server"
        folder.mkdir()
        made.append(Server(folder, ca, trusted))
        return made[-1]

    yield start
    for one in made:
        one.close()


def provisioned(chip: Callable[..., Any], ca: pki.Certified) -> Any:
    key = pki.new_key()
    board = chip()
    board.files(
        {
            "key.der": pki.key_der(key),
            "cert.der": pki.certificate_der(pki.new_device(ca, DEVICE, key.public_key())),
            "ca.der": pki.certificate_der(ca.certificate),
        }
    )
    return board


def lived(board: Any, case: str, port: int) -> None:
    assert board.run("parts.py", "cases_link", case, "127.0.0.1", str(port)).stdout.endswith(b"passed\n")


def test_the_chip_and_its_vendor_s_server_know_each_other(
    chip: Callable[..., Any], house: Callable[..., Server]
) -> None:
    ca = pki.new_ca()
    server = house(ca, ca)
    lived(provisioned(chip, ca), "what_is_said_goes_through_tls_and_is_answered", server.port)
    server.close()
    assert server.seen == [DEVICE]


def test_a_server_with_another_vendor_s_certificate_hears_nothing(
    chip: Callable[..., Any], house: Callable[..., Server]
) -> None:
    ca = pki.new_ca()
    server = house(pki.new_ca("Somebody else"), ca)
    lived(provisioned(chip, ca), "a_server_of_another_house_is_not_believed", server.port)
    server.close()
    assert server.seen == ["SSLError"]


def test_without_wi_fi_nobody_is_asked(chip: Callable[..., Any], house: Callable[..., Server]) -> None:
    ca = pki.new_ca()
    server = house(ca, ca)
    lived(provisioned(chip, ca), "without_wifi_nothing_is_looked_up", server.port)
    server.close()
    assert server.seen == []


def test_a_socket_takes_what_the_stubs_say(chip: Callable[..., Any]) -> None:
    lived(chip(), "what_the_stubs_do_not_know_of_a_socket_fails", 0)
