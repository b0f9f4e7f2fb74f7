"""What an appliance signed: the cloud stores it as signed, stores what carries no signature as unsigned, and refuses
what somebody else signed; whatever it stored can be handed to a third party."""

from collections.abc import AsyncIterator
from pathlib import Path

import cbor2
import pytest
from cloud_kit import Bench, bench
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import update
from trivet import sign1
from trivet.bench import traffic
from trivet.consent import security
from trivet.mac0 import unseal
from trivet.signed import SIGNATURE_AT, statement
from trivet.store.tables import DeviceRow, MessageRow
from trivet_wire import cbor, ids

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        await made.take(made.sender.hello(), made.sender.consent())
        yield made


async def stored(kit: Bench, seq: int) -> MessageRow | None:
    async with kit.store.reading() as session:
        return await session.get(MessageRow, (kit.sender.device, kit.sender.boot, seq))


def opened(kit: Bench, message: bytes) -> list:
    payload, _ = unseal(message, [kit.sender.key])
    return cbor2.loads(payload)


def resealed(kit: Bench, fields: list) -> tuple[str, bytes]:
    """The tag fits: whoever holds the message key, as the vendor does, can make this."""
    return kit.sender.topic(fields[ids.F_KIND]), kit.sender.key.seal(cbor.encode(fields))


async def test_what_the_appliance_signed_is_stored_as_signed(kit: Bench) -> None:
    await kit.take(kit.sender.evidence(), kit.sender.heartbeat())
    consent, evidence = await stored(kit, 1), await stored(kit, 2)
    assert consent is not None
    assert consent.signed is True
    assert evidence is not None
    assert evidence.signed is True
    assert evidence.body_json["signed"] is True
    assert "signature" not in evidence.body_json


async def test_kinds_that_are_not_signed_say_nothing_of_it(kit: Bench) -> None:
    await kit.take(kit.sender.fault())
    fault = await stored(kit, 2)
    assert fault is not None
    assert fault.signed is None
    assert "signed" not in fault.body_json


@pytest.mark.parametrize("cut", [0, 1], ids=["null", "of a firmware without signatures"])
async def test_evidence_without_a_signature_is_stored_as_unsigned(kit: Bench, cut: int) -> None:
    kit.sender.signing_key = None
    _, message = kit.sender.evidence()
    fields = opened(kit, message)
    fields[ids.F_BODY] = fields[ids.F_BODY][: 12 - cut]
    await kit.take(resealed(kit, fields))
    evidence = await stored(kit, 2)
    assert evidence is not None
    assert evidence.signed is False
    assert len(await kit.cases()) == 1


@pytest.mark.parametrize("what", ["body", "head", "signature", "another key", "of another message"])
async def test_a_signature_that_does_not_fit_is_refused(kit: Bench, what: str) -> None:
    if what == "another key":
        kit.sender.signing_key = ec.generate_private_key(ec.SECP256R1())
    _, message = kit.sender.evidence()
    fields = opened(kit, message)
    if what == "body":
        fields[ids.F_BODY][6] -= 1
    elif what == "head":
        fields[ids.F_UPTIME_MS] += 1
    elif what == "signature":
        fields[ids.F_BODY][11] = fields[ids.F_BODY][11][:-1] + bytes([fields[ids.F_BODY][11][-1] ^ 1])
    elif what == "of another message":
        kit.sender.seq -= 1
        fields[ids.F_BODY][11] = opened(kit, kit.sender.evidence(occurrence=2)[1])[ids.F_BODY][11]
    await kit.take(resealed(kit, fields))
    assert kit.reasons == [ids.R_SIGNATURE]
    assert kit.last_ack() == (1, 2, {2: ids.R_SIGNATURE})
    assert await stored(kit, 2) is None
    assert await kit.cases() == []
    async with kit.store.reading() as session:
        [event] = await security.of(session, kit.sender.device)
    assert (event.kind, event.reason, event.count) == (security.SIGNATURE, ids.R_SIGNATURE, 1)
    assert (event.data_json["kind"], event.data_json["seq"]) == ("evidence", 2)


async def test_a_consent_decision_that_somebody_else_signed_decides_nothing(kit: Bench) -> None:
    kit.sender.signing_key = ec.generate_private_key(ec.SECP256R1())
    await kit.take(kit.sender.consent(ids.IMPROVE))
    assert kit.reasons == [ids.R_SIGNATURE]
    async with kit.store.reading() as session:
        row = await session.get_one(DeviceRow, kit.sender.device)
    assert (row.consent_seq, row.consent_mask) == (1, traffic.CONSENT_SERVICE)


async def test_without_a_known_key_nothing_counts_as_signed(kit: Bench) -> None:
    async with kit.store.writing() as session:
        await session.execute(update(DeviceRow).values(public_key=None))
    await kit.take(kit.sender.evidence())
    evidence = await stored(kit, 2)
    assert evidence is not None
    assert evidence.signed is False


async def test_what_is_stored_can_be_handed_on(kit: Bench) -> None:
    _, message = kit.sender.evidence()
    await kit.take((kit.sender.topic(ids.EVIDENCE), message))
    row = await stored(kit, 2)
    assert row is not None
    payload, _ = unseal(row.raw, [kit.sender.key])
    told = statement(kit.sender.device, payload)
    assert told is not None
    public = sign1.public_bytes(sign1.private_key(kit.sender.identity.key_der).public_key())
    kid = bytes.fromhex(kit.sender.device)
    assert sign1.opened(told.cose(), public, kid) == sign1.Verified(kid, told.payload)
    assert cbor2.loads(told.payload)[ids.F_BODY] == cbor2.loads(payload)[ids.F_BODY][:11]


async def test_fields_that_a_later_firmware_adds_do_not_break_the_signature(kit: Bench) -> None:
    _, message = kit.sender.evidence()
    fields = opened(kit, message)
    fields[ids.F_BODY].append("new")
    await kit.take(resealed(kit, [*fields, 5]))
    evidence = await stored(kit, 2)
    assert evidence is not None
    assert evidence.signed is True


def test_every_kind_with_a_signature_ends_with_it() -> None:
    from trivet.models import BODIES

    assert {ids.EVIDENCE, ids.CONSENT} <= set(SIGNATURE_AT)
    for kind, place in SIGNATURE_AT.items():
        assert BODIES[kind].__struct_fields__[place] == "signature"
