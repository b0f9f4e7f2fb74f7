"""The appliance's patcher against `detools` itself, on CPython and on MicroPython: what detools makes, it applies; what
leads elsewhere, it refuses, without reading or writing outside the images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import upy
from appliance.update.patch import Patch
from hypothesis import given, settings
from hypothesis import strategies as st
from patch_server import applied
from trivet.release import ReleaseError, delta
from trivet_wire import ids

IMAGES = st.one_of(
    st.binary(min_size=1, max_size=3000),
    st.lists(st.sampled_from([b"\0" * 40, b"abcabcabc", b"trivet ", b"\xff", b"\x01\x02"]), min_size=1).map(b"".join),
)
PIECES = st.sampled_from([1, 2, 3, 7, 64, 256, 4096])


@pytest.fixture(scope="module")
def micropython() -> Iterator[upy.MicroPythonServer]:
    server = upy.MicroPythonServer(Path(__file__).parent / "patch_server.py", heapsize="160k")
    yield server
    server.close()


@st.composite
def edited(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """An image and one that was made of it by edits, as a release is of the one before."""
    old = draw(IMAGES)
    new = bytearray(old)
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(new)))
        new[at : at + draw(st.integers(0, 60))] = draw(st.binary(max_size=60))
    return old, bytes(new) or b"\0"


@given(edited() | st.tuples(IMAGES, IMAGES), PIECES)
def test_a_patch_leads_to_the_new_image(images: tuple[bytes, bytes], piece: int) -> None:
    old, new = images
    assert applied(old, delta.make(old, new), len(new), piece) == ["ok", new.hex()]


@settings(max_examples=60)
@given(images=edited(), piece=PIECES)
def test_in_micropython_too(micropython: upy.MicroPythonServer, images: tuple[bytes, bytes], piece: int) -> None:
    old, new = images
    answer = micropython.ask(old.hex(), delta.make(old, new).hex(), len(new), piece)
    assert answer == ["ok", new.hex()]


@given(edited(), st.data())
def test_an_altered_patch_is_refused_or_stays_within_both_images(
    images: tuple[bytes, bytes], data: st.DataObject
) -> None:
    old, new = images
    patch = bytearray(delta.make(old, new))
    for _ in range(data.draw(st.integers(1, 3))):
        patch[data.draw(st.integers(0, len(patch) - 1))] = data.draw(st.integers(0, 255))
    verdict, said = applied(old, bytes(patch), len(new), 64)
    if verdict == "ok":
        assert len(bytes.fromhex(said)) == len(new), "the digest judges what is in it"
    else:
        assert (verdict, said) == ("refused", ids.R_PATCH)


@given(st.binary(max_size=400), st.binary(max_size=400), st.integers(-1, 5000))
def test_no_bytes_are_anything_but_refused_or_applied(old: bytes, noise: bytes, size: int) -> None:
    for patch in (noise, b"\x04" + noise, b"\x04\x80\x01\x44" + noise, b"\x04\x0a\x44" + noise):
        verdict, said = applied(old, patch, size, 16)
        assert verdict in {"ok", "refused"}, said


@given(edited(), st.data())
def test_a_cut_or_longer_patch_is_refused(images: tuple[bytes, bytes], data: st.DataObject) -> None:
    old, new = images
    patch = delta.make(old, new)
    cut = data.draw(st.integers(0, len(patch) - 1))
    assert applied(old, patch[:cut], len(new), 64) == ["refused", ids.R_PATCH]
    assert applied(old, patch + b"\xff\xff", len(new), 64) == ["refused", ids.R_PATCH]


@given(edited(), st.integers(-2, 2).filter(bool))
def test_a_size_that_lies_is_refused(images: tuple[bytes, bytes], off: int) -> None:
    old, new = images
    assert applied(old, delta.make(old, new), len(new) + off, 64) == ["refused", ids.R_PATCH]


def test_a_place_before_the_old_image_or_behind_it_is_refused() -> None:
    old = bytes(100)
    for move in (-1, 101):
        plain = size(0) + size(0) + size(1) + b"x" + size(move) + size(1) + b"\1" + size(0) + size(0)
        assert applied(old, b"\x04" + size(2) + b"\x44" + literals(plain), 2, 64) == ["refused", ids.R_PATCH]


def test_the_other_formats_of_detools_are_refused() -> None:
    import io

    import detools

    for words in ({"compression": "none"}, {"compression": "heatshrink", "heatshrink_window_sz2": 10}):
        patch = io.BytesIO()
        detools.create_patch(io.BytesIO(b"old" * 50), io.BytesIO(b"new" * 50), patch, use_mmap=False, **words)
        assert applied(b"old" * 50, patch.getvalue(), 150, 64) == ["refused", ids.R_PATCH]


def test_zeros_without_end_make_nothing() -> None:
    """Tokens that give 128 bytes of "nothing added, nothing new, no move" each."""
    assert applied(b"old", b"\x04\x05\x44" + bytes(20_000), 5, 512) == ["refused", ids.R_PATCH]


def test_its_buffers_stay_small() -> None:
    one = Patch(None, None, 1)  # type: ignore[arg-type]
    held = [value for value in vars(one).values() if isinstance(value, memoryview)]
    assert max(len(buffer) for buffer in held) <= 1024


@given(edited())
def test_the_sdk_applies_its_own_patches(images: tuple[bytes, bytes]) -> None:
    old, new = images
    patch = delta.make(old, new)
    assert delta.apply(old, patch) == new
    with pytest.raises(ReleaseError, match="cannot be applied"):
        delta.apply(old, b"\x7f" + patch[1:])


def size(value: int) -> bytes:
    """As detools writes it; small ones suffice here."""
    sign = 0x40 if value < 0 else 0
    low, high = abs(value) & 0x3F, abs(value) >> 6
    return bytes([sign | low | 0x80, high]) if high else bytes([sign | low])


def literals(data: bytes) -> bytes:
    """As heatshrink writes bytes that repeat nothing."""
    bits = "".join(f"1{byte:08b}" for byte in data)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
