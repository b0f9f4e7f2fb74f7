"""The real engine: real nats-server, real TLS, real MQTT. Who may connect, what is kept, and what survives a kill."""

import asyncio
import datetime as dt
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cloud_kit import cloud, settings, until
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from nats.js.api import AckPolicy, RetentionPolicy
from sqlalchemy import func, select
from trivet.bench import Options, hostile, traffic
from trivet.bench.mqtt import MqttClient, RefusedByEngine
from trivet.bench.traffic import Sender, read_ack
from trivet.engine import EngineError, nkeys, pki
from trivet.engine.ports import HeldPort
from trivet.engine.server import Server
from trivet.ingest import nats as adapter
from trivet.serve import Cloud
from trivet.store.tables import CaseRecord, DeviceRow, MessageRow
from trivet_wire import ids

Running = tuple[Cloud, Sender]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with cloud(tmp_path) as made:
        yield made


async def stored(running: Running) -> list[tuple[int, int]]:
    query = select(MessageRow.boot, MessageRow.seq).order_by(MessageRow.received_at, MessageRow.boot, MessageRow.seq)
    async with running[0].store.reading() as session:
        return [(boot, seq) for boot, seq in await session.execute(query)]


async def has(running: Running, count: int) -> bool:
    return len(await stored(running)) >= count


async def connected(sender: Sender) -> MqttClient:
    """As the appliance does: again until the door is open."""
    async with asyncio.timeout(20):
        while True:
            client = MqttClient(sender.identity)
            try:
                await client.connect()
            except RefusedByEngine:
                await asyncio.sleep(0.1)
            else:
                return client


class TestDoor:
    async def test_client_id_and_certificate_must_be_one_device(self, running: Running) -> None:
        made, sender = running
        other = await made.enrol(traffic.MODEL)
        for client_id in (other.device, "x", "", sender.device.upper()):
            with pytest.raises(RefusedByEngine):
                await MqttClient(sender.identity, client_id=client_id).connect()
        async with MqttClient(sender.identity):
            pass

    async def test_a_foreign_certificate_does_not_come_in(self, running: Running, tmp_path: Path) -> None:
        _, sender = running
        foreign = pki.new_ca()
        key = pki.new_key()
        certificate = pki.certificate_der(pki.new_device(foreign, sender.device, key.public_key()))
        forged = type(sender.identity)(
            **{name: getattr(sender.identity, name) for name in sender.identity.__struct_fields__}
            | {"key_der": pki.key_der(key), "cert_der": certificate}
        )
        with pytest.raises(RefusedByEngine):
            await MqttClient(forged).connect()

    async def test_a_device_touches_its_own_topics_alone(self, running: Running) -> None:
        made, sender = running
        victim = Sender(await made.enrol(traffic.MODEL))
        async with MqttClient(sender.identity) as client, MqttClient(victim.identity) as watching:
            for topic in (f"t/{victim.device}/d/ack", "t/#", "#", f"t/{sender.device}/u/fault", "$SYS/#"):
                with pytest.raises(RefusedByEngine):
                    await client.subscribe(topic)
            await watching.subscribe(f"t/{victim.device}/d/+")
            await client.publish(victim.topic(ids.FAULT), b"not mine")
            await client.publish(f"t/{victim.device}/d/ack", b"not mine either")
            await client.publish(*sender.hello())
            await until(lambda: _seen(made, sender.device))
            assert watching.down.empty()
            assert await made.transport.dead_letter_counts() == {}

    async def test_revoking_throws_out_at_once(self, running: Running) -> None:
        made, sender = running
        async with MqttClient(sender.identity) as client:
            await made.revoke(sender.device)
            with pytest.raises(RefusedByEngine):
                await client.publish(sender.topic("hello"), b"", timeout_s=1)
        with pytest.raises(RefusedByEngine):
            await MqttClient(sender.identity).connect()


async def _seen(made: Cloud, device: str) -> bool:
    async with made.store.reading() as session:
        return (await session.get_one(DeviceRow, device)).connected


class TestContractWithNats:
    """What `ingest/nats.py` knows of the engine's inside: fails when a new server names it otherwise."""

    async def test_puback_stands_for_the_stream_that_we_consume(self, running: Running) -> None:
        made, sender = running
        js = made.transport._stream
        info = await js.stream_info(adapter.STREAM)
        assert info.config.retention == RetentionPolicy.INTEREST
        assert info.config.subjects == [adapter.SUBJECTS]
        consumer = await js.consumer_info(adapter.STREAM, adapter.DURABLE)
        assert consumer.config.filter_subject == adapter.FILTER
        assert consumer.config.ack_policy == AckPolicy.EXPLICIT
        await made.ingest.stop()
        async with MqttClient(sender.identity) as client:
            await client.publish(sender.topic(ids.FAULT), b"kept")
        await made.transport.start()
        [message] = await made.transport.fetch(10, 5)
        assert (message.topic, message.data, message.deliveries) == (sender.topic(ids.FAULT), b"kept", 1)
        await message.ack()
        await until(lambda: _empty(made))

    async def test_what_is_not_acked_comes_again(self, running: Running) -> None:
        made, sender = running
        await made.ingest.stop()
        async with MqttClient(sender.identity) as client:
            await client.publish(sender.topic(ids.FAULT), b"again")
        await made.transport.start()
        [first] = await made.transport.fetch(10, 5)
        await first.nak(0.05)
        [second] = await made.transport.fetch(10, 5)
        assert (second.data, second.deliveries, second.key) == (b"again", 2, first.key)

    async def test_it_knows_whether_an_older_one_of_the_same_appliance_is_kept(self, running: Running) -> None:
        made, sender = running
        other = Sender(await made.enrol(traffic.MODEL))
        await made.ingest.stop()
        for who, kind in ((other, ids.CONSENT), (sender, ids.FAULT), (sender, ids.HELLO), (sender, ids.FAULT)):
            async with MqttClient(who.identity) as client:
                await client.publish(who.topic(kind), b"kept")
        await made.transport.start()
        _, before, hello, after = await made.transport.fetch(10, 5)
        brings = [ids.KIND_NAMES[ids.CONSENT], ids.KIND_NAMES[ids.HELLO]]
        assert not await before.follows(*brings)
        assert await after.follows(*brings)
        await hello.ack()
        await until(lambda: _follows_none(after, brings))

    async def test_a_redelivery_is_not_buried_twice(self, running: Running) -> None:
        made, _ = running
        for key in ("7", "7", "8", ""):
            await made.transport.dead_letter(ids.R_TAG, "dev ice", "t/ä b", bytes(20000), key)
        letters = await made.transport.dead_letters(10)
        assert [(letter.device, letter.topic, len(letter.data)) for letter in letters] == [
            ("dev ice", "t/ä b", adapter.DEAD_KEEP)
        ] * 3
        assert await made.transport.dead_letter_counts() == {ids.R_TAG: 3}


async def _follows_none(incoming: adapter.NatsIncoming, names: list[str]) -> bool:
    return not await incoming.follows(*names)


async def _empty(made: Cloud) -> bool:
    return (await made.transport._stream.stream_info(adapter.STREAM)).state.messages == 0


async def test_a_message_is_a_case_well_within_a_second(running: Running) -> None:
    made, sender = running
    async with MqttClient(sender.identity) as client:
        await client.subscribe(f"t/{sender.device}/d/+")
        await client.publish(*sender.hello())
        await client.publish(*sender.consent())
        await until(lambda: has(running, 1))
        await asyncio.sleep(1.2)  # let the ingest fall into its wait
        start = time.monotonic()
        await client.publish(*sender.fault())
        await until(lambda: has(running, 2))
        assert time.monotonic() - start < 1.0
        async with asyncio.timeout(5):
            while True:
                topic, data = await client.down.get()
                assert topic == f"t/{sender.device}/d/ack"
                if read_ack(sender.key, data) == (1, 2, {}):
                    break
    async with made.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(CaseRecord)) == 1


async def test_engine_and_ingest_killed_in_mid_stream_lose_and_double_nothing(running: Running) -> None:
    """Whatever got no PUBACK is sent again, as the appliance's spool does: once each, in order per appliance."""
    made, sender = running
    total = 120
    messages = [sender.hello(), sender.consent(), *(sender.fault(occurrence=n) for n in range(1, total))]

    async def send() -> None:
        client = await connected(sender)
        for message in messages:
            while True:
                try:
                    await client.publish(*message, timeout_s=3)
                    break
                except RefusedByEngine:
                    await client.drop()
                    client = await connected(sender)
        await client.close()

    async def disturb() -> None:
        for round_ in range(2):
            await until(lambda round_=round_: has(running, 15 + 40 * round_), 60)
            await made.ingest.kill()
            await made.ingest.start()
            await made.engine.kill()
            await asyncio.sleep(0.2)
            await made.engine.start()

    await asyncio.gather(send(), disturb())
    await until(lambda: has(running, total), 30)
    assert sorted(await stored(running)) == [(1, seq) for seq in range(1, total + 1)]
    async with made.store.reading() as session:
        [case] = await session.scalars(select(CaseRecord))
    assert (case.occurrences, case.last_seq) == (total - 1, total)
    assert await made.transport.dead_letter_counts() == {}


async def test_a_server_that_dies_is_started_again(running: Running) -> None:
    made, sender = running
    pid = made.engine.server.pid
    assert made.engine.server._process is not None
    made.engine.server._process.kill()
    await until(lambda: _other_pid(made.engine.server, pid))
    client = await connected(sender)
    await client.publish(*sender.hello())
    await client.close()
    assert made.engine.server.restarts == 1


async def _other_pid(server: Server, pid: int | None) -> bool:
    return server.pid not in {None, pid}


async def test_a_taken_port_is_said_and_not_mistaken_for_ours(running: Running, tmp_path: Path) -> None:
    made, _ = running
    second = Server(
        type(made.engine.config)(**vars(made.engine.config) | {"directory": tmp_path / "second", "mqtt_port": 1})
    )
    with pytest.raises(EngineError, match="did not start"):
        await second.start()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a bound port from others")
def test_a_port_chosen_for_the_engine_is_given_to_nobody_else() -> None:
    held = HeldPort()
    others = [socket.create_server(("127.0.0.1", 0)) for _ in range(500)]
    callers = [socket.create_connection(others[0].getsockname()) for _ in range(50)]
    assert held.number not in {one.getsockname()[1] for one in (*others, *callers)}
    for _ in range(2):  # started again where it was
        with socket.create_server(("127.0.0.1", held.number)):
            pass
    for one in (*others, *callers):
        one.close()
    held.free()


async def test_a_cloud_restarts_with_everything_it_had(tmp_path: Path) -> None:
    async with cloud(tmp_path) as (first, sender):
        assert first.first_login is not None
        async with MqttClient(sender.identity) as client:
            await client.publish(*sender.hello())
            await client.publish(*sender.consent())
            await until(lambda: has((first, sender), 1))
    async with Cloud(settings(tmp_path), http=False) as again:
        assert again.first_login is None
        assert not again.vault.fresh
        sender.identity.brokers[:] = [again.broker]
        async with MqttClient(sender.identity) as client:
            await client.publish(*sender.fault())
            await until(lambda: has((again, sender), 2))


async def test_hostile_messages_reach_nothing(running: Running) -> None:
    result = await hostile.attack(running[0], Options(n=160, seed=3, say=lambda _: None))
    assert hostile.sound(result), result


class TestKeys:
    @given(seed=st.binary(min_size=32, max_size=32))
    def test_a_token_is_signed_over_what_it_says(self, seed: bytes) -> None:
        key = nkeys.SigningKey(seed)
        token = key.sign({"sub": "U1", "nats": {"type": "user"}})
        claims = nkeys.read_claims(token.encode())
        assert (claims["iss"], claims["sub"]) == (key.public, "U1")
        assert len(key.public) == 56
        signed, _, signature = token.rpartition(".")
        key._key.public_key().verify(nkeys._unb64(signature.encode()), signed.encode())

    @pytest.mark.parametrize("token", [b"", b"a.b", b"a.!!!!.c", b"a.W10.c", b"a.bnVs.c"])
    def test_what_is_no_token_is_said(self, token: bytes) -> None:
        with pytest.raises(nkeys.JwtError):
            nkeys.read_claims(token)


class TestCertificates:
    def test_they_name_the_device_and_serve_one_use(self) -> None:
        ca = pki.new_ca()
        key = pki.new_key()
        certificate = pki.new_device(ca, "00" * 8, key.public_key())
        certificate.verify_directly_issued_by(ca.certificate)
        assert pki.common_name(certificate) == "00" * 8
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]

    def test_the_server_is_certified_anew_before_its_end_or_for_a_new_name(self) -> None:
        ca = pki.new_ca()
        server = pki.new_server(ca, ["oven.example", "192.0.2.1"]).certificate
        now = dt.datetime.now(dt.UTC)
        assert not pki.needs_renewal(server, ["oven.example", "192.0.2.1", "127.0.0.1"], now)
        assert pki.needs_renewal(server, ["other.example"], now)
        assert pki.needs_renewal(server, [], now + dt.timedelta(days=pki.SERVER_DAYS - 10))
