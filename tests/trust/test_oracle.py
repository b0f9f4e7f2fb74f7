"""Signed statements judged by who shares no code with us: `cryptography` over a Sig_structure that is built here, and
two COSE libraries in an environment of their own. What the appliance signed verifies; 1,000 alterations of it do not.
"""

import json
import random
import subprocess
import sys
from pathlib import Path

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from trivet import evidence, sign1
from trivet.evidence import EvidenceError
from trivet.mac0 import MessageKey, unseal
from trivet.signed import statement

ROOT = Path(__file__).parent.parent.parent
VECTORS = json.loads((ROOT / "tests" / "vectors" / "messages.json").read_text(encoding="utf-8"))
KEY = ec.derive_private_key(  # RFC 6979, A.2.5: the vectors' appliance
    0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1()
).public_key()
pytestmark = pytest.mark.slow  # makes an environment of its own once


def file_of(name: str) -> bytes:
    """The COSE_Sign1 file that the cloud makes of a released message."""
    vector = VECTORS[name]
    device = vector["topic"].split("/")[1]
    key = MessageKey(bytes.fromhex(vector["secret"]), device, vector["epoch"])
    payload, _ = unseal(bytes.fromhex(vector["message"]), [key])
    told = statement(device, payload)
    assert told is not None
    return told.cose()


def altered(data: bytes, count: int) -> list[bytes]:
    """Bytes flipped, replaced, removed, added, swapped: `count` ways, none of them the original."""
    draw = random.Random(1)
    found: set[bytes] = set()
    while len(found) < count:
        one = bytearray(data)
        at, other = draw.randrange(len(one)), draw.randrange(len(one))
        match draw.randrange(6):
            case 0:
                one[at] ^= 1 << draw.randrange(8)
            case 1:
                one[at] = draw.randrange(256)
            case 2:
                del one[at]
            case 3:
                one.insert(at, draw.randrange(256))
            case 4:
                one[at], one[other] = one[other], one[at]
            case _:
                one[at:other] = draw.randbytes(max(0, other - at))
        if bytes(one) != data:
            found.add(bytes(one))
    return sorted(found)


def by_cryptography(data: bytes) -> bool:
    """RFC 9052, section 4.4, with cbor2 and cryptography alone."""
    try:
        tagged = cbor2.loads(data)
        protected, unprotected, payload, signature = tagged.value
        header = cbor2.loads(protected)
        if tagged.tag != 18 or unprotected != {} or header[1] != -9 or len(signature) != 64:
            return False
        structure = cbor2.dumps(["Signature1", protected, b"", payload])
        encoded = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        KEY.verify(encoded, structure, ec.ECDSA(hashes.SHA256()))
    except (cbor2.CBORDecodeError, InvalidSignature, ValueError, TypeError, AttributeError, KeyError, IndexError):
        return False
    return True


def by_libraries(key: Path, messages: list[bytes]) -> list[dict[str, bool | str]]:
    """The verdicts of pycose and cwt."""
    lines = "\n".join(message.hex() for message in messages)
    command = [sys.executable, str(ROOT / "tools" / "oracle"), str(key), "--lines"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_bytes(KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.mark.parametrize("name", ["evidence-signed", "consent-signed"])
def test_everybody_verifies_what_the_appliance_signed(key: Path, name: str) -> None:
    data = file_of(name)
    assert evidence.check(data, evidence.load_public(key)).seq == VECTORS[name]["fields"][3]
    assert by_cryptography(data)
    assert by_libraries(key, [data]) == [{"pycose": True, "cwt": True}]


@pytest.mark.parametrize(("name", "count"), [("evidence-signed", 1000), ("consent-signed", 100)])
def test_alterations_all_fail(key: Path, name: str, count: int) -> None:
    changed = altered(file_of(name), count)
    assert len(changed) == count
    public = sign1.public_bytes(KEY)
    for one in changed:
        with pytest.raises(EvidenceError):
            evidence.check(one, public)
        assert not by_cryptography(one), one.hex()
    for one, verdicts in zip(changed, by_libraries(key, changed), strict=True):
        assert True not in verdicts.values(), (one.hex(), verdicts)


def test_another_key_verifies_nothing(tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    other.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    data = file_of("evidence-signed")
    with pytest.raises(EvidenceError, match="not the key"):
        evidence.check(data, evidence.load_public(other))
    [verdicts] = by_libraries(other, [data])
    assert True not in verdicts.values()
