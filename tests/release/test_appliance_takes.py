"""What is built and signed here is what an appliance takes: its own rooms read the same release out of it, and both
sides refuse the same manifests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from appliance.update import manifest as device_manifest
from appliance.update import roots as device_roots
from appliance.update import suit
from appliance.update.release import Own
from hypothesis import given, settings
from hypothesis import strategies as st
from release_kit import TODAY
from trivet.release import ReleaseError, folder, keyset, manifest
from trivet.release import sign as signing
from trivet.release.build import DAY, Order, build, component
from trivet.release.hands import open_hand
from trivet.release.keyset import Change
from trivet.release.roots import KeyManifest, Roots
from trivet_wire import ids
from trivet_wire.refuse import WireError

VENDOR, CLASS = manifest.identifiers("vendor.example", "TO-60")
OWN = Own(VENDOR, CLASS, 0, (1, 2), TODAY)


@pytest.fixture
def believed(tmp_path: Path) -> Roots:
    places = [f"file:{tmp_path}/a.key", f"file:{tmp_path}/b.key", f"lms:{tmp_path}/c.lms"]
    return keyset.first([open_hand(place, make=True).key for place in places], 2)


def signed(release: folder.Release, tmp_path: Path, believed: Roots) -> bytes:
    places = [f"file:{tmp_path}/a.key", f"file:{tmp_path}/b.key", f"lms:{tmp_path}/c.lms"]
    signing.sign(release, [open_hand(place) for place in places], believed)
    return release.read("release.suit")


def test_an_appliance_reads_every_word_of_a_release(oven: Path, tmp_path: Path, believed: Roots) -> None:
    note = tmp_path / "news.md"
    note.write_text("Behebt eine Lücke.")
    first = build(oven, Order(version="1.0.0", today=TODAY), tmp_path / "r1")
    base = tmp_path / "base.bin"
    base.write_bytes(bytes(range(256)) * 1500)
    drivers = oven / "drivers.py"
    drivers.write_text(drivers.read_text().replace("DOOR_MS = 2_000", "DOOR_MS = 2_500"))
    order = Order(
        version="1.1.0",
        security=True,
        deadline_days=7,
        expires_days=60,
        base=str(base),
        earlier=(first.path,),
        notes={"de": note},
        needs_base=">=1.2",
        today=TODAY,
    )
    made = build(oven, order, tmp_path / "r2")
    envelope = signed(made, tmp_path, believed)
    taken = device_manifest.read(suit.verified(envelope, device_roots.Roots(believed.encode())), OWN)
    start = TODAY - TODAY % DAY
    assert (taken.sequence, taken.version, taken.security) == (2, "1.1.0", True)
    assert (taken.expires, taken.deadline) == (start + 60 * DAY, start + 7 * DAY)
    assert [one.name for one in taken.components] == ["base", "bundle"]
    for one in taken.components:
        image = made.image(one.name)
        assert image is not None
        assert (one.size, one.digest) == (len(image), hashlib.sha256(image).digest())
        pieces = [image[at : at + one.chunk] for at in range(0, len(image), one.chunk)]
        assert bytes(one.digests) == b"".join(hashlib.sha256(piece).digest()[:16] for piece in pieces)
    old = first.image("bundle")
    assert old is not None
    found = taken.components[1].delta(hashlib.sha256(old).digest())
    assert found is not None
    patch = made.read(made.index.deltas[0].file)
    assert found == (len(patch), hashlib.sha256(patch).digest(), f"sha256/{hashlib.sha256(patch).hexdigest()}")


def test_an_appliance_goes_from_one_set_of_keys_to_the_next(tmp_path: Path, believed: Roots) -> None:
    new = keyset.changed(believed, Change(revoke=(believed.keys[0].kid.hex(),), threshold=1, hash_signature=False))
    places = [f"file:{tmp_path}/a.key", f"file:{tmp_path}/b.key", f"lms:{tmp_path}/c.lms"]
    found = keyset.sign(KeyManifest(new.encode()), believed, new, [open_hand(place) for place in places])
    taken = device_roots.next(device_roots.Roots(believed.encode()), found.encode())
    assert bytes(taken.raw) == new.encode()
    alone = keyset.sign(KeyManifest(new.encode()), believed, new, [open_hand(places[0])])
    with pytest.raises(WireError):
        device_roots.next(device_roots.Roots(believed.encode()), alone.encode())


@st.composite
def releases(draw: st.DrawFn) -> manifest.Manifest:
    """Any release that can be said in the profile."""
    names = draw(st.sampled_from([("base",), ("bundle",), ("base", "bundle")]))
    security = draw(st.booleans())
    deadline = draw(st.none() | st.integers(1, 1 << 31)) if security else None
    later = st.integers((deadline or 0) + 1, (1 << 32) - 1).filter(lambda when: when > TODAY)
    components = []
    for name in names:
        one = component(name, draw(st.binary(min_size=1, max_size=20_000)), [])
        deltas = st.builds(
            lambda old, digest, size: manifest.Delta(old, size, digest, f"sha256/{digest.hex()}"),
            *(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.integers(1, 1 << 20)),
        )
        components.append(replace(one, deltas=tuple(draw(st.lists(deltas, max_size=3)))))
    return manifest.Manifest(
        vendor=VENDOR,
        class_=CLASS,
        sequence=draw(st.integers(1, (1 << 32) - 1)),
        version=draw(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=32)),
        security=security,
        components=tuple(components),
        sbom=draw(st.binary(min_size=32, max_size=32)),
        expires=draw(st.none() | later),
        deadline=deadline,
        base=draw(st.none() | st.tuples(st.just(2), st.lists(st.integers(0, 1), min_size=1, max_size=4).map(tuple))),
        text=draw(st.none() | st.binary(min_size=32, max_size=32)),
    )


@given(releases())
def test_every_release_that_can_be_said_is_taken_and_read_again(release: manifest.Manifest) -> None:
    encoded = manifest.encode(release)
    assert manifest.read(encoded) == release
    taken = device_manifest.read(memoryview(encoded), OWN)
    assert (taken.sequence, taken.version, taken.security) == (release.sequence, release.version, release.security)
    assert (taken.expires or None, taken.deadline or None) == (release.expires, release.deadline)
    assert [(one.name, one.size, one.digest, one.uri) for one in taken.components] == [
        (one.name, one.size, one.digest, one.uri) for one in release.components
    ]


# Why an appliance refuses a manifest that is one, but not for it, or not now.
JUDGED = {ids.R_VENDOR, ids.R_CLASS, ids.R_SEQUENCE, ids.R_EXPIRED, ids.R_BASE}


@settings(max_examples=400)
@given(releases(), st.data())
def test_both_sides_draw_the_same_line_around_what_a_manifest_is(
    release: manifest.Manifest, data: st.DataObject
) -> None:
    good = manifest.encode(release)
    at = data.draw(st.integers(0, len(good) - 1))
    altered = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    reason, problem = 0, ""
    try:
        device_manifest.read(memoryview(altered), OWN)
    except WireError as error:
        reason = error.reason
    try:
        assert manifest.encode(manifest.read(altered)) == altered
    except ReleaseError as error:
        problem = str(error)
    if problem:
        assert reason, f"an appliance takes it, here it is refused: {problem}"
    else:
        assert reason in {0, *JUDGED}, "here it is read, an appliance refuses it"
