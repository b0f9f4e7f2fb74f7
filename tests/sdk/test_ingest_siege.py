"""Ingest under siege: workers as processes on a real engine and a real database, killed at random. And the judge that
says so: it knows right from wrong without the code that it judges."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from cloud_kit import Bench, bench, settings, until
from sqlalchemy import delete, func, select, update
from trivet import catalogues
from trivet.bench import Options, ingest, traffic
from trivet.bench.ingest_siege import Worker
from trivet.bench.ingest_story import Life, live, oracle, sending
from trivet.bench.ingest_verdict import Verdict, judge, stored
from trivet.bench.mqtt import MqttClient
from trivet.bench.traffic import Sender
from trivet.config import Settings
from trivet.keys import KeysError
from trivet.serve import Cloud
from trivet.store.tables import CaseEventRow, CaseRecord, MessageRow
from trivet.workers import Workers


@pytest.mark.slow
@pytest.mark.parametrize("target", ["postgresql", "sqlite"])
async def test_three_workers_killed_at_random_lose_and_double_nothing(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = await ingest.run(Options(n=300, seed=7, target=target, say=lambda _text: None))
    assert ingest.sound(result), result
    assert (result["lost"], result["doubled"], result["wrong"], result["buried"]) == (0, 0, 0, 0)
    assert result["backend"] == target
    assert result["messages"] > 300
    ingest.show(result)
    assert "doubled        0" in capsys.readouterr().out


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def lived(kit: Bench, seed: int, events: int = 60) -> Life:
    """A life that went in out of order, twice and again."""
    chance = random.Random(seed)
    life = live(kit.sender, events, chance)
    once, again = sending(life, chance)
    for message in [*once, *again]:
        await kit.take(message)
    return life


async def verdict(kit: Bench, life: Life) -> Verdict:
    return await judge(kit.store, kit.transport, [life])


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_order_messages_come_in_the_desk_has_what_the_oracle_says(kit: Bench, seed: int) -> None:
    life = await lived(kit, seed)
    found = await verdict(kit, life)
    assert (found.lost, found.doubled, found.buried, found.wrong) == (0, 0, 0, [])
    assert found.cases == len(oracle(life)) > 3


async def _no_message(kit: Bench) -> None:
    await _do(kit, delete(MessageRow).where(MessageRow.boot == 1, MessageRow.seq == 2))


async def _no_case(kit: Bench) -> None:
    await _do(kit, delete(CaseEventRow).where(CaseEventRow.case == 1))
    await _do(kit, delete(CaseRecord).where(CaseRecord.id == 1))


async def _other_state(kit: Bench) -> None:
    for row in await kit.cases():
        state = "ongoing" if row.state != "ongoing" else "new"
        await _do(kit, update(CaseRecord).where(CaseRecord.id == row.id).values(state=state))


async def _other_count(kit: Bench) -> None:
    await _do(kit, update(CaseRecord).values(occurrences=CaseRecord.occurrences + 1))


async def _told_twice(kit: Bench) -> None:
    async with kit.store.writing() as session:
        row = await session.scalar(select(CaseEventRow).where(CaseEventRow.kind == "opened").limit(1))
        assert row is not None
        session.add(CaseEventRow(case=row.case, actor=row.actor, kind=row.kind, text=row.text, data_json=row.data_json))


async def _do(kit: Bench, statement: object) -> None:
    async with kit.store.writing() as session:
        await session.execute(statement)  # type: ignore[call-overload]


SPOILT: dict[str, tuple[Callable[[Bench], Awaitable[None]], str]] = {
    "a message is gone": (_no_message, "lost"),
    "a case is gone": (_no_case, "lost"),
    "a substate is another": (_other_state, "wrong"),
    "a count is another": (_other_count, "wrong"),
    "an entry is there twice": (_told_twice, "wrong"),
}


@pytest.mark.parametrize("what", SPOILT)
async def test_the_judge_finds_what_is_wrong(kit: Bench, what: str) -> None:
    life = await lived(kit, 5, 30)
    spoil, figure = SPOILT[what]
    await spoil(kit)
    assert getattr(await verdict(kit, life), figure)


async def test_a_foreign_case_is_one_too_many(kit: Bench) -> None:
    life = await lived(kit, 6, 10)
    kit.sender.restart()
    silent = {traffic.ELEMENT, traffic.NTC_DRIFT, traffic.GASKET, traffic.HAZARD, traffic.CROSS}
    silent -= {case.code for case in oracle(life)}
    assert silent
    await kit.take(kit.sender.fault(silent.pop()))
    assert (await verdict(kit, life)).doubled == 2  # the message and its case


class TestWorkersOfTheirOwn:
    """`trivet ingest` beside `trivet serve`."""

    @pytest.mark.slow
    async def test_a_process_on_another_address_takes_messages_over_tls(self, tmp_path: Path) -> None:
        there: Settings = msgspec.structs.replace(settings(tmp_path), workers=0, nats_host="0.0.0.0")
        async with Cloud(there, http=False) as cloud:
            assert cloud.engine.url.startswith("tls://")
            await catalogues.add(cloud.store, traffic.MODEL, traffic.packed(), traffic.rich_json())
            sender = Sender(await cloud.enrol(traffic.MODEL))
            async with MqttClient(sender.identity) as client:
                for message in (sender.hello(), sender.consent(), sender.fault()):
                    await client.publish(*message)
            assert await stored(cloud.store) == 0  # nobody takes them yet, the engine keeps them
            words = ["--data", str(tmp_path), "--engine", cloud.engine.url]
            worker = Worker(words, tmp_path / "worker.log", random.Random(1))
            await worker.start()
            try:
                await until(lambda: _has(cloud, 2), 30)
            finally:
                await worker.stop()
            async with cloud.store.reading() as session:
                assert await session.scalar(select(func.count()).select_from(CaseRecord)) == 1
            assert worker.ended_alone == 0

    async def test_a_folder_without_a_cloud_says_what_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(KeysError, match=r"has no master\.key, master\.id, engine-sdk\.key.*trivet serve"):
            Workers(settings(tmp_path))

    async def test_another_clouds_master_secret_is_refused(self, tmp_path: Path) -> None:
        async with Cloud(settings(tmp_path), http=False):
            pass
        (tmp_path / "secrets" / "master.id").write_text("somebody else's")
        with pytest.raises(KeysError, match="another master secret"):
            Workers(settings(tmp_path))

    async def test_an_engine_elsewhere_is_known_by_the_clouds_authority(self, tmp_path: Path) -> None:
        async with Cloud(settings(tmp_path), http=False):
            pass
        (tmp_path / "secrets" / "ca.crt").unlink()
        with pytest.raises(KeysError, match="Copy it"):
            Workers(settings(tmp_path), "tls://10.0.0.5:4222")

    @pytest.mark.slow
    async def test_its_word_ends_it_gently(self, tmp_path: Path) -> None:
        async with Cloud(settings(tmp_path), http=False) as cloud:
            worker = Worker(["--data", str(tmp_path)], tmp_path / "worker.log", random.Random(1))
            await worker.start()
            assert worker._process is not None
            worker._process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(worker._process.wait(), 20) == 0
            assert cloud.engine.server.pid is not None


async def _has(cloud: Cloud, count: int) -> bool:
    return await stored(cloud.store) == count
