"""Settings of one cloud: where its data lies and where it listens. Takes values, gives paths and addresses;
never reads the environment and never opens anything."""

from __future__ import annotations

from pathlib import Path

import msgspec

from trivet.keys.places import Places

LOOPBACK = "127.0.0.1"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`data_dir` holds every key, certificate, database and stream of this cloud. Port 0 means: any free one.

    `host` says where appliances (MQTT) and people (HTTP) are served, `nats_host` where ingest workers of other machines
    reach the engine: over TLS then, with the certificate of this cloud. `workers` 0: all of them run elsewhere.
    `database_url` replaces the SQLite file, e.g. `postgresql+asyncpg://…`. `mqtt_host` is the name or address that
    is written into new appliances and into the server certificate besides loopback. `keys` says where the vendor's
    keys are. `public_url` is where people and programs reach pages and API: it stands in every link that goes out.
    `networks` (CIDR) are the private ones that webhooks and ticket systems may be reached in.
    """

    data_dir: Path
    host: str = LOOPBACK
    http_port: int = 8080
    mqtt_port: int = 8883
    nats_port: int = 4222
    nats_host: str = LOOPBACK
    database_url: str | None = None
    mqtt_host: str | None = None
    workers: int = 1
    keys: Places = Places()
    public_url: str | None = None
    networks: tuple[str, ...] = ()

    @property
    def secrets_dir(self) -> Path:
        return self.data_dir / "secrets"

    @property
    def engine_dir(self) -> Path:
        return self.data_dir / "engine"

    @property
    def updates_dir(self) -> Path:
        return updates_dir(self.data_dir)

    @property
    def url(self) -> str:
        """Address of the database as SQLAlchemy reads it."""
        if self.database_url is not None:
            return self.database_url
        return f"sqlite+aiosqlite:///{(self.data_dir / 'trivet.sqlite').absolute()}"

    @property
    def reach(self) -> str:
        """The name or address that new appliances are told to connect to."""
        if self.mqtt_host is not None:
            return self.mqtt_host
        return LOOPBACK if self.host in {"0.0.0.0", "::"} else self.host


def updates_dir(data_dir: Path) -> Path:
    """Where a cloud keeps payloads of updates and the root of release keys."""
    return data_dir / "updates"
