"""Signing a release and believing one: who signs, how many are wanted, and that nothing altered passes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from trivet.cli import app
from trivet.release import ReleaseError, check, folder, numbers
from trivet.release import sign as signing
from trivet.release.hands import Hand, open_hand
from trivet.release.roots import Roots
from trivet_wire import ids
from typer.testing import CliRunner

PROGRAM = """
import sys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
key = ec.derive_private_key(7, ec.SECP256R1())
if sys.argv[-1] == "public":
    n = key.public_key().public_numbers()
    print(n.x.to_bytes(32).hex() + n.y.to_bytes(32).hex())
else:
    digest = bytes.fromhex(sys.stdin.read())
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()))))
    print(r.to_bytes(32).hex() + WHAT.hex())
"""


@pytest.fixture
def hands(tmp_path: Path) -> list[Hand]:
    return [open_hand(f"file:{tmp_path / name}.key", make=True) for name in "abc"]


def roots(hands: list[Hand], threshold: int, revoked: tuple[bytes, ...] = ()) -> Roots:
    return Roots(1, threshold, False, tuple(one.key for one in hands), revoked)


def program(tmp_path: Path, second_half: str = "s.to_bytes(32)") -> str:
    file = tmp_path / "sign.py"
    file.write_text(PROGRAM.replace("WHAT", second_half))
    return f"exec:{sys.executable} {file}"


def test_two_people_sign_one_after_the_other_until_it_is_enough(release: folder.Release, hands: list[Hand]) -> None:
    wanted = roots(hands, 2)
    first = signing.sign(release, hands[:1], wanted)
    assert first is not None
    assert first.reason == ids.R_THRESHOLD
    second = signing.sign(release, hands[2:], wanted)
    assert second is not None
    assert second.reason == 0
    assert all(one.good for one in check.look(release, wanted))


def test_an_independent_verifier_accepts_the_signature(release: folder.Release, hands: list[Hand]) -> None:
    signing.sign(release, hands[:1])
    wrapper = cbor2.loads(cbor2.loads(release.read("release.suit")).value[2])
    cose = cbor2.loads(wrapper[1])
    protected, unprotected, payload, signature = cose.value
    assert (cose.tag, unprotected, payload) == (18, {}, None)
    assert cbor2.loads(protected) == {1: -9, 4: hands[0].key.kid}
    structure = cbor2.dumps(["Signature1", protected, b"", wrapper[0]])
    der = utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + hands[0].key.public)
    point.verify(der, structure, ec.ECDSA(hashes.SHA256()))


def test_signing_again_replaces_the_signature_of_that_key(release: folder.Release, hands: list[Hand]) -> None:
    signing.sign(release, hands[:2])
    signing.sign(release, hands[:1])
    assert len(release.envelope().signatures) == 2


def test_a_key_outside_the_root_or_revoked_signs_nothing(release: folder.Release, hands: list[Hand]) -> None:
    before = release.read("release.suit")
    with pytest.raises(ReleaseError, match="not in the root of keys"):
        signing.sign(release, hands[2:], roots(hands[:2], 1))
    with pytest.raises(ReleaseError, match="is revoked"):
        signing.sign(release, hands[2:], roots(hands[:2], 1, (hands[2].key.kid,)))
    assert release.read("release.suit") == before


def test_each_way_to_have_too_little_has_its_own_reason(release: folder.Release, hands: list[Hand]) -> None:
    signing.sign(release, hands[2:])
    signed = release.envelope()

    def reason(believed: Roots) -> int:
        return believed.judge(signed.signatures, signed.digest).reason

    assert reason(roots(hands, 1)) == 0
    assert reason(roots(hands, 2)) == ids.R_THRESHOLD
    assert reason(roots(hands[:2], 1)) == ids.R_SIGNATURE
    assert reason(roots(hands[:2], 1, (hands[2].key.kid,))) == ids.R_KEY_REVOKED


@pytest.mark.parametrize("name", ["bundle.tvb", "sbom.cdx.json", "release.suit"])
def test_a_folder_with_an_altered_file_is_neither_signed_nor_believed(
    release: folder.Release, hands: list[Hand], name: str
) -> None:
    signing.sign(release, hands[:1])
    data = bytearray(release.read(name))
    data[len(data) // 2] ^= 1
    (release.path / name).write_bytes(data)
    assert not all(one.good for one in check.look(release, roots(hands, 1)))
    with pytest.raises(ReleaseError):
        signing.sign(release, hands[1:2])
    assert release.read(name) == data


def test_every_altered_byte_of_a_signed_envelope_is_noticed(release: folder.Release, hands: list[Hand]) -> None:
    signing.sign(release, hands[:1])
    good = release.read("release.suit")
    for at in range(len(good)):
        altered = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        (release.path / "release.suit").write_bytes(altered)
        found = check.look(release, roots(hands, 1))
        assert any(one.good is False for one in found), f"byte {at}"


def test_a_program_signs(release: folder.Release, tmp_path: Path) -> None:
    hand = open_hand(program(tmp_path))
    assert hand.key.algorithm == numbers.ESP256
    signing.sign(release, [hand])
    assert check.look(release, roots([hand], 1))[1].good


def test_a_program_that_signs_wrongly_is_noticed_before_anything_is_written(
    release: folder.Release, tmp_path: Path
) -> None:
    before = release.read("release.suit")
    with pytest.raises(ReleaseError, match="public key does not verify"):
        signing.sign(release, [open_hand(program(tmp_path, "(s ^ 1).to_bytes(32)"))])
    with pytest.raises(ReleaseError, match="did not print 128 hex digits"):
        signing.sign(release, [open_hand(program(tmp_path, "b''"))])
    with pytest.raises(ReleaseError, match="cannot be run"):
        open_hand("exec:/nowhere/sign")
    assert release.read("release.suit") == before


def test_a_key_file_that_is_missing_is_not_made_by_signing(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="there is no such file"):
        open_hand(f"file:{tmp_path}/missing.key")
    assert not list(tmp_path.iterdir())


def test_the_words_sign_and_verify(release: folder.Release, hands: list[Hand], tmp_path: Path) -> None:
    (tmp_path / "roots.cbor").write_bytes(roots(hands, 2).encode())
    known = ["--roots", str(tmp_path / "roots.cbor")]
    keys = [word for name in "ab" for word in ("--key", f"file:{tmp_path / name}.key")]
    run = CliRunner().invoke
    refused = run(app, ["release", "verify", str(release.path), *known])
    assert refused.exit_code == 1
    assert "0 of 2 signatures" in refused.output
    signed = run(app, ["release", "sign", str(release.path), *keys, *known, "--json"])
    assert signed.exit_code == 0, signed.output
    assert json.loads(signed.stdout.splitlines()[-1])["ready"] is True
    good = run(app, ["release", "verify", str(release.path), *known, "--json"])
    assert good.exit_code == 0, good.output
    assert json.loads(good.stdout.splitlines()[-1])["good"] is True
