"""`trivet release inspect`: every shape of the SUIT drafts in words; nothing altered, and nothing that is not
deterministic CBOR, gets through."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from suit_kit import (
    CONTENT,
    ED25519,
    EDWARDS,
    ES256,
    ESP256,
    FETCHED,
    MANIFESTS,
    NOTES,
    PRIVATE,
    SHARED,
    block,
    common,
    envelope,
    image,
    packed,
    pem,
    severed,
    sha256,
)
from trivet.cli import app
from trivet.release import ReleaseError, folder
from trivet.release.suit import PublicKey, explain, read_keys
from typer.testing import CliRunner

EXAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "suit"
KEY = PublicKey("key", PRIVATE.public_key())
BY_NAME = {name: envelope(*parts) for name, parts in MANIFESTS.items()}


def run(*words: str | Path) -> Any:
    return CliRunner().invoke(app, ["release", "inspect", *map(str, words)])


def words_of(commands: list[dict[str, Any]]) -> list[str]:
    return [f"{one['command']}: {one['words']}" for one in commands]


@pytest.mark.parametrize("name", MANIFESTS)
def test_every_shape_of_the_drafts_is_read_and_told(name: str, tmp_path: Path) -> None:
    file = tmp_path / "m.suit"
    file.write_bytes(BY_NAME[name])
    told = run(file, "--key", pem(tmp_path / "key.pem"))
    assert told.exit_code == 0, told.output
    assert f"sequence number {MANIFESTS[name][0][2]}" in told.stdout
    assert "signature ESP256: holds" in told.stdout
    assert "unknown" not in told.stdout


@pytest.mark.parametrize("name", [name for name in MANIFESTS if name != "severed and gone"])
def test_every_single_bit_of_every_shape_is_covered(name: str) -> None:
    good = BY_NAME[name]
    for at in range(len(good)):
        for bit in range(8):
            altered = good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :]
            with pytest.raises(ReleaseError):
                explain(altered, [KEY])


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs ../shared/data/suit")
@pytest.mark.parametrize("number", [0, 1])
def test_every_single_byte_change_of_the_drafts_own_examples_fails(number: int) -> None:
    keys = read_keys(EXAMPLES / "example-public-key.pem")
    good = bytes.fromhex((EXAMPLES / f"example{number}.hex").read_text())
    explain(good, keys)
    for at in range(len(good)):
        for change in range(1, 256):
            altered = good[:at] + bytes([good[at] ^ change]) + good[at + 1 :]
            with pytest.raises(ReleaseError):
                explain(altered, keys)


@given(st.binary(max_size=300) | st.builds(lambda data: b"\xd8\x6b" + data, st.binary(max_size=300)))
def test_noise_is_refused_and_crashes_nothing(noise: bytes) -> None:
    with pytest.raises(ReleaseError):
        explain(noise)


@given(st.sampled_from(sorted(BY_NAME)), st.data())
def test_cut_doubled_or_mixed_envelopes_are_refused(name: str, data: st.DataObject) -> None:
    good = BY_NAME[name]
    start, end = sorted((data.draw(st.integers(0, len(good))), data.draw(st.integers(0, len(good)))))
    for altered in (good[:start] + good[end:], good[:end] + good[start:], good + b"\0"):
        if altered != good:
            with pytest.raises(ReleaseError):
                explain(altered, [KEY])


def test_a_choice_between_slots_is_told_with_what_follows_from_it() -> None:
    found = explain(BY_NAME["two slots"])["manifest"]
    first, second = found["install"][0]["then"]
    assert words_of(first)[1].startswith("component slot: stop unless this is slot 0; reports success and system")
    assert words_of(second)[1].startswith("component slot: stop unless this is slot 1;")
    assert words_of(found["install"])[1] == (
        "fetch: fetch it from https://files.example/a or https://files.example/b; reports failure"
    )
    (match,) = found["validate"]
    assert "SHA-256 a1a1" in match["words"]
    assert "or SHA-256 b2b2" in match["words"]


def test_copying_between_components_names_them() -> None:
    found = explain(BY_NAME["external storage"])["manifest"]
    assert "copy: copy it from component 0 (h'00'); reports failure" in words_of(found["load"])
    assert "copy: copy it from component 1 (h'01'); reports failure" in words_of(found["install"])
    assert found["payload fetch"][0]["words"] == "from here on: component 1 (h'01')"


def test_severed_members_are_told_whether_they_came_along_or_not() -> None:
    here, gone = (explain(BY_NAME[name])["manifest"] for name in ("severed fields", "severed and gone"))
    assert here["install"]["carried"]
    assert (
        words_of(here["install"]["content"])[1] == "fetch: fetch it from https://files.example/1.bin; reports failure"
    )
    assert here["text"]["content"]["de"] == {
        "manifest description": "Beispiel",
        "h'00'": {"vendor domain": "maker.example", "description": "Ofen"},
    }
    assert here["text"]["content"]["en-GB"] == {"update description": "An example"}
    assert not gone["install"]["carried"]
    assert explain(BY_NAME["severed, as it was"])["manifest"]["text"]["content"][""]["manifest description"]


def test_the_extensions_are_told_in_words_and_units() -> None:
    found = explain(BY_NAME["update management"])["manifest"]
    told = dict(line.split(": ", 1) for line in words_of(found["common"]["shared sequence"]))
    assert told["use before"] == "stop unless it is before 2027-01-15 08:00:00 UTC; reports everything"
    assert told["minimum battery"] == "stop unless the battery holds at least 500 mWh; reports everything"
    assert told["version"] == "stop unless its version is >= 1.2-rc.3; reports everything"
    assert told["update authorized"] == "stop unless the update is authorised (priority -1); reports everything"
    assert "authorisation of priority 2, time 1800000000" in told["wait"]
    assert found["set version"] == "2.0-beta"
    taken, version, choice, sequence = found["install"][1:]
    assert taken["words"].startswith("take: use before of component 0 (h'00'), version of component 0")
    assert ">= 1.2-rc.3" in version["words"]
    assert choice["then"][1] == []
    assert sequence["then"][0][0]["command"] == "swap"
    assert found["member -7"] == "private"
    software = found["CoSWID"]["content"]
    assert (software["software"], software["tag version"]) == ("oven firmware", 0)
    assert software["entity"] == {"name": "Maker", "role": "tag creator, software creator"}


def test_a_dependency_that_came_along_is_read_too() -> None:
    found = explain(BY_NAME["integrated dependency"], [KEY])
    inner = found["payloads"]["#inner"]["envelope"]
    assert inner["manifest"]["sequence"] == 9
    assert inner["signatures"][0]["verified_by"] == "key"
    assert found["manifest"]["common"]["dependencies"] == {"1": "inner"}


def test_a_payload_that_nothing_signed_names_is_refused() -> None:
    manifest, beside = MANIFESTS["integrated payload"]
    with pytest.raises(ReleaseError, match="no command fetches it"):
        explain(envelope(manifest, {**beside, "#more": b"x"}))
    with pytest.raises(ReleaseError, match="none of the digests"):
        explain(envelope(manifest, {"#content": CONTENT[:-1]}))
    told = explain(envelope(manifest))
    assert told["warnings"] == ["payload '#content' is fetched from the envelope, and is not in it"]


def test_a_severed_member_that_the_manifest_does_not_name_is_refused() -> None:
    manifest, _ = MANIFESTS["secure boot"]
    with pytest.raises(ReleaseError, match="names no digest of it"):
        explain(envelope(manifest, {23: NOTES}))
    with pytest.raises(ReleaseError, match="does not have the digest"):
        explain(envelope({**manifest, 23: severed(NOTES)}, {23: NOTES.replace(b"Ofen", b"Oven")}))


@pytest.mark.parametrize(("algorithm", "key"), [(ES256, PRIVATE), (ESP256, PRIVATE), (ED25519, EDWARDS)])
def test_the_algorithms_of_the_drafts_verify(algorithm: int, key: Any, tmp_path: Path) -> None:
    made = envelope(MANIFESTS["secure boot"][0], algorithms=(algorithm,))
    keys = read_keys(pem(tmp_path / "k.pem", key))
    assert explain(made, keys)["signatures"][0]["verified_by"]
    with pytest.raises(ReleaseError, match="no signature of this envelope was made by"):
        explain(made, read_keys(pem(tmp_path / "other.pem", EDWARDS if key is PRIVATE else PRIVATE)))


def test_two_signatures_are_each_told_of() -> None:
    found = explain(envelope(MANIFESTS["secure boot"][0], algorithms=(ED25519, ES256)), [KEY])
    assert [one["verified_by"] for one in found["signatures"]] == [None, "key"]


def test_signatures_without_tag_and_with_a_key_id_are_read() -> None:
    found = explain(envelope(MANIFESTS["secure boot"][0], kid=b"key-1", tagged=False), [KEY])
    assert found["signatures"][0]["kid"] == b"key-1".hex()
    assert found["warnings"] == ["a key id stands in an unprotected header: nothing signed vouches for it"]


def test_an_unsigned_envelope_is_told_as_such_and_fails_where_a_key_is_given() -> None:
    made = envelope(MANIFESTS["secure boot"][0], algorithms=())
    assert explain(made)["warnings"] == ["nobody has signed it yet"]
    with pytest.raises(ReleaseError, match="nobody signed"):
        explain(made, [KEY])


def test_a_command_that_no_draft_defines_is_pointed_out() -> None:
    found = explain(envelope({1: 1, 2: 1, 3: common(*SHARED), 7: packed([99, 15])}))
    assert "a recipient has to refuse the manifest" in found["warnings"][0]


def raw(manifest: bytes) -> bytes:
    return envelope(manifest)


MALFORMED: dict[str, tuple[Callable[[], bytes], str]] = {
    "indefinite map": (lambda: raw(b"\xbf\x01\x01\x02\x00\xff"), "an indefinite length"),
    "longer head": (lambda: raw(b"\xa3\x01\x01\x02\x18\x05\x03\x40"), "more bytes than it needs"),
    "same key twice": (lambda: raw(b"\xa3\x01\x01\x02\x00\x02\x00"), "the same key twice"),
    "unsorted": (lambda: raw(b"\xa3\x02\x00\x01\x01\x03\x40"), "behind a later one"),
    "trailing in the manifest": (lambda: raw(packed(MANIFESTS["secure boot"][0]) + b"\0"), "1 byte too many"),
    "trailing in a sequence": (
        lambda: envelope({1: 1, 2: 1, 3: common(*SHARED), 7: packed([3, 15]) + b"\0"}),
        "too many",
    ),
    "trailing": (lambda: BY_NAME["secure boot"] + b"\0", "envelope, byte 237: 1 byte too many"),
    "cut": (lambda: BY_NAME["secure boot"][:-1], "ends in the middle"),
    "float": (lambda: raw(b"\xa1\x01\xf9\x3c\x00"), "a float"),
    "bad text": (lambda: raw(b"\xa1\x61\xff\x00"), "not UTF-8"),
    "not tagged": (lambda: BY_NAME["secure boot"][2:], "does not begin with tag 107"),
    "other version": (lambda: envelope({1: 2, 2: 1, 3: common(*SHARED)}), "version is not 1"),
    "no common part": (lambda: envelope({1: 1, 2: 1}), "no common part"),
    "no components": (lambda: envelope({1: 1, 2: 1, 3: packed({2: []})}), "lists no components"),
    "odd sequence": (lambda: envelope({1: 1, 2: 1, 3: common(*SHARED), 7: packed([3])}), "each with its argument"),
    "component beyond": (
        lambda: envelope({1: 1, 2: 1, 3: common(12, 4, *SHARED)}),
        "component 4 is named, there are 1",
    ),
    "policy": (lambda: envelope({1: 1, 2: 1, 3: common(1, 99)}), "no reporting policy"),
    "digest size": (lambda: envelope({1: 1, 2: 1, 3: common(20, {3: image(b"short")}, 3, 15)}), "other than 5 bytes"),
    "size as text": (lambda: envelope({1: 1, 2: 1, 3: common(20, {14: "big"}, 3, 15)}), "no value of this parameter"),
    "nested": (lambda: raw(b"\x81" * 40 + b"\x00"), "nested deeper"),
    "no map": (lambda: raw(packed([1, 2])), "the manifest is no map"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_fails_with_one_clear_line(name: str, tmp_path: Path) -> None:
    make, problem = MALFORMED[name]
    file = tmp_path / "m.suit"
    file.write_bytes(make())
    told = run(file)
    assert told.exit_code == 1
    assert problem in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert not told.stdout


def test_a_digest_that_does_not_fit_fails(tmp_path: Path) -> None:
    encoded = packed(MANIFESTS["secure boot"][0])
    wrapper = packed([packed([-16, sha256(b"another")])])
    file = tmp_path / "m.suit"
    file.write_bytes(packed(cbor2.CBORTag(107, {2: wrapper, 3: encoded})))
    told = run(file, "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout.splitlines()[-1]) == {
        "ok": False,
        "error": "the manifest does not have the digest that stands beside it: it, or that, was altered",
    }


def test_hex_and_binary_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "m.suit").write_bytes(BY_NAME["two images"])
    (tmp_path / "m.hex").write_text(BY_NAME["two images"].hex("\n", 30) + "\n")
    binary, text = (run(tmp_path / name, "--json") for name in ("m.suit", "m.hex"))
    assert json.loads(binary.stdout) == json.loads(text.stdout)
    assert json.loads(binary.stdout)["ok"] is True


def test_a_release_folder_is_told_with_its_chunks(release: folder.Release) -> None:
    told = run(release.path)
    assert told.exit_code == 0, told.output
    assert "version (Trivet): 1.0.0" in told.stdout
    assert "of 4,096 bytes" in told.stdout
    assert "nobody has signed it yet" in told.stdout


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no public key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds a private key"),
    ],
)
def test_a_file_that_is_no_key_says_what_a_key_is(content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "m.suit").write_bytes(BY_NAME["secure boot"])
    (tmp_path / "key").write_bytes(content)
    told = run(tmp_path / "m.suit", "--key", tmp_path / "key")
    assert told.exit_code == 1
    assert problem in told.stderr


def test_a_block_over_other_bytes_does_not_count() -> None:
    encoded = packed(MANIFESTS["secure boot"][0])
    digest = packed([-16, sha256(packed(encoded))])
    wrapper = packed([digest, block(packed([-16, sha256(FETCHED)]))])
    with pytest.raises(ReleaseError, match="no signature of this envelope"):
        explain(packed(cbor2.CBORTag(107, {2: wrapper, 3: encoded})), [KEY])
