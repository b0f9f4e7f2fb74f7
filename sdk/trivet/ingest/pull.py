"""Pulls from a durable consumer and gives what there is at once. Takes a connection, gives messages; acks none.

nats-py's `fetch(n)` waits for its whole timeout once it has begun to wait, unless all n come: a lone message would take
a second. Here a request stays open at the server, and whatever it brings is handed over as it comes.
"""

from __future__ import annotations

import asyncio
import json

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

EXPIRES_S = 2.0  # of one request; after an engine's restart the next one follows within this


class Pull:
    """May be fetched from by several tasks of one loop."""

    def __init__(self, client: Client, stream: str, durable: str) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = client.new_inbox()
        self._queue: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._open = 0  # messages that the open request may still bring
        self._until = 0.0
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        self._subscription = await self._client.subscribe(self._inbox, cb=self._on_message)

    def forget(self) -> None:
        """The engine came back and knows nothing of our open request: ask again at once."""
        self._open = 0
        self._until = 0.0
        self._queue.put_nowait(None)  # wakes whoever waits

    async def fetch(self, limit: int, timeout_s: float) -> list[Msg]:
        """At least one as soon as there is one, or none after `timeout_s`."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        while self._queue.empty() and clock() < deadline:
            if self._open <= 0 or clock() >= self._until:
                await self._ask(limit)
            try:
                wait = min(deadline, self._until) - clock()
                first = await asyncio.wait_for(self._queue.get(), max(wait, 0.001))
            except TimeoutError:
                continue
            if first is not None:
                return [first, *self._rest(limit - 1)]
        return self._rest(limit)

    def _rest(self, limit: int) -> list[Msg]:
        found = [self._queue.get_nowait() for _ in range(min(limit, self._queue.qsize()))]
        return [message for message in found if message is not None]

    async def _ask(self, limit: int) -> None:
        self._open = limit
        self._until = asyncio.get_running_loop().time() + EXPIRES_S
        request = {"batch": limit, "expires": int(EXPIRES_S * 1e9)}
        await self._client.publish(self._subject, json.dumps(request).encode(), reply=self._inbox)

    async def _on_message(self, message: Msg) -> None:
        if message.headers and "Status" in message.headers:
            self._open = 0  # the request has ended: nothing there, expired, or the consumer moved
            return
        self._open -= 1
        self._queue.put_nowait(message)
