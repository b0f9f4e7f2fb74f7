"""What a release says reaches the appliance as it was meant, and everything that is not the profile is refused, each
with its own reason, in both interpreters.
"""

from typing import Any

import pytest
from judged_kit import CLASS, FEATURE, NOW, SECURITY, VENDOR, Image, canonical, manifest, sha256
from trivet_wire import ids

OWN = (VENDOR.bytes, CLASS.bytes, 5, [1, 2, 0], NOW)
BASE = Image(b"base", content=bytes(70000), more=SECURITY)
TWO = Image()
OLD = sha256(b"old image")
PATCH = sha256(b"patch")


def feature(**more: Any) -> Image:
    return Image(more={**FEATURE, **{int(key[1:]): value for key, value in more.items()}})


def with_source(source: dict[int, Any]) -> bytes:
    return manifest(Image(more=FEATURE, source=source))


def delta(size: int = 700, uri: str = "sha256/" + PATCH.hex(), old: bytes = OLD, patch: bytes = PATCH) -> list[Any]:
    return [old, size, patch, uri]


def test_a_release_of_both_components_is_read_as_it_was_made(appliance: Any) -> None:
    base = Image(b"base", content=bytes(70000), more={**SECURITY, 4: NOW + 9, -2: NOW + 5, 28: canonical([2, [1, 2]])})
    data = manifest(base, TWO, sequence=9, version="2.0.0", keys={23: [-16, sha256(b"text")]})
    sequence, version, security, expires, deadline, components = appliance("read", data, *OWN)
    assert (sequence, version, security, expires, deadline) == (9, "2.0.0", True, NOW + 9, NOW + 5)
    for found, image in zip(components, (base, TWO), strict=True):
        chunk, digests = image.fetched()[-1]
        content = sha256(image.content).hex()
        assert found == [image.name.decode(), len(image.content), content, "sha256/" + content, chunk, digests.hex()]


def test_what_is_optional_may_be_missing(appliance: Any) -> None:
    image = Image()
    source = image.fetched()
    del source[-1]
    install = [12, 0, 20, source, 21, 2, 3, 15]
    _, _, security, expires, deadline, [component] = appliance("read", manifest(image, install=install), *OWN)
    assert (security, expires, deadline, component[4:]) == (False, 0, 0, [0, ""])


def test_the_same_sequence_is_applied_again(appliance: Any) -> None:
    assert appliance("read", manifest(TWO, sequence=5), *OWN)[0] == 5


def test_a_delta_is_found_by_the_image_that_it_starts_from(appliance: Any) -> None:
    web = "https://updates.example/p"
    data = with_source({-3: [delta(old=sha256(b"other")), delta(uri=web)]})
    assert appliance("delta", data, VENDOR.bytes, CLASS.bytes, 0, OLD) == [700, PATCH.hex(), web]
    assert appliance("delta", data, VENDOR.bytes, CLASS.bytes, 0, sha256(b"third")) is None
    assert appliance("delta", manifest(TWO), VENDOR.bytes, CLASS.bytes, 0, OLD) is None


@pytest.mark.parametrize(
    ("comparison", "version", "fits"),
    [
        *[(1, [1, 1], True), (1, [1, 2, 0], False), (1, [1, 2], False), (1, [1, 3], False)],
        *[(2, [1, 2, 0], True), (2, [1, 2, 1], False), (2, [0, 9, 9], True)],
        *[(3, [1, 2, 0], True), (3, [1], True), (3, [1, 2, 0, 0], True), (3, [1, 2, 0, 1], False), (3, [2], False)],
        *[(4, [1, 2], True), (4, [1, 1], False), (4, [2], True)],
        *[(5, [1, 2, 1], True), (5, [1, 2], False), (5, [1, 3], True)],
    ],
)
def test_the_base_that_it_needs_is_compared_as_far_as_it_is_named(
    appliance: Any, comparison: int, version: list[int], fits: bool
) -> None:
    found = appliance("read", manifest(Image(more={28: canonical([comparison, version])})), *OWN)
    assert found == -ids.R_BASE if not fits else found[0] == 7


EVIL_IDS = [b"", b"Base", b"../bundle", b"bundle/../../etc", b"/bundle", b"bundle\0", b"boot", b"a" * 300]
SHORT = bytes(32)
REFUSED: dict[str, tuple[int, bytes]] = {
    "another vendor": (ids.R_VENDOR, manifest(Image(vendor=bytes(16)))),
    "another vendor's second component": (ids.R_VENDOR, manifest(BASE, Image(vendor=bytes(16)))),
    "a vendor cut short": (ids.R_VENDOR, manifest(Image(vendor=VENDOR.bytes[:15]))),
    "another board": (ids.R_CLASS, manifest(Image(class_=bytes(16)))),
    "another board's second component": (ids.R_CLASS, manifest(BASE, Image(class_=VENDOR.bytes))),
    "older": (ids.R_SEQUENCE, manifest(TWO, sequence=4)),
    "expired": (ids.R_EXPIRED, manifest(feature(_4=NOW))),
    "needs a later base": (ids.R_BASE, manifest(feature(_28=canonical([2, [1, 3]])))),
    **{f"component {evil!r}": (ids.R_COMPONENT, manifest(Image(evil))) for evil in EVIL_IDS},
    "the same component twice": (ids.R_COMPONENT, manifest(Image(more=FEATURE), TWO)),
    "components in the other order": (ids.R_COMPONENT, manifest(Image(more=FEATURE), Image(b"base"))),
    "a component of two parts": (ids.R_COMPONENT, manifest(TWO, components=[[b"bundle", b"x"]])),
    "a component without parts": (ids.R_COMPONENT, manifest(TWO, components=[[]])),
    "no component": (ids.R_MANIFEST, manifest(components=[])),
    "no bytes": (ids.R_SIZE, manifest(feature(_14=0))),
    "a negative size": (ids.R_SIZE, manifest(feature(_14=-1))),
    "more bytes than any flash": (ids.R_SIZE, manifest(feature(_14=(1 << 24) + 1))),
    "a size beyond 64 bits of nonsense": (ids.R_SIZE, manifest(feature(_14=(1 << 64) - 1))),
    "a size that its chunks do not have": (ids.R_SIZE, manifest(feature(_14=4096))),
    "chunks of no sector": (ids.R_SIZE, with_source({-1: [4095, bytes(48)]})),
    "chunks of no bytes": (ids.R_SIZE, with_source({-1: [0, b""]})),
    "a digest of a chunk too few": (ids.R_SIZE, with_source({-1: [4096, bytes(32)]})),
    "a digest of a chunk cut short": (ids.R_SIZE, with_source({-1: [4096, bytes(47)]})),
    "a delta of no bytes": (ids.R_SIZE, with_source({-3: [delta(size=0)]})),
    "65 chunks": (
        ids.R_SIZE,
        manifest(Image(content=bytes(65 * 4096), more=FEATURE)),
    ),
    "an address of other content": (ids.R_DIGEST, with_source({21: "sha256/" + SHORT.hex()})),
    "an address above": (ids.R_DIGEST, with_source({21: "sha256/../../x"})),
    "a delta at other content": (ids.R_DIGEST, with_source({-3: [delta(uri="sha256/" + SHORT.hex())]})),
    "a file": (ids.R_MANIFEST, with_source({21: "file:///etc/passwd"})),
    "no address": (ids.R_MANIFEST, with_source({21: ""})),
    "an address that breaks a request": (ids.R_MANIFEST, with_source({21: "http://x/ HTTP/1.1\r\nHost: y"})),
    "an address beyond 255": (ids.R_MANIFEST, with_source({21: "https://" + "x" * 255})),
    "no deltas where some are announced": (ids.R_MANIFEST, with_source({-3: []})),
    "a delta from a short digest": (ids.R_MANIFEST, with_source({-3: [delta(old=b"x")]})),
    "a delta to a short digest": (ids.R_MANIFEST, with_source({-3: [delta(patch=b"x")]})),
    "a delta of three fields": (ids.R_MANIFEST, with_source({-3: [delta()[:3]]})),
    "an unknown source": (ids.R_MANIFEST, with_source({-4: 1})),
    "a manifest of version 2": (ids.R_MANIFEST, manifest(TWO, keys={1: 2})),
    "a sequence beyond 32 bits": (ids.R_MANIFEST, manifest(TWO, sequence=1 << 32)),
    "an unknown key at the top": (ids.R_MANIFEST, manifest(TWO, keys={24: b""})),
    "a reference": (ids.R_MANIFEST, manifest(TWO, keys={4: "https://elsewhere.example"})),
    "no SBOM": (ids.R_MANIFEST, manifest(TWO, keys={-1: None})),
    "an SBOM with another digest": (ids.R_MANIFEST, manifest(TWO, keys={-1: [-44, bytes(64)]})),
    "no version": (ids.R_MANIFEST, manifest(TWO, keys={-2: None})),
    "an empty version": (ids.R_MANIFEST, manifest(TWO, version="")),
    "a version of 33 bytes": (ids.R_MANIFEST, manifest(TWO, version="1" * 33)),
    "dependencies": (ids.R_MANIFEST, manifest(TWO, common={1: {}})),
    "an image digest by another hash": (ids.R_MANIFEST, manifest(feature(_3=canonical([-44, bytes(64)])))),
    "an image digest with more behind": (ids.R_MANIFEST, manifest(feature(_3=canonical([-16, SHORT]) + b"\0"))),
    "an unknown parameter": (ids.R_MANIFEST, manifest(feature(_5=1))),
    "an unknown private parameter": (ids.R_MANIFEST, manifest(feature(**{"_-9": 1}))),
    "a third priority": (ids.R_MANIFEST, manifest(feature(_27=2))),
    "a deadline for a feature": (ids.R_MANIFEST, manifest(feature(**{"_-2": NOW}))),
    "an expiry of the second component": (ids.R_MANIFEST, manifest(BASE, feature(_4=NOW + 9))),
    "a priority of the second component": (ids.R_MANIFEST, manifest(BASE, feature())),
    "no comparison": (ids.R_MANIFEST, manifest(feature(_28=canonical([0, [1]])))),
    "a sixth comparison": (ids.R_MANIFEST, manifest(feature(_28=canonical([6, [1]])))),
    "a comparison with nothing": (ids.R_MANIFEST, manifest(feature(_28=canonical([2, []])))),
    "a prerelease": (ids.R_MANIFEST, manifest(feature(_28=canonical([2, [1, -1]])))),
    "a comparison without its byte string": (ids.R_MANIFEST, manifest(feature(_28=[2, [1]]))),
    "a comparison with more behind": (ids.R_MANIFEST, manifest(feature(_28=canonical([2, [1]]) + b"\0"))),
    "a comparison cut short": (ids.R_MANIFEST, manifest(feature(_28=canonical([2, [1]])[:-1]))),
    "nothing": (ids.R_MANIFEST, b""),
    "an array": (ids.R_MANIFEST, b"\x80"),
    "the manifest and a byte": (ids.R_MANIFEST, manifest(TWO) + b"\0"),
    "the manifest without its last byte": (ids.R_MANIFEST, manifest(TWO)[:-1]),
    "a longer head than needed": (ids.R_MANIFEST, manifest(TWO).replace(b"\x02\x07", b"\x02\x18\x07", 1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_own_reason(appliance: Any, name: str) -> None:
    reason, data = REFUSED[name]
    assert appliance("read", data, *OWN) == -reason


def test_an_expiry_needs_a_trusted_clock(appliance: Any) -> None:
    data = manifest(feature(_4=NOW + 1))
    assert appliance("read", data, *OWN)[3] == NOW + 1
    assert appliance("read", data, *OWN[:4], 0) == -ids.R_CLOCK
    assert appliance("read", manifest(TWO), *OWN[:4], 0)[0] == 7


def sequences() -> dict[str, list[Any]]:
    """The three command sequences of a release with one feature, flat."""
    image = feature()
    return {
        "shared": [12, 0, 20, image.override(), 1, 15, 2, 15, 27, 15],
        "validate": [12, 0, 3, 15],
        "install": [12, 0, 20, image.fetched(), 21, 2, 3, 15],
    }


@pytest.mark.parametrize("where", ["shared", "validate", "install"])
def test_a_command_more_less_or_other_is_refused(appliance: Any, where: str) -> None:
    image, right = feature(), sequences()
    assert appliance("read", manifest(image, **right), *OWN)[0] == 7
    steps = right[where]
    for at in range(0, len(steps), 2):
        wrong = [
            steps[:at] + steps[at + 2 :],
            [*steps[:at], 32, b"\x80", *steps[at:]],
            [*steps[:at], 23, 15, *steps[at + 2 :]],
            [*steps[:at], *steps[at : at + 2], *steps[at:]],
            [*steps[:at], steps[at], 1 if steps[at + 1] != 1 else 3, *steps[at + 2 :]],
            steps[: at + 1],
        ]
        for one in wrong:
            assert appliance("read", manifest(image, **{**right, where: one}), *OWN) == -ids.R_MANIFEST, one
    for more in ([23, 2], [32, b"\x80"], [15], [3, 15]):
        assert appliance("read", manifest(image, **{**right, where: steps + more}), *OWN) == -ids.R_MANIFEST


def test_a_key_twice_or_out_of_order_is_refused(appliance: Any) -> None:
    data = manifest(TWO)
    assert data[:5] == b"\xa7\x01\x01\x02\x07"
    for start in (b"\xa7\x02\x07\x01\x01", b"\xa7\x01\x01\x01\x07", b"\xa8\x01\x01\x01\x01\x02\x07"):
        assert appliance("read", start + data[5:], *OWN) == -ids.R_MANIFEST
