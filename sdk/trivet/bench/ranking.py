"""How good the desk's first guess is: simulated faults of every board, each from the physics over the real firmware,
its sealed messages and the real ingest to a case, and for half of them a technician's outcome back.

A fifth of the faults are lying sensors. The true cause is what `boards/*/physics.py` says of the fault it injects; the
desk never sees it but as an outcome. Faults are drawn evenly, and judged in the order in which they come: the first
ones with nothing but the catalogue. `--n` is the number of faults; `--plot FILE` draws the reliability of the stated
confidence.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from trivet import boards, catalogues
from trivet.boards.physics import Fault
from trivet.cases import doubt, outcomes, rich
from trivet.cases.terms import DEFAULT
from trivet.cases.timeline import Actor, Hand
from trivet.config import Settings
from trivet.ingest.known import Known
from trivet.ingest.memory import MemoryTransport
from trivet.ingest.worker import Worker
from trivet.registry import Registry
from trivet.sim.device import Provision
from trivet.store import Store
from trivet.store.tables import CaseRecord, CatalogueRow
from trivet.vault import Vault

from .calibration import expected_error, reliability
from .ranking_play import Heard, Life, play

if TYPE_CHECKING:
    from . import Options

DEFAULT_N = 600
LYING = 5  # one fault in so many is a lying sensor
REPORTED = 2  # of one in so many the outcome comes back
PROCESSES = 2
TECHNICIAN = Actor("technician", "bench")
_AHEAD = 8  # lives that wait for their turn: messages are kept, not whole worlds


@dataclass
class Judged:
    """What the desk made of one fault. `rank`: of the true cause, 0 is first; None: another code, or not ranked."""

    life: Life
    truth: str
    lies: str
    code: str = ""
    first: str | None = None
    rank: int | None = None
    confidence: float = 0.0
    step: str = ""
    part: str | None = None
    useless: bool = False  # a visit to a lying sensor without the sensor's part
    reported: bool = False
    trouble: str = ""


@dataclass
class Desk:
    """The cloud without an engine: what is published goes through the real ingest."""

    store: Store
    registry: Registry
    transport: MemoryTransport
    worker: Worker
    rows: list[Judged] = field(default_factory=list)

    async def take(self, device: str, heard: Heard) -> CaseRecord | None:
        """Ingest what an appliance told; gives its first case."""
        for message in heard.messages:
            self.transport.publish(f"t/{device}/u/{_kind(message)}", message)
        while batch := await self.transport.fetch(100, 0.01):
            await self.worker.process(batch)
        async with self.store.reading() as session:
            query = select(CaseRecord).where(CaseRecord.device == device).order_by(CaseRecord.id).limit(1)
            case: CaseRecord | None = await session.scalar(query)
            return case


async def run(options: Options) -> dict[str, Any]:
    """Figures under the fixed keys; `causes` by board, fault and cause."""
    n = DEFAULT_N if options.n is None else max(1, options.n)
    dice = random.Random(f"ranking {options.seed}")
    lives = draw(n, dice, options.seed)
    reported = {at for at in range(n) if dice.random() * REPORTED < 1}
    async with desk() as place:
        began = told = time.monotonic()
        with ProcessPoolExecutor(PROCESSES) as pool:
            async for life, device, heard in _play(place, pool, lives):
                at = len(place.rows)
                place.rows.append(await judge(place, life, device, heard, report=at in reported))
                if time.monotonic() - told > 10 or at + 1 == n:
                    told = time.monotonic()
                    options.say(f"{at + 1} of {n} faults after {told - began:.0f} s")
    result = figures(place.rows) | {"seed": options.seed, "n": n}
    if options.plot is not None:
        from .ranking_plot import draw as plot

        plot(result, options.plot)
        options.say(f"drawn: {options.plot}")
    return result


def draw(n: int, dice: random.Random, seed: int) -> list[Life]:
    """A fifth of them lying sensors, the others anything else, in random order."""
    every = [(name, fault) for name in boards.available() for fault in _faults(name)]
    liars = [one for one in every if _faults(one[0])[one[1]].lies]
    sound = [one for one in every if not _faults(one[0])[one[1]].lies]
    lying = round(n / LYING)
    chosen = [dice.choice(liars) for _ in range(lying)] + [dice.choice(sound) for _ in range(n - lying)]
    dice.shuffle(chosen)
    return [Life(board, fault, seed * 100_000 + at) for at, (board, fault) in enumerate(chosen)]


def _faults(board: str) -> dict[str, Fault]:
    """Those that say what they are: without a true cause there is nothing to hold a guess against."""
    return {name: one for name, one in boards.plant(boards.load(board)).FAULTS.items() if one.cause}


async def _play(place: Desk, pool: ProcessPoolExecutor, lives: list[Life]) -> AsyncIterator[tuple[Life, str, Heard]]:
    """Each life, its appliance and what that told, in order; a few are played ahead."""
    running: list[tuple[Life, str, Future[Heard]]] = []
    for life in lives:
        identity = await place.registry.enrol(boards.load(life.board).model)
        running.append((life, identity.device, pool.submit(play, life, Provision.of(identity))))
        if len(running) >= PROCESSES * _AHEAD:
            yield await _played(*running.pop(0))
    for one in running:
        yield await _played(*one)


async def _played(life: Life, device: str, future: Future[Heard]) -> tuple[Life, str, Heard]:
    return life, device, await asyncio.wrap_future(future)


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="trivet-ranking-") as folder:
        settings = Settings(data_dir=Path(folder))
        vault = Vault(settings.secrets_dir)
        async with Store(settings.url) as store:
            await catalogues.add_known(store)
            transport = MemoryTransport()
            worker = Worker(store, transport, Known(vault.master))
            yield Desk(store, Registry(store, vault, []), transport, worker)


async def judge(place: Desk, life: Life, device: str, heard: Heard, *, report: bool) -> Judged:
    """The case that these messages made, held against the truth; then the truth goes back, where it is reported."""
    fault = _faults(life.board)[life.fault]
    row = Judged(life, fault.cause, fault.lies, trouble=heard.trouble)
    case = await place.take(device, heard)
    if case is None:
        row.trouble = row.trouble or "no case was opened"
        return row
    async with place.store.writing() as session:
        record = await session.get_one(CatalogueRow, case.catalogue)
        catalogue = rich.load(record.rich_json)
        code = catalogue.code(case.event)
        assert code is not None
        ranked = [one["name"] for one in case.triage_json["causes"]]
        row.code, row.first, row.confidence, row.step = case.code, case.first_cause, case.confidence, case.next_step
        row.part = case.triage_json["next_step"]["part"]
        if code.event == fault.expected_events[0] and fault.cause in ranked:
            row.rank = ranked.index(fault.cause)
        mends = _mending(catalogue, code, fault.lies)
        row.useless = bool(fault.lies) and row.step == "visit" and row.part not in mends
        if report and row.rank is not None:
            cause = next(one for one in code.causes if one.name == fault.cause)
            form = outcomes.Form(_outcome(cause), fault.cause, visit=row.step == "visit")
            await outcomes.close(Hand(session, case.id, DEFAULT, TECHNICIAN), form)
            row.reported = True
    return row


def _mending(catalogue: rich.Catalogue, code: rich.Code, signal: str) -> set[str]:
    """Parts that mend the sensor of `signal`; of one that no monitor doubts, those of this code's sensor causes."""
    known = doubt.sensor_parts(catalogue, signal)
    return set(known or [one.part for one in code.causes if one.kind == "sensor" and one.part])


def _outcome(cause: rich.Cause) -> str:
    return {"sensor": outcomes.SENSOR, "use": outcomes.USE_ERROR, "mains": outcomes.USE_ERROR}.get(cause.kind, "fixed")


def _kind(message: bytes) -> str:
    """The last part of the topic: an appliance writes the kind that its message has."""
    from trivet_wire import cbor, envelope, ids

    payload: Any = cbor.decode(message[envelope.structure(message, 0, len(message)) : -envelope.TAILROOM])
    return str(ids.KIND_NAMES[payload[ids.F_KIND]])


def figures(rows: list[Judged]) -> dict[str, Any]:
    """Sums, the table by cause, and how far the stated confidence held."""
    whole = len(rows)
    stated = [(row.confidence, row.rank == 0) for row in rows]
    return {
        "faults": whole,
        "top1": round(sum(row.rank == 0 for row in rows) / whole, 4),
        "top2": round(sum(row.rank in (0, 1) for row in rows) / whole, 4),
        "useless_visits": sum(row.useless for row in rows),
        "ece": round(expected_error(stated), 4),
        "lying": sum(bool(row.lies) for row in rows),
        "reported": sum(row.reported for row in rows),
        "reliability": reliability(stated),
        "steps": dict(Counter(row.step for row in rows)),
        "causes": _by_cause(rows),
        "wrong": [asdict(row) for row in rows if row.rank != 0],
        "trouble": [asdict(row) for row in rows if row.trouble],
    }


def _by_cause(rows: list[Judged]) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row.life.board, row.life.fault)):
        name = f"{row.life.board}/{row.life.fault}"
        one = made.setdefault(
            name, {"cause": row.truth, "lies": row.lies, "runs": 0, "first": 0, "second": 0, "stated": 0.0, "steps": {}}
        )
        one["runs"] += 1
        one["first"] += row.rank == 0
        one["second"] += row.rank == 1
        one["stated"] += row.confidence
        one["steps"][row.step] = one["steps"].get(row.step, 0) + 1
    for one in made.values():
        one["stated"] = round(one["stated"] / one["runs"], 3)
    return made


def sound(result: dict[str, Any]) -> bool:
    """Every fault was played to its end and made a case. How good the guesses are, the figures say."""
    return bool(result["faults"] and not result["trouble"])


def show(result: dict[str, Any]) -> None:
    from .ranking_table import print_tables

    print_tables(result)
