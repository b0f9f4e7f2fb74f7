"""The bundle image: same files, same bytes; nothing that leads out of its directory, nothing that is not as indexed."""

from __future__ import annotations

import hashlib
import struct

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet.release import ReleaseError, bundle

PATHS = st.from_regex(r"\A(board/)?[a-z0-9_]{1,24}\.[a-z0-9_]{1,8}\Z")
FILES = st.dictionaries(PATHS, st.binary(max_size=300), min_size=1, max_size=8)


@given(FILES)
def test_what_is_packed_is_read_again_in_any_order_of_files(files: dict[str, bytes]) -> None:
    image = bundle.pack(files)
    assert bundle.read(image) == files
    assert bundle.pack(dict(reversed(files.items()))) == image


def test_an_independent_reader_finds_the_files_where_the_layout_says() -> None:
    image = bundle.pack({"drivers.mpy": b"code", "board/board.cbor": b"data"})
    magic, length = struct.unpack_from("<4sH", image)
    assert magic == b"TVB\x01"
    index = cbor2.loads(image[6 : 6 + length])
    assert [row[0] for row in index] == ["board/board.cbor", "drivers.mpy"]
    assert image[6 + length :] == b"datacode"
    assert index[1][1:] == [4, hashlib.sha256(b"code").digest()]


@given(FILES, st.data())
def test_no_altered_byte_and_no_cut_passes(files: dict[str, bytes], data: st.DataObject) -> None:
    image = bundle.pack(files)
    at = data.draw(st.integers(0, len(image) - 1))
    altered = image[:at] + bytes([image[at] ^ data.draw(st.integers(1, 255))]) + image[at + 1 :]
    for wrong in (altered, image[:at], image + b"\0"):
        try:
            found = bundle.read(wrong)
        except ReleaseError:
            continue
        assert sorted(found.values()) == sorted(files.values()), "only a file's name is not covered by a digest"


@pytest.mark.parametrize(
    "path",
    [
        "../drivers.mpy",
        "/drivers.mpy",
        "lib/drivers.mpy",
        "board/../x.mpy",
        "drivers",
        "Board/x.mpy",
        "a" * 25 + ".b",
        "",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_in_writing_and_in_reading(path: str) -> None:
    with pytest.raises(ReleaseError, match="no file that a bundle may hold"):
        bundle.pack({path: b"x"})
    index = cbor2.dumps([[path, 1, hashlib.sha256(b"x").digest()]], canonical=True)
    with pytest.raises(ReleaseError, match="no file that a bundle may hold"):
        bundle.read(struct.pack("<4sH", b"TVB\x01", len(index)) + index + b"x")


def test_the_same_path_twice_is_refused() -> None:
    row = ["a.b", 1, hashlib.sha256(b"x").digest()]
    index = cbor2.dumps([row, row], canonical=True)
    with pytest.raises(ReleaseError, match="twice"):
        bundle.read(struct.pack("<4sH", b"TVB\x01", len(index)) + index + b"xx")


def test_too_many_files_are_refused() -> None:
    with pytest.raises(ReleaseError, match="1 to 16 files"):
        bundle.pack({f"f{i}.x": b"" for i in range(17)})
    with pytest.raises(ReleaseError, match="1 to 16 files"):
        bundle.pack({})
