"""A bundle image: the maker's program and data as one payload. Takes files by path, gives bytes; takes bytes, gives the
files or a ReleaseError. The same files give the same bytes, in whatever order they come.

    "TVB" 01        magic and format
    u16 LE          length of the index, at most 1024
    index           canonical CBOR [[path, size, SHA-256 of the file], …], 1 … 16 files, sorted by path
    contents        in that order, nothing after

A path is `name.ext` or `board/name.ext`, letters `a … z 0 … 9 _`, 24 at most before and after the dot: none of them
leads out of the directory that an appliance unpacks into.
"""

from __future__ import annotations

import hashlib
import re
import struct

from trivet_wire import cbor
from trivet_wire.refuse import WireError

from .problem import ReleaseError

MAGIC = b"TVB\x01"
MAX_FILES = 16
MAX_INDEX = 1024  # bytes
_HEAD = struct.Struct("<4sH")
_PATH = re.compile(r"(board/)?[a-z0-9_]{1,24}\.[a-z0-9_]{1,24}")


def pack(files: dict[str, bytes]) -> bytes:
    """The image of these files. ReleaseError when an appliance would refuse it."""
    if not 1 <= len(files) <= MAX_FILES:
        raise ReleaseError(f"a bundle has 1 to {MAX_FILES} files, not {len(files)}")
    for path in files:
        _check(path)
    ordered = sorted(files.items())
    index = cbor.encode([[path, len(data), hashlib.sha256(data).digest()] for path, data in ordered])
    if len(index) > MAX_INDEX:
        raise ReleaseError(f"the bundle's index has {len(index)} bytes, {MAX_INDEX} are allowed: fewer files or names")
    return _HEAD.pack(MAGIC, len(index)) + index + b"".join(data for _, data in ordered)


def read(image: bytes) -> dict[str, bytes]:
    """The files of an image, each of which has the digest that its index names."""
    if len(image) < _HEAD.size or not image.startswith(MAGIC):
        raise ReleaseError("this is no bundle image: it does not begin with TVB and format 1")
    length = _HEAD.unpack_from(image)[1]
    start = _HEAD.size + length
    if length > MAX_INDEX or start > len(image):
        raise ReleaseError(f"the bundle's index claims {length} bytes: damaged, build it again")
    files: dict[str, bytes] = {}
    for path, size, digest in _index(image[_HEAD.size : start]):
        if path in files:
            raise ReleaseError(f"the bundle's index names {path} twice")
        data = image[start : start + size]
        if len(data) != size:
            raise ReleaseError(
                f"the bundle ends in the middle of {path}: {size} bytes are named, {len(data)} are there"
            )
        if hashlib.sha256(data).digest() != digest:
            raise ReleaseError(f"{path} in the bundle is not the file that its index names: damaged or altered")
        files[path] = data
        start += size
    if start != len(image):
        raise ReleaseError(f"{len(image) - start} bytes follow the last file of the bundle")
    return files


def _index(encoded: bytes) -> list[tuple[str, int, bytes]]:
    try:
        rows = cbor.decode(encoded, MAX_INDEX, 2)
    except WireError as error:
        raise ReleaseError(f"the bundle's index is not canonical CBOR ({error}): damaged, build it again") from error
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_FILES:
        raise ReleaseError(f"the bundle's index is no list of 1 to {MAX_FILES} files")
    return [_row(row) for row in rows]


def _row(row: object) -> tuple[str, int, bytes]:
    match row:
        case [str(path), int(size), bytes(digest)] if size >= 0 and len(digest) == hashlib.sha256().digest_size:
            return _check(path), int(size), digest
    raise ReleaseError("a row of the bundle's index is not [path, size, SHA-256]")


def _check(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ReleaseError(f"{path!r} is no file that a bundle may hold: write name.ext or board/name.ext, a-z 0-9 _")
    return path
