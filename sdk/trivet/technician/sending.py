"""A release over the service port: takes a client and a release's folder, offers it, and answers what the appliance
asks for, until it is on trial, refused, or waits for somebody. The appliance judges all of it as if it came from the
cloud.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from msgspec import Struct
from trivet_wire import ids

from trivet.release.folder import Release

from .client import Client, typed
from .errors import PulledError, RefusedError, SilentError

_ENDS = ("on trial", "confirmed", "rolled back", "refused")
_LOOK_S = 5.0  # without a word of it, until it is asked how it stands
_MORE_S = 3.0  # after the end of a payload: another one may be wanted
_WORK_S = 8.0  # in which it writes and verifies what came, and needs its heap for that
_ASKED = (ids.R_FIELD, ids.R_BUSY)  # a block that the appliance no longer wants: it asks for what it lacks
_TRIES = 5  # looks in vain


class Fetch(Struct, frozen=True):
    """What the appliance asks for: first 16 hex digits of a payload's SHA-256, and which bytes of it."""

    digest: str
    offset: int
    length: int


class Standing(Struct, frozen=True):
    """How an update stands. `waits`: number of the gate that it waits for, 0 for none."""

    text: str
    state: str = ""
    waits: int = 0
    reason: int = 0


@dataclass(frozen=True)
class Sent:
    """How far it is: bytes of the payload `name` that were asked for, of so many."""

    name: str
    bytes: int
    of: int


def send(
    client: Client,
    release: Release,
    told: Callable[[Sent], None],
    waits: Callable[[Standing], bool] = lambda _: False,
) -> Standing:
    """How it stood at last. `waits`: asked while it waits for somebody, whether to wait too. RefusedError when the
    appliance does not take it."""
    names = [release.index.envelope, *release.index.payloads.values()]
    stock = {hashlib.sha256(data).hexdigest(): (name, data) for name in names for data in [release.read(name)]}
    envelope = release.read(release.index.envelope)
    _offer(client, envelope)
    named = {digest[:16]: payload for digest, payload in stock.items()}
    whole, tries = False, 0  # whether all that was asked for so far is a payload to its end
    while True:
        heard = _next(client, _MORE_S if whole else _LOOK_S)
        if isinstance(heard, Fetch):
            name, data = named.get(heard.digest, ("", b""))
            whole = heard.offset + heard.length >= len(data) and name != release.index.envelope
            told(Sent(name, min(heard.offset + heard.length, len(data)), len(data)))
            _bring(client, heard, data)
            tries = 0
            continue
        if heard is None:
            if whole:
                with suppress(SilentError):  # it may be restarting
                    client.leave()
                time.sleep(_WORK_S)
            heard = standing(client)
            tries += 1
        if heard.state in _ENDS:
            return _judged(heard)
        if heard.waits:
            if not waits(heard):
                return heard
            tries = 0
        if tries == _TRIES:
            raise SilentError(f"the appliance asks for nothing more: {heard.text}")


def standing(client: Client) -> Standing:
    """How the update stands that was offered last; asked again while the appliance installs, or restarts."""
    for _ in range(_TRIES):
        try:
            rows = [typed(Standing, row) for row in client.ask("update")[:-1]]
        except PulledError:
            client.reconnect()
            continue
        except SilentError:
            time.sleep(_WORK_S)  # each word takes heap from what it is doing
            continue
        except RefusedError as error:
            if error.reason != ids.R_BUSY:
                raise
            return Standing(error.text)  # it has no memory to spare just now: it is at work
        stands = [row for row in rows if row.state]
        if stands:
            return stands[-1]
        time.sleep(1)
    raise SilentError("the appliance does not say how the update stands")


def _offer(client: Client, envelope: bytes) -> None:
    words = ("update", "offer", str(len(envelope)), hashlib.sha256(envelope).hexdigest())
    for row in client.allowed(*words):
        reason = row.get("reason")
        if isinstance(reason, int) and reason:
            raise RefusedError(reason, str(row.get("text")))


def _next(client: Client, quiet_s: float) -> Fetch | Standing | None:
    """What it asks for next, or what became of it; None when it says nothing for so long. Asking how it stands costs an
    appliance heap that it needs for the update itself, so listening comes first."""
    since = time.monotonic()
    try:
        for row in client.rows("watch", idle=True):
            if row.get("e") == "fetch":
                return typed(Fetch, row)
            if row.get("e") == "update_waits":
                return Standing(str(row.get("text")), "waits", typed(int, row.get("for")))
            if row.get("e") == "update":
                text = f"{row.get('version')}: {row.get('why') or row.get('state')}"
                return typed(Standing, {"text": text, "state": row.get("state"), "reason": row.get("reason")})
            if time.monotonic() - since > quiet_s:
                return None
    except PulledError:
        client.reconnect()
    except SilentError:
        time.sleep(1)
    except RefusedError as error:
        if error.reason != ids.R_BUSY:
            raise
        time.sleep(1)
    return None


def _bring(client: Client, asked: Fetch, data: bytes) -> None:
    end = min(asked.offset + asked.length, len(data))
    for at in range(asked.offset, end, ids.MAX_BLOCK):
        part = base64.b64encode(data[at : min(at + ids.MAX_BLOCK, end)]).decode()
        try:
            list(client.allowed("block", str(at), part))
        except PulledError:
            client.reconnect()
            return
        except SilentError:
            return
        except RefusedError as error:
            if error.reason not in _ASKED:
                raise
            return


def _judged(stands: Standing) -> Standing:
    if stands.state in ("refused", "rolled back"):
        raise RefusedError(stands.reason, stands.text)
    return stands
