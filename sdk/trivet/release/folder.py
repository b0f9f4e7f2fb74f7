"""A release's folder: `release.json` and the files that it names. Takes a path, gives a `Release`; writes a new folder
whole or not at all. Never trusts a name in `release.json`: a file lies in the folder itself.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal

import msgspec

from . import envelope
from .problem import ReleaseError

FORMAT = 1
FILE = "release.json"
IMAGES = {"base": "base.img", "bundle": "bundle.tvb"}


class DeltaFile(msgspec.Struct, frozen=True, kw_only=True):
    """One delta: which component, from which earlier release and image (SHA-256, hex), to which file."""

    component: Literal["base", "bundle"]
    from_version: str
    from_sha256: str
    sha256: str
    file: str


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """What `release.json` holds. `payloads`: file by SHA-256 (hex), deltas too; `notes`: file by language;
    `base_kinds`: monitor kinds of the base that the bundle runs on, empty where they are not known."""

    format: int
    board: str
    model: str
    vendor: str
    version: str
    sequence: int
    kind: Literal["security", "feature"]
    envelope: str
    payloads: dict[str, str]
    sbom: str
    notes: dict[str, str]
    deltas: list[DeltaFile]
    base_kinds: list[str] = []


class Release:
    """An opened folder. Reads lazily; ReleaseError for what is missing or damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            raw = (path / FILE).read_bytes()
        except OSError as error:
            raise ReleaseError(f"{path} is no release folder: {FILE} cannot be read ({error.strerror})") from error
        try:
            self.index = msgspec.json.decode(raw, type=Index)
        except msgspec.MsgspecError as error:
            raise ReleaseError(f"{path / FILE}: {error}. Build the release again") from error
        if self.index.format != FORMAT:
            raise ReleaseError(f"{path / FILE} has format {self.index.format}, this Trivet reads {FORMAT}: update it")

    def read(self, name: str) -> bytes:
        """A file of the folder."""
        if name != Path(name).name or name in {"", ".", ".."}:
            raise ReleaseError(f"{self.path / FILE} names {name!r}, which is no file of this folder: build it again")
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise ReleaseError(f"{self.path / name} cannot be read: {error.strerror}") from error

    def envelope(self) -> envelope.Envelope:
        try:
            return envelope.read(self.read(self.index.envelope))
        except ReleaseError as error:
            raise ReleaseError(f"{self.path / self.index.envelope}: {error}") from error

    def replace(self, name: str, data: bytes) -> None:
        """A file of the folder anew, whole or not at all."""
        temporary = self.path / f"{name}.new"
        temporary.write_bytes(data)
        os.replace(temporary, self.path / name)

    def image(self, component: str) -> bytes | None:
        """The image of a component, None when this release has none."""
        name = IMAGES[component]
        return self.read(name) if name in self.index.payloads.values() else None


def write(path: Path, index: Index, files: dict[str, bytes]) -> Release:
    """A new folder. What lies there already is not touched: ReleaseError."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ReleaseError(f"{path} is not empty: a release gets a folder of its own, name another or move that one")
    scratch = path.with_name(path.name + ".new")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        scratch.mkdir(parents=True)
        encoded = msgspec.json.format(msgspec.json.encode(index), indent=2) + b"\n"
        for name, data in {**files, FILE: encoded}.items():
            (scratch / name).write_bytes(data)
        if path.exists():
            path.rmdir()
        os.replace(scratch, path)
    except OSError as error:
        raise ReleaseError(f"{path} cannot be written: {error.strerror or error}") from error
    return Release(path)
