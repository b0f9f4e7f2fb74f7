"""Signed statements leave the cloud as files that verify without it; a bad file, key or number gets a clear answer."""

import asyncio
import json
from pathlib import Path

import pytest
from cloud_kit import bench
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import update
from trivet import boards, evidence, sign1
from trivet.bench import traffic
from trivet.cli import app
from trivet.engine import pki
from trivet.evidence import EvidenceError
from trivet.store.tables import MessageRow
from trivet_wire import cbor, ids
from typer.testing import CliRunner, Result

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = sign1.public_bytes(KEY.public_key())
DEVICE = "00112233445566ff"
OVEN = boards.load("oven")


def trivet(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def signed(kind: int, body: list, wall_s: int | None = 1795600000) -> bytes:
    payload = cbor.encode([ids.VERSION, kind, 312, 848, 2_764_500, wall_s, 3, body])
    return sign1.signed(KEY, bytes.fromhex(DEVICE), payload)


def of_oven() -> bytes:
    event = next(number for number, code in enumerate(OVEN.codes) if code.event == "element_top_open")
    frames = [[0, ids.VALID, traffic.series([2874, 2881])], [1, ids.STUCK, traffic.series([612, 612])]]
    catalogue = boards.catalogue_id(OVEN)
    return signed(ids.EVIDENCE, [event, 0x2F, catalogue, 3, 415, 2, 127, 6, 500, b"", frames])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    file, key = tmp_path / "statement.cose", tmp_path / "key.pem"
    file.write_bytes(of_oven())
    key.write_bytes(evidence.pem(PUBLIC))
    return file, key


class Cloud:
    """A folder with a case and its evidence, and one that no key signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        asyncio.run(self._fill())

    async def _fill(self) -> None:
        async with bench(self.folder) as kit:
            self.device = kit.sender.device
            await kit.take(kit.sender.hello(), kit.sender.consent(), kit.sender.fault(), kit.sender.evidence())
            kit.sender.signing_key = None
            await kit.take(kit.sender.evidence(traffic.GASKET))
            self.cases = {case.event: case.id for case in await kit.cases()}

    def change(self, **values: object) -> None:
        async def run() -> None:
            from trivet.config import Settings
            from trivet.store import Store

            async with Store(Settings(data_dir=self.folder).url) as store, store.writing() as session:
                await session.execute(update(MessageRow).where(MessageRow.seq == 3).values(**values))

        asyncio.run(run())


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud")


def test_the_evidence_of_a_case_leaves_as_a_file_that_verifies_alone(cloud: Cloud, tmp_path: Path) -> None:
    file, key = tmp_path / "case.cose", tmp_path / "key.pem"
    done = trivet("evidence", "export", cloud.cases[traffic.ELEMENT], "--data", cloud.folder, "-o", file)
    assert done.exit_code == 0, done.output
    assert trivet("evidence", "key", cloud.device, "--data", cloud.folder, "-o", key).exit_code == 0
    done = trivet("evidence", "verify", file, "--key", key)
    assert done.exit_code == 0, done.output
    assert f"{cloud.device} (start 1, message 3)" in done.output
    assert "no trusted clock" in done.output


def test_a_decision_leaves_as_a_receipt(cloud: Cloud, tmp_path: Path) -> None:
    file, key = tmp_path / "receipt.cose", tmp_path / "key.pem"
    listed = trivet("evidence", "list", cloud.device, "--data", cloud.folder).output.splitlines()
    assert [line.split()[:2] for line in listed] == [
        [f"{cloud.device}/1/1", "consent"],
        [f"{cloud.device}/1/3", "evidence"],
    ]
    done = trivet("evidence", "export", f"{cloud.device}/1/1", "--data", cloud.folder, "-o", file)
    assert done.exit_code == 0, done.output
    trivet("evidence", "key", cloud.device, "--data", cloud.folder, "-o", key)
    said = trivet("evidence", "verify", file, "--key", key).output
    assert "decision 1: yes to service, by appliance" in said
    assert "safety, service" in said


def test_every_handing_out_stands_in_the_owner_s_log(cloud: Cloud, tmp_path: Path) -> None:
    words = ("--data", cloud.folder, "-o", tmp_path / "x", "--why", "A court asked for it")
    trivet("evidence", "export", f"{cloud.device}/1/3", *words)

    async def lines() -> list:
        from trivet.config import Settings
        from trivet.consent import uses
        from trivet.store import Store

        async with Store(Settings(data_dir=cloud.folder).url) as store, store.reading() as session:
            return await uses.of(session, cloud.device)

    [line] = asyncio.run(lines())
    assert (line.purpose, line.subject, line.why) == ("service", "signed evidence 1/3", "A court asked for it")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("999", "no case 999"),
        ("half a number", "neither a case's number nor a message's"),
        ("{device}/1/99", "not here"),
        ("{device}/1/2", "kind that appliances do not sign"),
        ("{device}/1/4", "unsigned"),
    ],
)
def test_what_cannot_be_handed_out_says_why(cloud: Cloud, tmp_path: Path, what: str, said: str) -> None:
    file = tmp_path / "x.cose"
    done = trivet("evidence", "export", what.format(device=cloud.device), "--data", cloud.folder, "-o", file)
    assert done.exit_code == 1
    assert said in done.output
    assert not file.exists()


def test_a_message_that_was_altered_in_the_database_is_not_handed_out(cloud: Cloud, tmp_path: Path) -> None:
    async def altered() -> bytes:
        from trivet.config import Settings
        from trivet.store import Store

        async with Store(Settings(data_dir=cloud.folder).url) as store, store.reading() as session:
            raw = bytearray((await session.get_one(MessageRow, (cloud.device, 1, 3))).raw)
        raw[raw.index(traffic.series([230] * 16)) + 1] ^= 2
        return bytes(raw)

    cloud.change(raw=asyncio.run(altered()))
    done = trivet("evidence", "export", f"{cloud.device}/1/3", "--data", cloud.folder, "-o", tmp_path / "x")
    assert done.exit_code == 1
    assert "altered here" in done.output


def test_without_a_cloud_it_says_where_it_looked(tmp_path: Path) -> None:
    done = trivet("evidence", "export", "1", "--data", tmp_path / "nowhere", "-o", tmp_path / "x")
    assert done.exit_code == 1
    assert "There is no cloud in" in done.output
    assert not (tmp_path / "nowhere").exists()


def test_a_file_says_who_when_which_code_and_which_signals(files: tuple[Path, Path]) -> None:
    file, key = files
    done = trivet("evidence", "verify", file, "--key", key)
    assert done.exit_code == 0, done.output
    row = next(code for code in OVEN.codes if code.event == "element_top_open")
    for words in (
        DEVICE,
        "2026-11-",
        " UTC",
        row.text["en"]["title"],
        "confirmed",
        "occurrence 2",
        "stuck",
        "every 0.5 s",
    ):
        assert words in done.output, words
    assert str(OVEN.signals[0].text["en"]) in done.output
    said = json.loads(trivet("evidence", "verify", file, "--key", key, "--json").output.splitlines()[-1])
    assert (said["device"], said["boot"], said["seq"], said["kind"]) == (DEVICE, 312, 848, "evidence")


def test_a_report_of_an_update_says_what_was_tried_and_why_it_went_back(tmp_path: Path) -> None:
    body = [bytes(range(8)), 7, ids.U_ROLLED_BACK, ids.R_FAULT, "1.2.0", "1.1.0", 5400, 1, 3]
    file, key = tmp_path / "update.cose", tmp_path / "key.pem"
    file.write_bytes(signed(ids.UPDATE_REPORT, body))
    key.write_bytes(evidence.pem(PUBLIC))
    told = trivet("evidence", "verify", file, "--key", key)
    assert told.exit_code == 0, told.output
    for text in (
        "update 1.2.0 (number 7): rolled back",
        "a new fault appeared",
        "1.1.0",
        "1:30:00, 1 operation",
        "event 3",
    ):
        assert text in told.stdout
    as_json = json.loads(trivet("evidence", "verify", file, "--key", key, "--json").stdout)
    assert as_json["kind"] == "update"


def test_a_head_of_the_ledger_is_read_too(tmp_path: Path) -> None:
    file, key = tmp_path / "head.cose", tmp_path / "key.pem"
    file.write_bytes(signed(ids.LEDGER_HEAD, [1999, bytes(32), 0, 0]))
    key.write_bytes(evidence.pem(PUBLIC))
    told = trivet("evidence", "verify", file, "--key", key)
    assert (told.exit_code, "a message of kind ledger" in told.stdout) == (0, True)


def test_a_certificate_serves_as_the_key(files: tuple[Path, Path]) -> None:
    file, key = files
    key.write_bytes(pki.certificate_pem(pki.new_device(pki.new_ca(), DEVICE, KEY.public_key())))
    assert trivet("evidence", "verify", file, "--key", key).exit_code == 0


def test_the_wrong_board_is_told(files: tuple[Path, Path]) -> None:
    file, key = files
    assert "another catalogue" in trivet("evidence", "verify", file, "--key", key, "--board", "washer").output
    assert trivet("evidence", "verify", file, "--key", key, "--board", "oven").exit_code == 0
    assert trivet("evidence", "verify", file, "--key", key, "--board", "no-such").exit_code == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no COSE_Sign1 of an appliance"),
        (b"hello", "no COSE_Sign1 of an appliance"),
        (bytes(5000), "too long"),
        (of_oven()[:-1], "was the file cut"),
        (of_oven() + b"\n", "changed by a text editor"),
        (of_oven()[:-1] + bytes([of_oven()[-1] ^ 1]), "signature does not fit"),
        (signed(ids.EVIDENCE, [1, 2, 3]), "cannot be read here"),
        (signed(99, []), "cannot be read here"),
        (sign1.signed(KEY, bytes(8), b""), "cannot be read here"),
    ],
    ids=["empty", "text", "long", "cut", "newline", "altered", "short body", "unknown kind", "empty payload"],
)
def test_a_bad_file_gets_a_clear_answer(files: tuple[Path, Path], content: bytes, said: str) -> None:
    file, key = files
    file.write_bytes(content)
    done = trivet("evidence", "verify", file, "--key", key)
    assert done.exit_code == 1
    assert said in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no public key"),
        (b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n", "holds no public key"),
        (b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "holds no public key"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_key_gets_a_clear_answer(files: tuple[Path, Path], content: bytes | None, said: str) -> None:
    file, key = files
    key.unlink() if content is None else key.write_bytes(content)
    done = trivet("evidence", "verify", file, "--key", key)
    assert done.exit_code == 1
    assert said in done.output


def test_a_key_of_another_curve_or_kind_is_told(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    for public, said in (
        (ec.generate_private_key(ec.SECP384R1()).public_key(), "P-256"),
        (ed25519.Ed25519PrivateKey.generate().public_key(), "another kind of key"),
    ):
        key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        with pytest.raises(EvidenceError, match=said):
            evidence.load_public(key)
