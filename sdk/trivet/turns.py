"""Jobs of a cloud, which go on for ever: one turn after another, and a pause between. Takes what a turn does; whatever
fails is logged, and waits: nothing that is queued is lost while a database is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
AWAY_S = 10.0  # longest pause after a failure, where the usual one is shorter


async def repeat(turn: Callable[[], Awaitable[object]], every_s: float, log: logging.Logger, waits: str) -> None:
    """Until cancelled. A turn that gives a number that is not 0 is followed by the next at once; `waits`: what waits
    after one that failed, for the log."""
    while True:
        pause = every_s
        try:
            while await turn():
                pass
        except Exception:
            pause = max(every_s, min(AWAY_S, 10 * every_s))
            log.exception("%s wait %s s", waits, pause)
        await asyncio.sleep(pause)


def seldom(every_s: float, do: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    """`do` at the first call, and at later ones where so long has passed since."""
    last: list[float] = []

    async def call() -> None:
        now = asyncio.get_running_loop().time()
        if not last or now - last[0] > every_s:
            last[:] = [now]
            await do()

    return call


async def each(do: Callable[[T], Awaitable[object]], claimed: Iterable[T]) -> int:
    """All at once; gives how many. Whoever stops this waits for each."""
    rows = list(claimed)
    async with asyncio.TaskGroup() as tasks:
        for one in rows:
            tasks.create_task(_await(do, one))
    return len(rows)


async def _await(do: Callable[[T], Awaitable[object]], one: T) -> None:
    await do(one)
