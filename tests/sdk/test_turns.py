"""Jobs go on after whatever fails, wait between their turns, and are over when somebody stops them."""

import asyncio
import logging

import pytest
from trivet import turns

log = logging.getLogger("trivet.tests")


async def run_until(turn: object, done: asyncio.Event, every_s: float = 0.001) -> None:
    job = asyncio.create_task(turns.repeat(turn, every_s, log, "things"))  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        await done.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job


async def test_a_turn_that_did_something_is_followed_at_once_and_one_that_failed_later(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = iter([3, 1, 0, OSError("the database is away"), 0, 0])
    slept: list[float] = []
    done = asyncio.Event()
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    async def turn() -> int:
        what = next(given, None)
        if what is None:
            done.set()
            return 0
        if isinstance(what, OSError):
            raise what
        return what

    monkeypatch.setattr(turns.asyncio, "sleep", pause)
    await run_until(turn, done, 0.5)
    assert slept[:4] == [0.5, 5.0, 0.5, 0.5]
    assert "things wait 5.0 s" in caplog.text
    assert "the database is away" in caplog.text


@pytest.mark.parametrize(("every_s", "pause"), [(0.01, 0.1), (0.5, 5.0), (5.0, 10.0), (900.0, 900.0)])
async def test_after_a_failure_it_waits_longer_but_not_for_ever(
    every_s: float, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        raise asyncio.CancelledError

    async def turn() -> None:
        raise ValueError

    monkeypatch.setattr(turns.asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await turns.repeat(turn, every_s, log, "things")
    assert slept == [pause]


async def test_what_is_seldom_is_done_at_first_and_then_not_soon() -> None:
    counted: list[int] = []

    async def do() -> None:
        counted.append(1)

    hourly, often = turns.seldom(3600.0, do), turns.seldom(-1.0, do)
    for _ in range(3):
        await hourly()
    assert len(counted) == 1
    for _ in range(3):
        await often()
    assert len(counted) == 4


async def test_whoever_stops_it_waits_for_each() -> None:
    ended: list[int] = []

    async def one(number: int) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(number)

    job = asyncio.create_task(turns.each(one, range(3)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert sorted(ended) == [0, 1, 2]
    assert await turns.each(lambda _: asyncio.sleep(0), range(5)) == 5
