"""The secrets of one partner, sealed: the present one, and for a day those before it. Takes a seal and sealed bytes,
gives sealed bytes and the secrets that hold now; shows one only to whoever makes it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from trivet.outward.seal import Seal
from trivet.outward.signature import new_secret

OVERLAP = dt.timedelta(hours=24)  # for which an old secret holds beside its replacement
_Held = Sequence[tuple[str, float | None]]  # secret, and until when (Unix time); None: without end


def made(seal: Seal, whose: str) -> tuple[str, bytes]:
    """A first secret: as it is shown this once, and sealed for the database."""
    secret = new_secret()
    return secret, _sealed(seal, whose, [(secret, None)])


def rotated(seal: Seal, whose: str, sealed: bytes, now: dt.datetime) -> tuple[str, bytes]:
    """A further secret; those before it hold for another day."""
    secret, until = new_secret(), (now + OVERLAP).timestamp()
    old = [(one, end or until) for one, end in _opened(seal, whose, sealed) if end is None or end > now.timestamp()]
    return secret, _sealed(seal, whose, [(secret, None), *old])


def holding(seal: Seal, whose: str, sealed: bytes, now: dt.datetime) -> list[str]:
    """The secrets that hold now, newest first."""
    return [one for one, end in _opened(seal, whose, sealed) if end is None or end > now.timestamp()]


def _sealed(seal: Seal, whose: str, held: _Held) -> bytes:
    return seal.close(json.dumps(held).encode(), whose)


def _opened(seal: Seal, whose: str, sealed: bytes) -> _Held:
    return [(secret, end) for secret, end in json.loads(seal.open(sealed, whose))]
