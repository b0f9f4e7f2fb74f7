"""Ingest workers as processes that are killed at random moments and started again. Takes the folder of a cloud and its
database, runs `trivet ingest`; counts kills. What they do is judged by whoever looks into the database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from pathlib import Path

READY_S = 60.0  # a machine may be busy
SHORTEST_S, LONGEST_S = 0.1, 5.0  # of a life, from when the worker began to work


class Worker:
    """One process. `run` starts it, kills it at a random moment, starts it again, until it is spared."""

    def __init__(self, words: list[str], log: Path, chance: random.Random) -> None:
        self._words = words
        self._log = log
        self._chance = chance
        self._process: asyncio.subprocess.Process | None = None
        self.kills = 0
        self.ended_alone = 0  # deaths that were not ours: none may be

    async def start(self) -> None:
        """Returns when it takes messages."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "trivet.cli", "ingest", *self._words, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), READY_S)
        if b"Ingest runs" not in line:
            said = self._log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"an ingest worker did not start:\n{said}")

    async def torment(self, spared: asyncio.Event) -> None:
        """SIGKILL at random moments until `spared` is set; then it goes on living."""
        while not spared.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(spared.wait(), self._chance.uniform(SHORTEST_S, LONGEST_S))
                return
            await self.kill()
            await self.start()

    async def kill(self) -> None:
        """SIGKILL: no step of it is finished any more."""
        assert self._process is not None
        self.ended_alone += self._process.returncode is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._process = None
        self.kills += 1

    async def stop(self) -> None:
        """Its gentle end."""
        if self._process is None:
            return
        self.ended_alone += self._process.returncode is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._process = None


def crew(count: int, folder: Path, database: str, chance: random.Random) -> list[Worker]:
    """So many workers of the cloud in `folder`; none runs yet."""
    words = ["--data", str(folder), "--database", database]
    return [Worker(words, folder / f"worker{n}.log", random.Random(chance.random())) for n in range(count)]


def cores() -> int:
    return os.cpu_count() or 1
