"""Credentials at the vendor: what is issued verifies, what is revoked is told to every appliance, and a technician's
file says what is wrong with it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest
from cloud_kit import bench
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from trivet import credentials, sign1
from trivet.cli import app
from trivet.credentials import CredentialError, wire
from trivet.credentials.wallet import Wallet, new_key, read_wallet
from trivet.keys import LocalSigner
from trivet.store.tables import CommandRow
from trivet_wire import cbor, credential, ids
from typer.testing import CliRunner

pytestmark = pytest.mark.usefixtures("database")

SIGNER = LocalSigner(bytes(range(1, 33)))
KEY, PUBLIC = new_key(None)
QUARTER = dt.timedelta(days=90)
DEVICE = "00112233445566ff"


async def test_what_is_issued_verifies_and_stands_in_the_book(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        async with kit.store.writing() as session:
            serial, message = await credentials.issue(session, SIGNER, "Ada Bauer", PUBLIC, ("test",), ("DE",), QUARTER)
        held = wire.read_credential(message, SIGNER.public)
        assert (held.serial, held.name, held.may, held.regions) == (serial, "Ada Bauer", ids.MAY_TEST, ["DE"])
        assert held.expires - held.issued == QUARTER.total_seconds()
        assert len(message) <= ids.MAX_CREDENTIAL
        async with kit.store.reading() as session:
            [line] = await credentials.book(session)
        assert (line.serial, line.roles, line.revoked_at) == (serial, ["test"], None)


MISTAKES: dict[str, tuple[dict[str, object], str]] = {
    "no name": ({"name": " "}, "name"),
    "a name too long": ({"name": "é" * 17}, "name"),
    "a role there is not": ({"roles": ("king",)}, "no role 'king'"),
    "no role": ({"roles": ()}, "without a role"),
    "a region in words": ({"regions": ("Germany",)}, "no region"),
    "too many regions": ({"regions": tuple("ABCDEFGHI"[i] + "A" for i in range(9))}, "at most"),
    "for ever": ({"lasts": dt.timedelta(days=400)}, "lasts up to"),
}


@pytest.mark.parametrize("case", MISTAKES)
async def test_a_mistake_is_said_and_nothing_is_issued(tmp_path: Path, case: str) -> None:
    change, text = MISTAKES[case]
    asked = {"name": "Ada", "public": PUBLIC, "roles": ("test",), "regions": (), "lasts": QUARTER} | change
    async with bench(tmp_path) as kit, kit.store.writing() as session:
        with pytest.raises(CredentialError, match=text):
            await credentials.issue(session, SIGNER, **asked)  # type: ignore[arg-type]
        assert await credentials.book(session) == []


async def test_a_revocation_goes_to_every_appliance_with_a_number_that_only_rises(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit:
        async with kit.store.writing() as session:
            assert await credentials.revoked_list(session, SIGNER) is None
            serials = [
                (await credentials.issue(session, SIGNER, f"T {i}", PUBLIC, ("fix",), (), QUARTER))[0] for i in range(3)
            ]
        for serial in serials[:2]:
            async with kit.store.writing() as session:
                assert await credentials.revoke(session, serial) == 1
        async with kit.store.writing() as session:
            with pytest.raises(CredentialError, match="already"):
                await credentials.revoke(session, serials[0])
            with pytest.raises(CredentialError, match="no credential has the number"):
                await credentials.revoke(session, 99)
            rows = list(await session.scalars(select(CommandRow).order_by(CommandRow.counter)))
            assert [row.command for row in rows] == [ids.C_REVOKE, ids.C_REVOKE]
            assert [cbor.decode(row.args) for row in rows] == [[1, serials[:1]], [2, serials[:2]]]
            listed = await credentials.revoked_list(session, SIGNER)
        assert listed is not None
        assert wire.read_list(listed)[0] == 2
        assert wire.read_list(listed)[2] == serials[:2]


async def test_a_full_list_is_a_command_that_fits(tmp_path: Path) -> None:
    async with bench(tmp_path) as kit, kit.store.writing() as session:
        for i in range(ids.MAX_REVOKED + 2):
            serial, _ = await credentials.issue(session, SIGNER, "T", PUBLIC, ("fix",), (), dt.timedelta(days=i + 1))
            await credentials.revoke(session, serial)
        last = (await session.scalars(select(CommandRow).order_by(CommandRow.counter.desc()))).first()
        assert last is not None
        number, serials = cbor.decode(last.args)
        assert number == ids.MAX_REVOKED + 2
        assert serials == list(range(3, ids.MAX_REVOKED + 3)), "those that would hold longest"


@given(st.binary(min_size=16, max_size=16))
def test_an_answer_is_for_one_appliance_and_one_challenge(nonce: bytes) -> None:
    wallet = Wallet(wire.signed_credential(SIGNER, 7, "Ada", PUBLIC, 1, (), 1, 2), KEY)
    made = wallet.answer(DEVICE, nonce)
    payload = credential.challenge(bytes.fromhex(DEVICE), nonce)
    assert payload == cbor.encode([credential.GRANT, bytes.fromhex(DEVICE), nonce])
    assert sign1.fits(PUBLIC, credential.key_id(7), payload, made)


def test_a_sealed_file_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    key, public = new_key("öffne dich")
    wallet = Wallet(wire.signed_credential(SIGNER, 7, "Ada", public, 1, (), 1, 2), key)
    wallet.save(tmp_path / "ada.json")
    assert (tmp_path / "ada.json").stat().st_mode & 0o077 == 0
    found = read_wallet(tmp_path / "ada.json")
    assert found == wallet
    with pytest.raises(CredentialError, match="sealed"):
        found.answer(DEVICE, bytes(16))
    with pytest.raises(CredentialError, match="does not open"):
        found.answer(DEVICE, bytes(16), lambda: "simsalabim")
    assert len(found.answer(DEVICE, bytes(16), lambda: "öffne dich")) == 64
    with pytest.raises(CredentialError, match="not overwritten"):
        wallet.save(tmp_path / "ada.json")


def test_a_key_that_is_not_the_credentials_answers_nothing() -> None:
    other, _ = new_key(None)
    wallet = Wallet(wire.signed_credential(SIGNER, 7, "Ada", PUBLIC, 1, (), 1, 2), other)
    with pytest.raises(CredentialError, match="not the one"):
        wallet.answer(DEVICE, bytes(16))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "{", '{"format": 1, "credential": "!", "key": "", "revoked": null}', '{"format": 1}']
)
def test_what_is_no_technicians_file_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text, encoding="utf-8")
    with pytest.raises(CredentialError, match="no technician's file"):
        read_wallet(tmp_path / "x")


def test_the_words_of_the_command(tmp_path: Path) -> None:
    async def found() -> None:
        async with bench(tmp_path):
            pass

    asyncio.run(found())
    run = CliRunner()

    def said(*words: str, code: int = 0) -> str:
        done = run.invoke(app, ["credential", *words])
        assert done.exit_code == code, done.output
        return done.output + done.stderr

    data = ("--data", str(tmp_path))
    file = str(tmp_path / "ada.json")
    assert "no cloud" in said("issue", "Ada", "--out", file, "--data", str(tmp_path / "none"), code=1)
    assert "Credential 1 for Ada" in said("issue", "Ada", "--out", file, "--role", "test", "--region", "DE", *data)
    assert "not overwritten" in said("issue", "Ada", "--out", file, *data, code=1)
    assert json.loads(said("show", file, "--json").splitlines()[-1])["roles"] == ["test"]
    assert "DE" in said("show", file)
    assert "holds" in said("list", *data)
    mine, theirs, both = (str(tmp_path / name) for name in ("mine.json", "theirs.json", "both.json"))
    public = json.loads(said("request", mine, "--json").splitlines()[-1])["public"]
    assert "128 hexadecimal" in said("issue", "Bo", "--out", theirs, "--public", public[2:], *data, code=1)
    assert "accept" in said("issue", "Bo", "--out", theirs, "--public", public, *data)
    assert "has not signed" in said("show", mine, code=1)
    assert "does not" not in said("accept", mine, theirs, "--out", both)
    assert len(read_wallet(Path(both)).answer(DEVICE, bytes(16))) == 64
    with pytest.raises(CredentialError, match="no key"):
        read_wallet(Path(theirs)).answer(DEVICE, bytes(16))
    assert "not the one" in said("accept", file, theirs, "--out", str(tmp_path / "other.json"), code=1)
    assert "revoked" in said("revoke", "1", *data)
    assert "already" in said("revoke", "1", *data, code=1)
    assert json.loads(said("list", "--json", *data).splitlines()[-1])["credentials"][-1]["state"] == "revoked"
