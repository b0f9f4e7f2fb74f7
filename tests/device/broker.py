"""A real MQTT broker for the appliance's tests: nats-server with mutual TLS on a free port, certificates made on the
spot."""

import socket
import subprocess
import sys
import time
from pathlib import Path

from trivet.engine import pki
from trivet.engine.ports import HeldPort


class Broker:
    """`start`, `kill`, `start` again: same port, same store. `device(name)` writes a device's DER files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held = HeldPort(), HeldPort()
        self.port, self.nats_port = (held.number for held in self._held)
        self.ca = pki.new_ca()
        server = pki.new_server(self.ca, ["127.0.0.1"])
        (folder / "ca.pem").write_bytes(pki.certificate_pem(self.ca.certificate))
        (folder / "server.pem").write_bytes(pki.certificate_pem(server.certificate))
        (folder / "server.key").write_bytes(pki.key_pem(server.key))
        self.process: subprocess.Popen[bytes] | None = None

    def device(self, name: str, ca: pki.Certified | None = None) -> Path:
        folder = self.folder / f"device-{name}"
        folder.mkdir(exist_ok=True)
        key = pki.new_key()
        certificate = pki.new_device(ca or self.ca, name, key.public_key())
        (folder / "key.der").write_bytes(pki.key_der(key))
        (folder / "cert.der").write_bytes(pki.certificate_der(certificate))
        (folder / "ca.der").write_bytes(pki.certificate_der(self.ca.certificate))
        return folder

    def start(self) -> None:
        config = self.folder / "nats.conf"
        config.write_text(
            f"""server_name: test
listen: 127.0.0.1:{self.nats_port}
jetstream {{ store_dir: "{self.folder}/data" }}
mqtt {{ listen: 127.0.0.1:{self.port}
  tls {{ cert_file: "{self.folder}/server.pem", key_file: "{self.folder}/server.key",
         ca_file: "{self.folder}/ca.pem", verify: true }} }}
"""
        )
        program = Path(sys.executable).parent / "nats-server"
        self.process = subprocess.Popen(
            [str(program), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)  # the broker's own start; nothing of ours is timed by it
        raise AssertionError("nats-server did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
