"""The words of one value in a manifest. Takes a parsed value, gives text or plain values for JSON; a ReleaseError where
the value cannot be what its place says.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from ..numbers import COMPARISONS
from ..problem import ReleaseError
from ..strict import Tag, decode
from . import tables

_PRE_RELEASE = {-1: "rc", -2: "beta", -3: "alpha"}
_SHOWN = 24  # bytes of content that are written out
_UUID_TAG, _PEN_TAG = 37, 112


def plain(value: Any) -> Any:
    """As JSON can hold it: byte strings as hex, keys as text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Tag):
        return {"tag": value.number, "value": plain(value.value)}
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def component(identifier: Any, what: str = "component") -> str:
    """A component's identifier as a path: segments as text where they are text."""
    if not isinstance(identifier, list | tuple) or not identifier or not all(type(p) is bytes for p in identifier):
        raise ReleaseError(f"{what}: an identifier is a list of byte strings")
    return "/".join(_segment(part) for part in identifier)


def _segment(part: bytes) -> str:
    text = part.decode("ascii", errors="replace")
    return text if text.isprintable() and text and "�" not in text else f"h'{part.hex()}'"


def digest(value: Any, what: str) -> tuple[int, bytes]:
    """A SUIT_Digest: algorithm and bytes."""
    match value:
        case [int(algorithm), bytes(made)] if algorithm in tables.DIGESTS:
            if len(made) == tables.DIGESTS[algorithm][2]:
                return algorithm, made
            raise ReleaseError(f"{what}: {tables.DIGESTS[algorithm][0]} gives other than {len(made)} bytes")
        case [int(algorithm), bytes()]:
            raise ReleaseError(f"{what}: digest algorithm {algorithm} is not known here")
    raise ReleaseError(f"{what}: not [algorithm, digest]")


def fits(wanted: tuple[int, bytes], data: bytes) -> bool:
    """Whether `data` has this digest."""
    _, name, size = tables.DIGESTS[wanted[0]]
    made = hashlib.new(name, data)
    found = made.digest(size) if name.startswith("shake") else made.digest()  # type: ignore[call-arg]
    return found == wanted[1]


def digest_words(value: tuple[int, bytes]) -> str:
    return f"{tables.DIGESTS[value[0]][0]} {value[1].hex()}"


def parameter(number: int, value: Any, components: Sequence[str]) -> str:
    """The words of a parameter."""
    name = tables.PARAMETERS.get(number, f"parameter {number}")
    wrong = ReleaseError(f"{name}: {plain(value)!r} is no value of this parameter")
    if number == 22:
        return index(_natural(value, wrong), components)
    words = _WORDS.get(number)
    return str(plain(value)) if words is None else words(value, wrong)


def index(number: int, components: Sequence[str]) -> str:
    if number >= len(components):
        raise ReleaseError(f"component {number} is named, there are {len(components)}")
    return f"component {number} ({components[number]})"


def moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"


def version(value: Any) -> str:
    """Integers, negative ones for pre-releases (draft-ietf-suit-update-management)."""
    if not isinstance(value, list) or not value or not all(type(one) is int for one in value):
        raise ReleaseError("a version is a list of integers")
    text = ".".join(_PRE_RELEASE.get(one, str(one)) for one in value)
    for word in _PRE_RELEASE.values():
        text = text.replace(f".{word}", f"-{word}")
    return text


def version_match(value: Any) -> str:
    """SUIT_Parameter_Version_Match (draft-ietf-suit-update-management, section 4.4): a byte string around it."""
    match decode(value, "version") if isinstance(value, bytes) else None:
        case [int(comparison), list(wanted)] if comparison in COMPARISONS:
            return f"{COMPARISONS[comparison]} {version(wanted)}"
    raise ReleaseError("a version to compare with is a byte string around [comparison, [integers]]")


def content(data: bytes) -> str:
    text = data.decode("utf-8", errors="replace")
    shown = repr(text) if text.isprintable() and "�" not in text else f"h'{data.hex()}'"
    return shown if len(data) <= _SHOWN else f"{len(data):,} bytes"


def _uuid(value: Any, wrong: ReleaseError) -> str:
    if isinstance(value, Tag):
        if value.number == _PEN_TAG:
            return f"private enterprise number h'{_typed(value.value, bytes, wrong).hex()}'"
        value = value.value if value.number == _UUID_TAG else None
    return identifier(_typed(value, bytes, wrong))


def identifier(data: bytes) -> str:
    """A UUID where it can be one."""
    return str(uuid.UUID(bytes=data)) if len(data) == 16 else f"h'{data.hex()}'"


def _named(value: Any, names: dict[int, str], wrong: ReleaseError) -> str:
    if isinstance(value, bytes):
        value = decode(value, "map")
    said = [f"{names.get(key, key)} {plain(one)}" for key, one in _typed(value, dict, wrong).items()]
    return ", ".join(said)


def _chunks(value: Any, wrong: ReleaseError) -> str:
    match value:
        case [int(size), bytes(digests)] if digests and len(digests) % 16 == 0:
            return f"{len(digests) // 16} of {size:,} bytes"
    raise wrong


def _deltas(value: Any, wrong: ReleaseError) -> str:
    said = []
    for one in _typed(value, list, wrong):
        match one:
            case [bytes(old), int(size), bytes(), str()]:
                said.append(f"from SHA-256 {old.hex()[:16]}…: {size:,} bytes")
            case _:
                raise wrong
    return ", ".join(said)


def _natural(value: Any, wrong: ReleaseError) -> int:
    if type(value) is not int or value < 0:
        raise wrong
    return value


def _typed(value: Any, kind: type, wrong: ReleaseError) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise wrong
    return value


# By parameter: its value in words.
_WORDS: dict[int, Callable[[Any, ReleaseError], str]] = {
    **dict.fromkeys((1, 2, 24), _uuid),
    3: lambda value, wrong: digest_words(digest(decode(_typed(value, bytes, wrong), "image digest"), "image digest")),
    **dict.fromkeys((4, -2), lambda value, wrong: moment(_natural(value, wrong))),
    **dict.fromkeys((5, 27), lambda value, wrong: str(_typed(value, int, wrong))),
    **dict.fromkeys((12, 13), lambda value, wrong: "yes" if _typed(value, bool, wrong) else "no"),
    14: lambda value, wrong: f"{_natural(value, wrong):,} bytes",
    **dict.fromkeys((18, 19, 23, 25), lambda value, wrong: content(_typed(value, bytes, wrong))),
    21: lambda value, wrong: str(_typed(value, str, wrong)),
    26: lambda value, wrong: f"{_natural(value, wrong):,} mWh",
    28: lambda value, _: version_match(value),
    29: lambda value, wrong: _named(value, tables.WAIT_EVENTS, wrong),
    30: lambda value, wrong: _named(value, tables.METADATA, wrong),
    -1: _chunks,
    -3: _deltas,
}
