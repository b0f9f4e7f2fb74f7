"""Who may connect: answers the engine's auth callout. Takes a question whether a device is enrolled and not revoked,
gives a user token that allows this device its own topics and nothing else; never reads a message.

The MQTT client id must be the common name of the verified certificate: else one appliance could throw another off.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nats
from cryptography import x509
from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from trivet.engine.nkeys import JwtError, SigningKey, read_claims
from trivet.engine.pki import common_name

log = logging.getLogger("trivet.engine")

SUBJECT = "$SYS.REQ.USER.AUTH"
QUEUE = "trivet"
DEVICE_ID = re.compile(r"[0-9a-f]{16}")
Allowed = Callable[[str], Awaitable[bool]]


class RefusedError(Exception):
    """The connection is refused; the text goes to the engine's log."""


class Callout:
    """Runs until `stop`; several may run, the engine asks one of them."""

    def __init__(  # noqa: PLR0917
        self,
        url: str,
        auth_password: str,
        sys_password: str,
        key: SigningKey,
        allowed: Allowed,
        ca: Path | None = None,
    ) -> None:
        """`ca`: vouches for an engine that is reached over TLS."""
        self._url = url
        self._ca = ca
        self._auth_password = auth_password
        self._sys_password = sys_password
        self._key = key
        self._allowed = allowed
        self._auth: Client | None = None
        self._sys: Client | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._where: dict[str, tuple[str, int]] = {}  # device -> server id, connection id, of its last connection
        self.accepted = 0
        self.refused = 0

    async def start(self) -> None:
        """Returns when questions reach us, at the first start and after the engine came back."""
        if self._auth is not None:
            while not self._auth.is_connected:
                await asyncio.sleep(0.02)
            await self._auth.flush()
            return
        self._auth = await connect(self._url, "auth", self._auth_password, ca=self._ca)
        self._sys = await connect(self._url, "sys", self._sys_password, ca=self._ca)
        await self._auth.subscribe(SUBJECT, queue=QUEUE, cb=self._on_request)
        await self._auth.flush()

    async def stop(self) -> None:
        for client in (self._auth, self._sys):
            if client is not None:
                await client.close()
        self._auth = self._sys = None

    async def kick(self, device: str) -> None:
        """Ends the device's connection, if it has one: a revocation then holds at once."""
        where = self._where.pop(device, None)
        if where is not None and self._sys is not None and self._sys.is_connected:
            server, connection = where
            try:
                await self._sys.request(f"$SYS.REQ.SERVER.{server}.KICK", b'{"cid":%d}' % connection, timeout=2)
            except errors.Error as error:
                log.info("%s had no connection to end: %r", device, error)

    async def _on_request(self, message: Msg) -> None:
        task = asyncio.create_task(self._answer(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, message: Msg) -> None:
        try:
            request = read_claims(message.data)["nats"]
            server, user = str(request["server_id"]["id"]), str(request["user_nkey"])
        except (JwtError, KeyError, TypeError) as error:
            log.error("the engine asked in a form that is not known: %s", error)
            return
        answer: dict[str, Any] = {"type": "authorization_response", "version": 2}
        try:
            device = await self._judge(request)
        except RefusedError as refused:
            self.refused += 1
            log.warning("connection refused: %s", refused)
            answer["error"] = str(refused)
        except Exception:
            log.exception("connection refused: the registry did not answer")
            answer["error"] = "registry not available"
        else:
            self.accepted += 1
            self._where[device] = (server, int(request["client_info"].get("id", 0)))
            answer["jwt"] = self._key.sign(user_claims(device, user))
        await message.respond(self._key.sign({"aud": server, "sub": user, "nats": answer}).encode())

    async def _judge(self, request: dict[str, Any]) -> str:
        """The device's id, or RefusedError."""
        client = request.get("client_info", {}).get("mqtt_id", "")
        if not DEVICE_ID.fullmatch(client):
            raise RefusedError("the MQTT client id is no device id")
        name = _name_of(request.get("client_tls") or {})
        if name != client:
            raise RefusedError(f"client id {client} is not the certificate's common name")
        if not await self._allowed(client):
            raise RefusedError(f"{client} is not enrolled or is revoked")
        return str(client)


def user_claims(device: str, user: str) -> dict[str, Any]:
    """A user of the APP account who may touch one device's topics, over MQTT only."""
    return {
        "sub": user,
        "aud": "APP",
        "name": device,
        "nats": {
            "type": "user",
            "version": 2,
            "pub": {"allow": [f"t.{device}.u.>"]},
            "sub": {"allow": [f"t.{device}.d.>"]},
            "subs": 8,
            "data": -1,
            "payload": -1,
            "allowed_connection_types": ["MQTT"],
        },
    }


def _name_of(tls: dict[str, Any]) -> str | None:
    """Common name of the leaf of a chain that the engine has verified."""
    chains = tls.get("verified_chains") or []
    if not chains or not chains[0]:
        raise RefusedError("no verified certificate")
    try:
        return common_name(x509.load_pem_x509_certificate(str(chains[0][0]).encode()))
    except ValueError as error:
        raise RefusedError("the certificate cannot be read") from error


async def connect(
    url: str, user: str, password: str, on_back: Callable[[], None] | None = None, ca: Path | None = None
) -> Client:
    """A connection of this cloud itself; it comes back by itself, for ever, and then calls `on_back`. `ca`: the
    authority that an engine on another machine is believed by."""

    async def back() -> None:
        if on_back is not None:
            on_back()

    async def on_error(error: Exception) -> None:
        log.debug("%s at the engine: %s", user, error)

    return await nats.connect(
        url,
        user=user,
        password=password,
        tls=ssl.create_default_context(cafile=str(ca)) if ca is not None else None,
        name=f"trivet {user}",
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.1,
        connect_timeout=5,
        ping_interval=20,
        error_cb=on_error,
        reconnected_cb=back,
        allow_reconnect=True,
    )
