"""`trivet release keys`: a first root of keys, the next one by the old, and nothing that an appliance would refuse."""

from __future__ import annotations

import contextlib
import json
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet.cli import app
from trivet.release import ReleaseError, folder, keyset, lms, numbers, roots
from trivet.release.hands import Hand, open_hand
from trivet.release.keyset import Change
from trivet.release.roots import Key, KeyManifest, Roots
from trivet_wire import ids
from typer.testing import CliRunner

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`trivet release …` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["release", *map(str, words)])


def said(done: Any) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def init(run: Run, *more: str) -> Any:
    return said(
        run("keys", "init", "--out", "roots.cbor", "--key", "file:a.key", "--key", "file:b.key", *more, "--json")
    )


def test_a_first_set_wants_more_than_half_of_its_keys(run: Run, tmp_path: Path) -> None:
    made = init(run, "--key", "file:c.key")
    assert (made["number"], made["threshold"], made["hash_signature"]) == (1, 2, False)
    form, number, threshold, wanted, rows, revoked = cbor2.loads((tmp_path / "roots.cbor").read_bytes())
    assert (form, number, threshold, wanted, revoked) == (1, 1, 2, False, [])
    assert [row[0].hex() for row in rows] == sorted(row["kid"] for row in made["keys"])
    assert all((row[1], len(row[2])) == (-9, 64) for row in rows)
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    init(run)
    before = (tmp_path / "roots.cbor").read_bytes()
    again = run("keys", "init", "--out", "roots.cbor", "--key", "file:a.key")
    assert again.exit_code == 1
    assert "is not overwritten" in again.output
    assert (tmp_path / "roots.cbor").read_bytes() == before


def test_people_elsewhere_give_only_their_public_halves(run: Run, tmp_path: Path) -> None:
    open_hand(f"file:{tmp_path}/theirs.key", make=True)
    run("keys", "show", "--key", "file:theirs.key", "--pem", "theirs.pem")
    kid = said(run("keys", "show", "--key", "file:theirs.key", "--json"))["kid"]
    (tmp_path / "theirs.key").unlink()
    made = init(run, "--public", "theirs.pem")
    assert kid in [row["kid"] for row in made["keys"]]


def test_the_old_set_signs_the_new_one_and_a_revoked_key_is_out(run: Run, tmp_path: Path) -> None:
    made = init(run)
    leaving = said(run("keys", "show", "--key", "file:b.key", "--json"))["kid"]
    words = ("--roots", "roots.cbor", "--out", "k2", "--revoke", leaving[:6], "--add", "file:c.key", "--json")
    first = said(run("keys", "rotate", *words, "--key", "file:a.key"))
    assert first["ready"] is False
    assert not (tmp_path / "roots-2.cbor").exists()
    done = said(run("keys", "sign", "k2", "--roots", "roots.cbor", "--key", "file:b.key", "--json"))
    assert done["ready"] is True
    assert done["revoked"] == [leaving]
    assert (done["number"], done["threshold"]) == (2, made["threshold"])
    old = roots.read((tmp_path / "roots.cbor").read_bytes())
    new = roots.following(old, (tmp_path / "k2").read_bytes())
    assert new.encode() == (tmp_path / "roots-2.cbor").read_bytes()
    assert leaving not in [one.kid.hex() for one in new.keys]


def test_a_release_needs_the_hash_based_signature_where_the_root_asks_for_it(
    run: Run, release: folder.Release, tmp_path: Path
) -> None:
    made = init(run, "--key", "lms:d.lms", "--threshold", "1")
    assert made["hash_signature"] is True
    known = ("--roots", "roots.cbor")
    alone = run("sign", release.path, "--key", "lms:d.lms", *known)
    assert alone.exit_code == 1
    assert "never signs alone" in alone.output
    assert said(run("keys", "show", "--key", "lms:d.lms", "--json"))["signatures_left"] == 1024
    assert said(run("sign", release.path, "--key", "file:a.key", *known, "--json"))["ready"] is False
    assert said(run("sign", release.path, "--key", "lms:d.lms", *known, "--json"))["ready"] is True
    assert said(run("verify", release.path, *known, "--json"))["good"] is True
    assert (
        said(run("inspect", release.path, "--key", "roots.cbor", "--json"))["signatures"][1]["algorithm"] == "HSS-LMS"
    )
    assert said(run("keys", "show", "--key", "lms:d.lms", "--json"))["signatures_left"] == 1023


def test_the_state_of_a_hash_based_key_that_came_from_a_backup_is_noticed(
    run: Run, release: folder.Release, tmp_path: Path
) -> None:
    init(run, "--key", "lms:d.lms", "--threshold", "1")
    state = tmp_path / "d.lms.state"
    backup = state.read_bytes()
    words = ("sign", release.path, "--key", "file:a.key", "--key", "lms:d.lms", "--roots", "roots.cbor")
    assert run(*words).exit_code == 0
    state.write_bytes(backup)
    again = run(*words)
    assert again.exit_code == 1
    assert "old copy" in again.output


SEALED = "correct horse battery staple"


def test_a_passphrase_seals_release_keys(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trivet.commands import release_common

    def given(text: str | None) -> None:
        release_common._found.clear()
        if text is not None:
            monkeypatch.setenv("TRIVET_PASSPHRASE", text)

    given(SEALED)
    (tmp_path / "keys").mkdir()
    made = said(run("keys", "init", "--out", "roots.cbor", "--key", "file:keys/a.key", "--json"))
    assert b"sealed" in (tmp_path / "keys" / "a.key").read_bytes()
    given(None)
    locked = run("keys", "show", "--key", "file:keys/a.key")
    assert locked.exit_code == 1
    assert "are locked" in locked.output
    given(SEALED)
    assert said(run("keys", "show", "--key", "file:keys/a.key", "--json"))["kid"] == made["keys"][0]["kid"]
    given(None)


def key(number: int, algorithm: int = numbers.ESP256) -> Key:
    if algorithm == numbers.HSS_LMS:
        return Key(algorithm, lms.Secret(bytes(16), bytes([number]) * 32).public)
    from cryptography.hazmat.primitives.asymmetric import ec
    from trivet.sign1 import public_bytes

    return Key(algorithm, public_bytes(ec.derive_private_key(number, ec.SECP256R1()).public_key()))


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (Roots(0, 1, False, (key(1),)), "is 1 … 2"),
        (Roots(1, 0, False, (key(1),)), "cannot be wanted"),
        (Roots(1, 2, False, (key(1),)), "cannot be wanted"),
        (Roots(1, 1, False, (key(1, numbers.HSS_LMS),)), "cannot be wanted of 0 keys"),
        (Roots(1, 1, True, (key(1),)), "no key makes one"),
        (Roots(1, 1, False, (key(1), key(1))), "twice"),
        (Roots(1, 1, False, (key(1), key(2)), (key(2).kid,)), "in it and revoked"),
        (Roots(1, 1, False, tuple(key(i) for i in range(1, 16))), "an appliance holds 1024"),
        (Roots(1, 1, False, (Key(numbers.ES256, key(1).public),)), "P-256 and HSS-LMS"),
    ],
)
def test_a_set_that_no_appliance_would_take_is_not_made(wrong: Roots, problem: str) -> None:
    with pytest.raises(ReleaseError, match=problem):
        wrong.encode()


def test_what_was_revoked_does_not_come_back() -> None:
    old = Roots(3, 1, False, (key(1), key(2)), (key(3).kid,))
    with pytest.raises(ReleaseError, match="does not come back"):
        keyset.changed(old, Change(add=(key(3),)))
    with pytest.raises(ReleaseError, match="nothing is changed"):
        keyset.changed(old, Change())
    with pytest.raises(ReleaseError, match="names 0 keys"):
        keyset.changed(old, Change(revoke=("ffffffffffff",)))


def test_a_key_manifest_leads_only_from_the_set_before(tmp_path: Path) -> None:
    hands: list[Hand] = [open_hand(f"file:{tmp_path / name}", make=True) for name in "abc"]
    old = Roots(1, 2, False, tuple(hand.key for hand in hands))
    new = keyset.changed(old, Change(remove=(hands[2].key.kid.hex(),)))
    signed = keyset.sign(KeyManifest(new.encode()), old, new, hands)
    assert roots.following(old, signed.encode()) == roots.read(new.encode())
    later = keyset.changed(new, Change(threshold=1))
    with pytest.raises(ReleaseError, match="after 1 comes 2"):
        roots.following(old, keyset.sign(KeyManifest(later.encode()), new, later, hands[:2]).encode())
    with pytest.raises(ReleaseError, match="for the old set: 1 of 2"):
        roots.following(old, keyset.sign(KeyManifest(new.encode()), old, new, hands[:1]).encode())
    with pytest.raises(ReleaseError, match=f"for the new set: 1 of 2.*{ids.REASON_NAMES[ids.R_THRESHOLD]}"):
        roots.following(old, keyset.sign(KeyManifest(new.encode()), old, new, hands[1:]).encode())


@given(st.data())
def test_every_altered_byte_of_a_root_or_key_manifest_is_noticed(data: st.DataObject) -> None:
    made = Roots(1, 1, False, (key(1), key(2))).encode()
    at, change = data.draw(st.integers(0, len(made) - 1)), data.draw(st.integers(1, 255))
    altered = made[:at] + bytes([made[at] ^ change]) + made[at + 1 :]
    try:
        found = roots.read(altered)
    except ReleaseError:
        return
    assert found.encode() == altered
    good = KeyManifest(made).encode()
    with pytest.raises(ReleaseError):
        roots.read_manifest(good.replace(made, altered))


MODULE = next((path for path in Path("/usr/lib").glob("**/softhsm/libsofthsm2.so")), None)


@pytest.fixture
def forgotten() -> Iterator[None]:
    """A token that refuses leaves its error in this thread's OpenSSL, where the next TLS context would find it."""
    yield
    with contextlib.suppress(ssl.SSLError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=b"no certificate")


@pytest.mark.skipif(MODULE is None or not shutil.which("softhsm2-util"), reason="needs SoftHSM (apt install softhsm2)")
@pytest.mark.usefixtures("forgotten")
def test_a_key_on_a_token_signs_and_never_leaves_it(
    run: Run, release: folder.Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pkcs11 = pytest.importorskip("pkcs11")
    (tmp_path / "tokens").mkdir()
    config = tmp_path / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(config))
    make = ["softhsm2-util", "--init-token", "--free", "--label", "release", "--so-pin", "4321", "--pin", "1234"]
    subprocess.run(make, check=True, capture_output=True)
    token = pkcs11.lib(str(MODULE)).get_token(token_label="release")
    with token.open(rw=True, user_pin="1234") as session:
        encoded = pkcs11.util.ec.encode_named_curve_parameters("secp256r1")
        curve = session.create_domain_parameters(pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: encoded}, local=True)
        curve.generate_keypair(store=True, label="first")
    place = f"pkcs11:token=release;object=first?module-path={MODULE}"
    monkeypatch.setenv("TRIVET_PKCS11_PIN", "9999")
    refused = run("keys", "show", "--key", place)
    assert refused.exit_code == 1
    assert "the token does not open" in refused.output
    monkeypatch.setenv("TRIVET_PKCS11_PIN", "1234")
    assert len(said(run("keys", "init", "--out", "roots.cbor", "--key", place, "--json"))["keys"]) == 1
    assert said(run("sign", release.path, "--key", place, "--roots", "roots.cbor", "--json"))["ready"] is True
    assert said(run("verify", release.path, "--roots", "roots.cbor", "--json"))["good"] is True
    for wrong, problem in (("second", "0 elliptic private keys fit"), ("first;color=red", "is none of")):
        refused = run("keys", "show", "--key", f"pkcs11:token=release;object={wrong}?module-path={MODULE}")
        assert refused.exit_code == 1
        assert problem in refused.output
