"""A board becomes an appliance: it makes its own key in MicroPython and proves it, the registry certifies it, and the
private key is on the board and nowhere else."""

import base64
import json
import os
import secrets
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from commands_house import House, house
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from littlefs import LittleFS
from trivet import boards, sign1
from trivet.config import Settings
from trivet.engine import pki
from trivet.registry import Registry, RegistryError
from trivet.release.roots import Key, Roots
from trivet.sim.device import Device, read_files
from trivet.sim.errors import SimulationError
from trivet.sim.provision import Process, provision
from trivet.store import Store
from trivet.store.tables import DeviceRow
from trivet.store.updates import InstalledRow
from trivet.updates import keyring
from trivet.vault import Vault
from trivet_wire import cbor, ids
from trivet_wire import sign1 as wire


def file_of(device: Device, name: str) -> bytes:
    data = device.image.read_bytes()
    fs = LittleFS(block_size=4096, block_count=len(data) // 4096, mount=False)
    fs.context.buffer = bytearray(data)
    fs.mount()
    with fs.open(name, "rb") as file:
        return bytes(file.read())


def forms(secret: bytes) -> list[bytes]:
    """As it would look in any of the ways that bytes travel or are kept."""

    number = str(int.from_bytes(secret)).encode()
    return [
        secret,
        secret[::-1],
        secret.hex().encode(),
        secret.hex().upper().encode(),
        base64.b64encode(secret),
        number,
    ]


async def test_the_private_key_never_leaves_the_board(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "cloud")
    device = Device(tmp_path / "oven")
    line = bytearray()
    vault = Vault(settings.secrets_dir)
    async with Store(settings.url) as store:
        registry = Registry(store, vault, [("127.0.0.1", 8883)])
        identity = await provision(registry, boards.load("oven"), device, tap=line.extend)
        async with store.reading() as session:
            row = await session.get_one(DeviceRow, identity.device)
    key = serialization.load_der_private_key(file_of(device, "key.der"), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert row.public_key == sign1.public_bytes(key.public_key())
    certificate = x509.load_der_x509_certificate(file_of(device, "cert.der"))
    assert certificate.public_key() == key.public_key()
    assert pki.common_name(certificate) == identity.device
    secret = key.private_numbers().private_value.to_bytes(32)
    assert identity.key_der == b""
    assert row.public_key.hex().encode() in line  # the tap does hear what crosses
    everything = [bytes(line), *(file.read_bytes() for file in settings.data_dir.rglob("*") if file.is_file())]
    assert len(everything) > 8
    assert not any(form in data for data in everything for form in forms(secret))


async def test_a_provisioned_board_connects_signs_and_obeys(tmp_path: Path) -> None:
    async with house(tmp_path, at_the_line=True) as home:
        assert isinstance(home, House)
        home.world.say("consent service yes")
        assert (await home.settled(await home.give(ids.C_CLEAR, ids.G_SERVICE))).reason == 0
        assert (await home.settled(await home.cloud.command(home.id, ids.C_ROTATE, "test"))).reason == 0
        assert await home.cloud.transport.dead_letters(5) == []


async def test_a_board_learns_whose_updates_it_takes(tmp_path: Path) -> None:
    """Vendor and class as UUIDs of the domain and the model (RFC 9562, section 5.5), and the root of release keys."""
    settings = Settings(data_dir=tmp_path / "cloud")
    board, vault = boards.load("oven"), Vault(settings.secrets_dir)
    (settings.data_dir / "vendor.toml").write_text('domain = "maker.example"\n')
    key = sign1.public_bytes(pki.new_key().public_key())
    async with Store(settings.url) as store:
        registry = Registry(store, vault, [("127.0.0.1", 8883)], settings.data_dir)
        without, device = Device(tmp_path / "without"), Device(tmp_path / "oven")
        await provision(registry, board, without)
        roots = Roots(3, 1, False, (Key(-9, key),)).encode()
        keyring.keep(settings.updates_dir, roots)
        identity = await provision(registry, board, device)
        async with store.reading() as session:
            installed = await session.get_one(InstalledRow, identity.device)
    vendor = uuid.uuid5(uuid.NAMESPACE_DNS, "maker.example")
    assert cbor.decode(file_of(device, "vendor.cbor")) == [vendor.bytes, uuid.uuid5(vendor, board.model).bytes]
    assert file_of(device, "roots.cbor") == roots
    assert (installed.keys, installed.version) == (3, "")
    assert "roots.cbor" not in read_files(without.image)


async def test_a_board_is_provisioned_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "cloud")
    device = Device(tmp_path / "oven")
    vault = Vault(settings.secrets_dir)
    async with Store(settings.url) as store:
        registry = Registry(store, vault, [("127.0.0.1", 8883)])
        await provision(registry, boards.load("oven"), device)
        before = device.image.read_bytes()
        with pytest.raises(SimulationError, match="holds an appliance already"):
            await provision(registry, boards.load("oven"), device)
        with Process(boards.load("oven"), device) as line, pytest.raises(SimulationError, match="an appliance already"):
            line.ask(prove="00" * 8, nonce="00" * 16)
    assert device.image.read_bytes() == before


def test_the_line_writes_nothing_but_its_files(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.format()
    with Process(boards.load("oven"), device) as line:
        for name in ("key.der", "other", "../x"):
            with pytest.raises(SimulationError, match="the line writes"):
                line.ask(write=name, data="00")
        with pytest.raises(SimulationError, match="refuses"):
            line.ask(prove="00", nonce="00")


def proof(key: ec.EllipticCurvePrivateKey, device: str, nonce: bytes, public: bytes | None = None) -> bytes:
    own = sign1.public_bytes(key.public_key()) if public is None else public
    payload = cbor.encode([1, bytes.fromhex(device), nonce, own])
    return sign1.signed(key, bytes.fromhex(device), payload)


async def test_the_registry_believes_only_the_proof_it_asked_for(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    vault = Vault(settings.secrets_dir)
    async with Store(settings.url) as store:
        registry = Registry(store, vault, [("127.0.0.1", 8883)])
        offer = registry.offer()
        key, other = pki.new_key(), pki.new_key()
        good = proof(key, offer.device, offer.nonce)
        bad = [
            proof(other, offer.device, offer.nonce, sign1.public_bytes(key.public_key())),  # a key that is not theirs
            proof(key, offer.device, secrets.token_bytes(16)),  # an earlier proof
            proof(key, "0" * 16, offer.nonce),  # another board's
            proof(key, offer.device, offer.nonce, bytes(64)),  # no point of the curve
            good[:-1] + bytes([good[-1] ^ 1]),
            good[:-1],
            b"",
            sign1.signed(key, bytes.fromhex(offer.device), cbor.encode([1])),
        ]
        for message in bad:
            with pytest.raises(RegistryError, match="proof"):
                await registry.provision("oven", offer, message)
        identity = await registry.provision("oven", offer, good)
        assert identity.device == offer.device
        with pytest.raises(RegistryError, match="enrolled already"):
            await registry.provision("oven", offer, good)
        assert wire.KID_SIZE == ids.DEVICE_ID_SIZE


def test_provision_from_the_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trivet.cli", "provision", "oven", "--data", str(tmp_path / "cloud")]
    command += ["--device", str(tmp_path / "oven"), "--json"]
    known = {name: value for name, value in os.environ.items() if not name.startswith("TRIVET_")}
    done = subprocess.run(command, env=known, capture_output=True, text=True, timeout=120, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["device"] in said["claim_url"]
    assert cbor.decode(file_of(Device(tmp_path / "oven"), "identity.cbor"))["id"].hex() == said["device"]
    again = subprocess.run(command, env=known, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 1
    assert "choose another folder" in again.stderr
