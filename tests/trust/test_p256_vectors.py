"""P-256 against published vectors, as the package `cryptography-vectors` holds them: NIST's CAVP files for FIPS 186-3
and SP 800-56A, and those of RFC 6979. Each in both interpreters.
"""

import hashlib
import re
from collections.abc import Iterator

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from p256_kit import Device, number
from trivet import sign1

HASHES = {"SHA-1": "sha1", "SHA-224": "sha224", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def text(name: str) -> str:
    with cryptography_vectors.open_vector_file(f"asymmetric/{name}", "r") as file:
        return file.read()


def groups(name: str, section: str) -> Iterator[dict[str, str]]:
    """The blocks of `key = value` lines within one `[section]` of a CAVP file."""
    body = text(name).split(f"[{section}]\n", 1)[1]
    body = re.split(r"^\[(?!B\.4)", body, maxsplit=1, flags=re.MULTILINE)[0]
    for block in body.split("\n\n"):
        pairs = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        if pairs:
            yield pairs


def digest_of(message: bytes, name: str) -> bytes:
    """The leftmost 256 bits of a digest, as the integer it stands for (FIPS 186-5, section 6.4.1)."""
    return hashlib.new(name, message).digest()[:32].rjust(32, b"\x00")


def point(group: dict[str, str], x: str = "Qx", y: str = "Qy") -> bytes:
    return number(int(group[x], 16)) + number(int(group[y], 16))


@pytest.mark.parametrize("name", HASHES)
def test_cavp_verdicts(device: Device, name: str) -> None:
    seen = set()
    for group in groups("ECDSA/FIPS_186-3/SigVer.rsp", f"P-256,{name}"):
        digest = digest_of(bytes.fromhex(group["Msg"]), HASHES[name])
        signature = number(int(group["R"], 16)) + number(int(group["S"], 16))
        assert device.verify(point(group), digest, signature) == group["Result"].startswith("P"), group
        seen.add(group["Result"])
    assert len(seen) >= 4  # passed, and changed in message, R, S or key


@pytest.mark.parametrize("name", HASHES)
def test_cavp_signatures_verify(device: Device, name: str) -> None:
    count = 0
    for group in groups("ECDSA/FIPS_186-3/SigGen.txt", f"P-256,{name}"):
        digest = digest_of(bytes.fromhex(group["Msg"]), HASHES[name])
        signature = number(int(group["R"], 16)) + number(int(group["S"], 16))
        assert device("public", number(int(group["d"], 16))) == point(group)
        assert device.verify(point(group), digest, signature)
        count += 1
    assert count == 15


def test_cavp_keys(device: Device) -> None:
    pairs = [group for group in groups("ECDSA/FIPS_186-3/KeyPair.rsp", "P-256") if "d" in group]
    for group in pairs:
        assert device("public", number(int(group["d"], 16))) == point(group)
    assert len(pairs) == 10


def test_cavp_public_keys(device: Device) -> None:
    """ECDH refuses what is no key; some here are too long for a coordinate at all."""
    verdicts = []
    for group in groups("ECDSA/FIPS_186-3/PKV.rsp", "P-256"):
        x, y = int(group["Qx"], 16), int(group["Qy"], 16)
        size = 32 if max(x, y) >> 256 == 0 else 33
        public = x.to_bytes(size) + y.to_bytes(size)
        verdicts.append(device("shared", number(1), public) is not None)
        assert verdicts[-1] == group["Result"].startswith("P"), group
    assert set(verdicts) == {True, False}


def test_cavp_key_agreement(device: Device) -> None:
    shared = 0
    for side in ("init", "resp"):
        name = f"ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_{side}.fax"
        for group in kas(name):
            public = point(group, "QsCAVSx", "QsCAVSy")
            secret = device("shared", number(int(group["dsIUT"], 16)), public)
            if group["Result"].startswith("P"):
                assert secret == bytes.fromhex(group["Z"])
                shared += 1
            else:
                assert (secret is None) == ("CAVS's Static public key" in group["Result"]), group["Result"]
    assert shared > 20


def kas(name: str) -> Iterator[dict[str, str]]:
    body = text(name).split("[EC - SHA256]\n", 1)[1].split("[ED - ", 1)[0]
    for block in body.split("COUNT = ")[1:]:
        yield dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)


def test_rfc_6979(device: Device) -> None:
    """Signatures with SHA-256 come out bit for bit; those with other hashes verify."""
    source = text("ECDSA/RFC6979/evppkey_ecdsa_rfc6979.txt")
    private = load_pem_private_key(_pem(source, "PrivateKey", "P-256_PRIV"), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    public = sign1.public_bytes(private.public_key())
    secret = number(private.private_numbers().private_value)
    assert device("public", secret) == public
    signed = verified = 0
    for block in source.split("\n\n"):
        words = dict(re.findall(r"^(\w+) = (.+)$", block, re.MULTILINE))
        if words.get("Key") not in ("P-256_PRIV", "P-256_PUB") or "Output" not in words:
            continue
        name = (words.get("DigestSign") or words["DigestVerify"]).lower()
        digest = digest_of(words["Input"].strip('"').encode(), name)
        r, s = decode_dss_signature(bytes.fromhex(words["Output"]))
        good = "Result" not in words
        assert device.verify(public, digest, number(r) + number(s)) == good
        verified += 1
        if words.get("DigestSign") == "SHA256":
            assert device("sign", secret, digest) == number(r) + number(s)
            signed += 1
    assert signed == 2
    assert verified >= 20


def _pem(source: str, kind: str, name: str) -> bytes:
    return source.split(f"{kind}={name}\n", 1)[1].split("\n\n", 1)[0].encode()
