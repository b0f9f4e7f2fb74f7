"""The vendor's keys: made once, sealed by a passphrase, opened wherever they are, and never handed out."""

import base64
import hmac
import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from trivet import keys
from trivet.keys import KeysError, LocalSigner, Passphrase, Places, Safe, SecretMaster, safe
from trivet.keys.environment import places_from
from trivet.vault import Vault

PASSPHRASE = "four random words here"
SECRET = bytes(range(32))
DEVICE = "00112233445566ff"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe, "COST", (14, 8, 1))


def opened(folder: Path, text: str | None = PASSPHRASE, **places: str) -> Vault:
    return Vault(folder, Places(passphrase=Passphrase(text) if text else None, **places))


def identities(vault: Vault) -> tuple[str, bytes, bytes]:
    return keys.fingerprint(vault.master), vault.command_key.public, vault.ca_file.read_bytes()


def test_a_message_key_is_hkdf_of_device_and_epoch_and_nothing_gives_the_secret() -> None:
    master = SecretMaster(SECRET)
    extracted = hmac.digest(bytes.fromhex(DEVICE), SECRET, "sha256")  # RFC 5869, sections 2.2 and 2.3
    assert master.message_key(DEVICE, 1) == hmac.digest(extracted, b"trivet message key\1\1", "sha256")
    found = {master.message_key(DEVICE, 1), master.message_key(DEVICE, 2), master.message_key("0" * 16, 1)}
    assert len(found) == 3
    for shown in (repr(master), str(vars(master).keys())):
        assert SECRET.hex() not in shown
    with pytest.raises(TypeError):
        pickle.dumps(master)
    with pytest.raises(KeysError, match="32 bytes"):
        SecretMaster(b"short")


def test_a_signature_is_ecdsa_over_the_digest() -> None:
    signer = LocalSigner(SECRET)
    signature = signer.sign(bytes(32))
    der = utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + signer.public)
    public.verify(der, bytes(32), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    assert SECRET.hex() not in repr(signer)
    with pytest.raises(TypeError):
        pickle.dumps(signer)
    for bad in (bytes(32), b"\xff" * 32, b"short"):
        with pytest.raises(KeysError, match="no private key"):
            LocalSigner(bad)


def test_a_passphrase_leaves_no_key_readable_on_disk(tmp_path: Path) -> None:
    plain = opened(tmp_path / "plain", None)
    secrets = [(plain.directory / name).read_bytes() for name in ("master.key", "command.key", "ca.key")]
    before = identities(plain)
    again = opened(tmp_path / "plain")  # the passphrase comes later: today's files are sealed
    assert identities(again) == before
    for file in again.directory.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert not any(secret in file.read_bytes() for secret in secrets), file
    assert identities(opened(tmp_path / "plain")) == before


@pytest.mark.parametrize(("text", "says"), [(None, "TRIVET_PASSPHRASE_FILE"), ("another passphrase", "does not open")])
def test_without_the_passphrase_nothing_opens_and_nothing_changes(tmp_path: Path, text: str | None, says: str) -> None:
    opened(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(KeysError, match=says):
        opened(tmp_path, text)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_cut_between_two_files_leaves_all_of_them_readable(tmp_path: Path) -> None:
    before = identities(opened(tmp_path, None))
    plain = {name: (tmp_path / name).read_bytes() for name in ("master.key", "command.key", "ca.key")}
    opened(tmp_path)
    for name, data in plain.items():
        (tmp_path / name).write_bytes(data)  # as if it had not been reached
        assert identities(opened(tmp_path)) == before
        assert (tmp_path / name).read_bytes() != data


def test_changing_the_passphrase_rewrites_one_file(tmp_path: Path) -> None:
    before = identities(opened(tmp_path))
    sealed = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    Safe(tmp_path, Passphrase(PASSPHRASE)).protect(Passphrase("quite another one"))
    assert {file.name for file in tmp_path.iterdir() if file.read_bytes() != sealed[file.name]} == {safe.LOCK}
    assert identities(opened(tmp_path, "quite another one")) == before
    with pytest.raises(KeysError, match="does not open"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["master.key", "command.key", "ca.key", safe.LOCK])
def test_every_altered_byte_of_a_sealed_file_is_noticed(tmp_path: Path, name: str) -> None:
    opened(tmp_path)
    good = (tmp_path / name).read_bytes()
    for at in range(0, len(good), max(1, len(good) // 12)):
        (tmp_path / name).write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(ValueError, match=r"damaged|does not open|PEM|no private key|32 bytes"):
            opened(tmp_path)
    (tmp_path / name).write_bytes(good)
    opened(tmp_path)


def test_sealed_files_do_not_change_places(tmp_path: Path) -> None:
    opened(tmp_path)
    (tmp_path / "command.key").write_bytes((tmp_path / "master.key").read_bytes())
    with pytest.raises(KeysError, match="damaged or of another cloud"):
        opened(tmp_path)


def test_a_lost_lock_file_is_said(tmp_path: Path) -> None:
    opened(tmp_path)
    (tmp_path / safe.LOCK).unlink()
    with pytest.raises(KeysError, match="restore that from the backup"):
        opened(tmp_path, None)


def test_a_short_passphrase_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="12 characters"):
        opened(tmp_path, "short")
    assert list(tmp_path.iterdir()) == []


def test_containers_bring_keys_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIVET_MASTER_KEY", SECRET.hex())
    monkeypatch.setenv("TRIVET_COMMAND_SCALAR", base64.b64encode(SECRET).decode())
    vault = opened(tmp_path, None, master="env:TRIVET_MASTER_KEY", command_key="env:TRIVET_COMMAND_SCALAR")
    assert vault.master.message_key(DEVICE, 3) == SecretMaster(SECRET).message_key(DEVICE, 3)
    assert vault.command_key.public == LocalSigner(SECRET).public
    assert not vault.places.exposed
    assert not any(SECRET in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("env:HOME", "begin the variable's name with TRIVET_"),
        ("env:TRIVET_NOT_SET", "not set"),
        ("env:TRIVET_ODD", "64 hex digits or Base64"),
        ("master.key", "no place of a key"),
        ("pkcs11:token=1", "entry point group trivet.keys"),
    ],
)
def test_a_wrong_place_says_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, says: str
) -> None:
    monkeypatch.setenv("TRIVET_ODD", "abcd")
    with pytest.raises(KeysError, match=says):
        opened(tmp_path, None, master=place)


def test_another_key_than_before_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path, None)
    monkeypatch.setenv("TRIVET_OTHER", SECRET.hex())
    with pytest.raises(KeysError, match="another master secret"):
        opened(tmp_path, None, master="env:TRIVET_OTHER")
    with pytest.raises(KeysError, match="another command key"):
        opened(tmp_path, None, command_key="env:TRIVET_OTHER")


def test_an_installed_package_opens_its_own_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution as pip leaves it, found by its entry point."""
    (tmp_path / "token_keys.py").write_text(
        "from trivet.keys import LocalSigner, SecretMaster\n"
        "class Token:\n"
        "    def open_master(self, rest): return SecretMaster(rest.encode().ljust(32, b'.'))\n"
        "    def open_signer(self, rest): return LocalSigner(rest.encode().rjust(32, b'\\1'))\n"
        "token = Token()\n"
    )
    info = tmp_path / "token_keys-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: token-keys\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[trivet.keys]\ntoken = token_keys:token\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    vault = opened(tmp_path / "secrets", None, master="token:slot 1", command_key="token:slot 2")
    assert vault.master.message_key(DEVICE, 1) == SecretMaster(b"slot 1".ljust(32, b".")).message_key(DEVICE, 1)
    assert not (vault.directory / "master.key").exists()
    assert not vault.places.exposed


def test_the_passphrase_comes_by_file_descriptor_variable_or_prompt(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\nsecond line\n")
    read, write = os.pipe()
    os.write(write, PASSPHRASE.encode())
    os.close(write)
    opened(tmp_path / "secrets")
    for environment in (
        {"TRIVET_PASSPHRASE_FILE": str(file)},
        {"TRIVET_PASSPHRASE_FILE": f"/dev/fd/{read}"},
        {"TRIVET_PASSPHRASE": PASSPHRASE},
    ):
        found = places_from(environment, tmp_path / "secrets", lambda: pytest.fail("nobody is to be asked"))
        Vault(tmp_path / "secrets", found)
        assert "TRIVET_PASSPHRASE" not in environment
        assert PASSPHRASE not in repr(found)
    os.close(read)
    Vault(tmp_path / "secrets", places_from({}, tmp_path / "secrets", lambda: PASSPHRASE))
    assert places_from({}, tmp_path / "new", lambda: pytest.fail("nothing is locked")).passphrase is None


@pytest.mark.parametrize(("name", "says"), [("missing", "cannot be read"), ("empty", "first line is empty")])
def test_a_passphrase_file_that_is_none_is_said(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(KeysError, match=says):
        places_from({"TRIVET_PASSPHRASE_FILE": str(tmp_path / name)}, tmp_path, lambda: None)


def trivet(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trivet.cli", *words]
    known = {name: value for name, value in os.environ.items() if not name.startswith("TRIVET_")}
    return subprocess.run(
        command,
        env=known | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_serving_other_machines_needs_a_passphrase_or_a_word(tmp_path: Path) -> None:
    done = trivet("serve", "--data", str(tmp_path / "cloud"), "--host", "0.0.0.0")
    assert done.returncode == 1
    assert "TRIVET_PASSPHRASE_FILE" in done.stderr
    assert "--exposed-keys" in done.stderr
    assert not (tmp_path / "cloud" / "secrets").exists()


def test_keys_are_protected_and_shown_from_the_command_line(tmp_path: Path) -> None:
    new = tmp_path / "passphrase"
    new.write_text(PASSPHRASE)
    vault = Vault(tmp_path / "secrets")
    data = ("--data", str(tmp_path))
    assert "pretend to be this cloud" in trivet("keys", "show", *data).stdout
    assert trivet("keys", "protect", *data, "--new-passphrase-file", str(new)).returncode == 0
    locked = trivet("keys", "show", *data)
    assert locked.returncode == 1
    assert "locked" in locked.stderr
    shown = trivet("keys", "show", "--json", *data, TRIVET_PASSPHRASE_FILE=str(new))
    assert vault.command_key.public.hex() in shown.stdout
    assert keys.fingerprint(vault.master) in shown.stdout
    assert trivet("keys", "show", "--data", str(tmp_path / "none")).returncode == 1
