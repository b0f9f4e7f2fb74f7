"""Which leaves of a hash-based key are used: a file that only grows. Takes a path, gives each leaf to one caller, once.

    trivet lms 1 <key id>
    0 2026-11-26T10:00:00+00:00 <SHA-256 of what was signed>
    1 …

A leaf is reserved by its line, which is in flash (file and folder) **before** the leaf signs: whatever moment the power
goes, a leaf is lost at worst, and none signs twice. A line that was cut short counts as used. One process at a time
holds the file (flock). Never rewritten, so no older state comes back by itself; one that a backup brought back is found
by the signatures that are already out (`seen`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from trivet.keys.safe import write_private

from . import lms
from .problem import ReleaseError

PATIENCE_S = 10.0
MAX_LOOKED_AT = 1 << 20  # bytes of a file in which signatures are looked for
_MAGIC = "trivet lms 1"


def create(path: Path, kid: bytes) -> None:
    """The state of a new key. ReleaseError when there is one by which leaves were used already."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes().count(b"\n") > 1:
            raise ReleaseError(f"{path} has leaves of another key in it: restore that key, or choose another name")
    write_private(path, f"{_MAGIC} {kid.hex()}\n".encode())


def left(path: Path, kid: bytes) -> int:
    """How many signatures the key can still make."""
    with _locked(path) as descriptor:
        return lms.LEAVES - _used(path, _content(descriptor), kid)


def reserve(path: Path, kid: bytes, message: bytes, seen: Iterable[tuple[int, Path]] = ()) -> int:
    """A leaf that nobody else gets, durably. `seen`: leaves of signatures that are out, and where (`leaves_in`).

    ReleaseError when the state is missing, damaged, of another key, older than what is seen, or at its end.
    """
    with _locked(path) as descriptor:
        content = _content(descriptor)
        leaf = _used(path, content, kid)
        for other, where in seen:
            if other >= leaf:
                raise ReleaseError(
                    f"{path} knows {leaf} signatures, but {where} carries number {other + 1} of the same key: it is an "
                    "old copy, and signing by it would break the key. Put the newest state file in its place; where "
                    "there is none, make a new key and retire this one"
                )
        if leaf >= lms.LEAVES:
            raise ReleaseError(f"{path}: all {lms.LEAVES} signatures of this key are used: make a new key")
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        line = f"{leaf} {now} {hashlib.sha256(message).hexdigest()}\n"
        written = line.encode() if content.endswith(b"\n") else b"\n" + line.encode()
        if os.write(descriptor, written) != len(written):
            raise ReleaseError(f"{path}: the disk is full, nothing was signed")
        os.fsync(descriptor)
        _sync_folder(path.parent)
    return leaf


def leaves_in(places: Iterable[Path], kid: bytes) -> Iterator[tuple[int, Path]]:
    """The leaf of every signature of that key in these files and folders, whatever they are: each COSE_Sign1 carries
    the key's id and, 9 bytes behind it, the leaf."""
    start = b"\xa2\x01\x38\x2d\x04\x48" + kid + b"\xa0\xf6\x59\x09\xd0\x00\x00\x00\x00"
    for file in _files(places):
        content = file.read_bytes()
        at = content.find(start)
        while at >= 0:
            leaf = content[at + len(start) :][:4]
            if len(leaf) == 4:
                yield int.from_bytes(leaf), file
            at = content.find(start, at + 1)


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in inside:
            if file.is_file() and file.stat().st_size <= MAX_LOOKED_AT:
                yield file


def _used(path: Path, content: bytes, kid: bytes) -> int:
    """How many leaves are used. A line that is whole says its own number; a torn one uses its leaf up all the same."""
    head, *lines = content.decode("ascii", "replace").split("\n")
    if head != f"{_MAGIC} {kid.hex()}" or not lines:
        raise ReleaseError(f"{path} is not the state of key {kid.hex()}: put that one in its place")
    if not lines[-1]:
        lines.pop()
    for leaf, line in enumerate(lines):
        parts = line.split(" ")
        if len(parts) == 3 and len(parts[2]) == 64 and parts[0] != str(leaf):
            raise ReleaseError(
                f"{path}, line {leaf + 2}: here stands number {parts[0]}, not {leaf}. Somebody changed this file: put "
                "the newest unchanged copy in its place"
            )
    return len(lines)


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    try:
        import fcntl
    except ImportError:  # pragma: no cover
        raise ReleaseError("hash-based keys need file locks (flock): sign on Linux or macOS") from None
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        raise ReleaseError(
            f"{path} is not there: without it nobody knows which leaves of the key are used, and nothing is signed. "
            "Put the newest state file in its place"
        ) from None
    try:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise ReleaseError(f"{path}: another process signs with this key: try again later") from None
                time.sleep(0.02)
        if os.fstat(descriptor).st_ino != path.stat().st_ino:
            raise ReleaseError(f"{path} was replaced while it was opened: try again")
        yield descriptor
    finally:
        os.close(descriptor)  # which gives the lock up


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
