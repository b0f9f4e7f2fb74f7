"""Bytes that the real firmware made in MicroPython, read from its flash and judged by who shares no code with it."""

from pathlib import Path

import cbor2
import pycddl
import pytest
import trivet
from appliance.sim.flash import FileFlash
from appliance.store.journal import Journal
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from trivet.decode import decode
from trivet.engine import pki
from trivet.mac0 import MessageKey
from trivet.models import Evidence, Message
from trivet.sim.device import Device, Provision
from trivet.sim.world import World
from trivet_wire import ids, samples

SECRET, DEVICE, EPOCH = bytes(range(32)), "00112233445566ff", 1
SIGNING_KEY = ec.generate_private_key(ec.SECP256R1())
SECTOR = 4096


@pytest.fixture(scope="module")
def spooled(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What an oven without a link has queued after its upper element broke and it was restarted; all is allowed."""
    device = Device(tmp_path_factory.mktemp("oven"))
    identity = Provision(DEVICE, SECRET, "oven", EPOCH, key_der=pki.key_der(SIGNING_KEY))
    with World("oven", device, identity=identity, faults=[("element_top_open", 600)]) as world:
        for purpose in ("service", "improve", "personal"):
            world.say(f"consent {purpose} yes")
        world.run_until(960)
        world.restart()
        world.run_until(970)
        queued = world.state.queued
    messages = read_spool(device.journal)
    assert len(messages) == queued
    return messages


def read_spool(image: Path) -> list[bytes]:
    from appliance.outbox.spool import Spool

    journal = Journal(FileFlash(str(image), image.stat().st_size // SECTOR))
    journal.mount()
    spool = Spool(journal, 2)
    spool.load()
    messages = []
    buf = bytearray(ids.MAX_MESSAGE)
    while size := spool.peek(buf):
        messages.append(bytes(buf[:size]))
        spool.mark_sent()
    return messages


def test_every_kind_of_a_bad_day_is_there(spooled: list[bytes]) -> None:
    kinds = {cbor2.loads(cbor2.loads(message)[2])[ids.F_KIND] for message in spooled}
    assert {ids.FAULT, ids.EVIDENCE, ids.HEARTBEAT, ids.CONSENT, ids.OPERATION, ids.INVENTORY} <= kinds


def test_the_rules_and_an_independent_reader_accept_them(spooled: list[bytes]) -> None:
    cddl = (Path(trivet.__file__).parent / "messages.cddl").read_text(encoding="utf-8")
    for message in spooled:
        protected, unprotected, payload, tag = cbor2.loads(message, allow_duplicate_keys=False)
        assert (cbor2.loads(protected), unprotected) == ({1: 4}, {})
        mac = hmac.HMAC(SECRET, hashes.SHA256())
        mac.update(cbor2.dumps(["MAC0", protected, bytes.fromhex(DEVICE) + bytes([EPOCH]), payload]))
        assert tag == mac.finalize()[:8]
        fields = cbor2.loads(payload, allow_duplicate_keys=False)
        assert cbor2.dumps(fields, canonical=True) == payload
        rule = ids.KIND_NAMES[fields[ids.F_KIND]] + "-message"
        pycddl.Schema(cddl).validate_cbor(message)
        pycddl.Schema(f"root = {rule}\n{cddl}").validate_cbor(payload)


def test_the_sdk_reads_them_in_order(spooled: list[bytes]) -> None:
    key = MessageKey(SECRET, DEVICE, EPOCH)
    seqs = []
    for message in spooled:
        kind = ids.KIND_NAMES[cbor2.loads(cbor2.loads(message)[2])[ids.F_KIND]]
        read = decode(f"t/{DEVICE}/u/{kind}", message, [key])
        assert isinstance(read, Message)
        assert read.extra == 0
        seqs.append((read.boot, read.seq))
        if isinstance(read.body, Evidence):
            assert read.body.frames
            assert all(frame.values() for frame in read.body.frames)
    assert seqs == sorted(set(seqs))


def test_evidence_and_decisions_are_signed(spooled: list[bytes]) -> None:
    """The Sig_structure of RFC 9052, section 4.4, built here; only `cryptography` judges."""
    signed = {ids.EVIDENCE: 0, ids.CONSENT: 0}
    for message in spooled:
        fields = cbor2.loads(cbor2.loads(message)[2])
        if fields[ids.F_KIND] in signed:
            signed[fields[ids.F_KIND]] += 1
            signature = fields[ids.F_BODY].pop()
            protected = cbor2.dumps({1: -9, 4: bytes.fromhex(DEVICE)}, canonical=True)
            structure = cbor2.dumps(["Signature1", protected, b"", cbor2.dumps(fields, canonical=True)])
            encoded = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
            SIGNING_KEY.public_key().verify(encoded, structure, ec.ECDSA(hashes.SHA256()))
    assert signed[ids.CONSENT] == 3
    assert signed[ids.EVIDENCE] >= 1


def test_eight_signals_of_sixteen_samples_keep_to_the_goal(spooled: list[bytes]) -> None:
    """The oven freezes fewer: its own evidence, signed, with its longest series again until there are eight."""
    payloads = {message: cbor2.loads(cbor2.loads(message)[2]) for message in spooled}
    message, body = next((m, fields[7]) for m, fields in payloads.items() if fields[ids.F_KIND] == ids.EVIDENCE)
    frames = body[10]
    assert all(len(samples.unpack(frame[2])) == 16 for frame in frames)
    assert body[11] is not None
    longest = max(len(cbor2.dumps(frame)) for frame in frames)
    assert len(message) + max(0, 8 - len(frames)) * longest <= 420


def test_they_keep_to_the_size_goals(spooled: list[bytes]) -> None:
    """As made by the oven: fault and heartbeat with whatever its counters say, evidence with its own freeze frame."""
    goals = {ids.FAULT: 48, ids.HEARTBEAT: 48, ids.EVIDENCE: 420}
    for message in spooled:
        kind = cbor2.loads(cbor2.loads(message)[2])[ids.F_KIND]
        assert len(message) <= goals.get(kind, ids.MAX_MESSAGE)
