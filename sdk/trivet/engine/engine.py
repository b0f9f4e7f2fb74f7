"""Server and door together: what `cloud.engine` is. Takes settings and secrets, gives `start`, `stop`, `kill`."""

from __future__ import annotations

from trivet.config import LOOPBACK, Settings
from trivet.engine.callout import Allowed, Callout
from trivet.engine.server import EngineConfig, Server, free_port
from trivet.vault import Vault


class Engine:
    """Ports are fixed when this is made, so that a restart is found where the first start was."""

    def __init__(self, settings: Settings, vault: Vault, allowed: Allowed) -> None:
        self.mqtt_port = settings.mqtt_port or free_port()
        certificate, key = vault.server_files([settings.reach])
        self.config = EngineConfig(
            directory=settings.engine_dir,
            host=settings.host or LOOPBACK,
            mqtt_port=self.mqtt_port,
            nats_port=settings.nats_port or free_port(),
            issuer=vault.issuer.public,
            auth_password=vault.auth_password,
            sdk_password=vault.sdk_password,
            sys_password=vault.sys_password,
            cert_file=certificate,
            key_file=key,
            ca_file=vault.ca_file,
        )
        self.server = Server(self.config)
        self.callout = Callout(self.config.url, vault.auth_password, vault.sys_password, vault.issuer, allowed)

    @property
    def url(self) -> str:
        return self.config.url

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
