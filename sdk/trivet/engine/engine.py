"""Server and door together: what `cloud.engine` is. Takes settings and secrets, gives `start`, `stop`, `kill`."""

from __future__ import annotations

from pathlib import Path

from trivet.config import LOOPBACK, Settings
from trivet.engine.callout import Allowed, Callout
from trivet.engine.ports import HeldPort
from trivet.engine.server import EngineConfig, Server
from trivet.vault import Vault


class Engine:
    """Ports are fixed when this is made, so that a restart is found where the first start was."""

    def __init__(self, settings: Settings, vault: Vault, allowed: Allowed) -> None:
        self._held: list[HeldPort] = []
        self.mqtt_port = settings.mqtt_port or self._hold()
        certificate, key = vault.server_files(list(dict.fromkeys([settings.reach, _name(settings)])))
        self.config = EngineConfig(
            directory=settings.engine_dir,
            host=settings.host or LOOPBACK,
            mqtt_port=self.mqtt_port,
            nats_port=settings.nats_port or self._hold(),
            nats_host=settings.nats_host,
            issuer=vault.issuer.public,
            auth_password=vault.auth_password,
            sdk_password=vault.sdk_password,
            sys_password=vault.sys_password,
            cert_file=certificate,
            key_file=key,
            ca_file=vault.ca_file,
        )
        self.server = Server(self.config)
        self.callout = Callout(self.config.url, vault.auth_password, vault.sys_password, vault.issuer, allowed, self.ca)

    @property
    def url(self) -> str:
        return self.config.url

    @property
    def ca(self) -> Path | None:
        """What vouches for the engine's own port; None on loopback, where it speaks no TLS."""
        return self.config.ca_file if self.config.outside else None

    async def start(self) -> None:
        """Server, then door. At the very first start the message stream must be made in between: see `Cloud`."""
        await self.server.start()
        await self.open_door()

    async def open_door(self) -> None:
        """From now on appliances are let in."""
        await self.callout.start()

    async def kill(self) -> None:
        """SIGKILL to the server; the door's connections come back by themselves after `start`."""
        await self.server.kill()

    async def stop(self) -> None:
        await self.callout.stop()
        await self.server.stop()
        for port in self._held:
            port.free()

    def _hold(self) -> int:
        self._held.append(HeldPort())
        return self._held[-1].number


def _name(settings: Settings) -> str:
    """The name that the engine's own port needs in its certificate; every certificate has loopback's."""
    return LOOPBACK if settings.nats_host in {"0.0.0.0", "::"} else settings.nats_host
