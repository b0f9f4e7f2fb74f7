"""What appliances may fetch, as files named by their SHA-256 in the cloud's data folder. Takes bytes or files, gives
bytes; never knows for whom they are. What a file holds is checked when it is put in: its name says it for ever.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

FOLDER = "payloads"
_NAME = re.compile("[0-9a-f]{64}")
_STEP = 1 << 20


class Payloads:
    """One folder of them. Several processes may use it at once."""

    def __init__(self, updates_dir: Path, kind: str = FOLDER) -> None:
        self.folder = updates_dir / kind

    def path(self, sha256: str) -> Path:
        """Where a payload is or would be. ValueError for what is no SHA-256 in lower-case hexadecimal digits."""
        if not _NAME.fullmatch(sha256):
            raise ValueError("a payload is named by 64 hexadecimal digits")
        return self.folder / sha256

    def put(self, data: bytes) -> str:
        """Keep it; gives its SHA-256 in hexadecimal digits. What is there already stays, unless it is damaged."""
        name = hashlib.sha256(data).hexdigest()
        target = self.path(name)
        if self.sound(name):
            return name
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        return name

    def size(self, sha256: str) -> int | None:
        """Bytes; None for one that is not here."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, sha256: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer at its end, none of one that is not here."""
        try:
            with self.path(sha256).open("rb") as file:
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError:
            return b""

    def sound(self, sha256: str) -> bool:
        """Whether it is here and its bytes still are what its name says."""
        digest = hashlib.sha256()
        try:
            with self.path(sha256).open("rb") as file:
                while part := file.read(_STEP):
                    digest.update(part)
        except FileNotFoundError:
            return False
        return digest.hexdigest() == sha256
