"""Whatever is changed of a signed envelope, none of its commands has an effect: it is refused before its manifest is
read, or for what its manifest then says, and the SDK refuses it too. Changed byte by byte, cut, lengthened, doubled,
mixed, stirred. The large one has more signatures than are asked for: no byte of those may be another either.
"""

import functools
import random
import re
from collections.abc import Iterator
from typing import Any

import judged_kit as kit
import pytest
from appliance.update import manifest, roots, suit
from appliance.update.release import Own
from judged_kit import CLASS, HASH, KEYS, NOW, VENDOR, Image, canonical, envelope
from trivet.release import ReleaseError
from trivet.release import envelope as released
from trivet.release import roots as keysets
from trivet_wire import ids
from trivet_wire.refuse import WireError

OWN = Own(VENDOR.bytes, CLASS.bytes, 5, (1, 2, 0), NOW)
SMALL_ROOT = kit.roots(1, 1, KEYS[:1])
SMALL = envelope(kit.manifest(Image(more=kit.FEATURE)), KEYS[:1])
TEXT = canonical({"de": "Was neu ist", "en": "What is new"})
PATCHES = [
    [kit.sha256(b"old %d" % n), 900, kit.sha256(b"patch %d" % n), "sha256/" + kit.sha256(b"patch %d" % n).hex()]
    for n in range(4)
]
LARGE_ROOT = kit.roots(1, 2, [*sorted(KEYS[:4], key=kit.kid), HASH], hash_signature=True)
LARGE_MANIFEST = kit.manifest(
    Image(b"base", content=bytes(250_000), more={**kit.SECURITY, 4: NOW + 9, -2: NOW + 5, 28: canonical([2, [1, 2]])}),
    Image(source={-3: PATCHES}),
    keys={23: [-16, kit.sha256(canonical(TEXT))]},
)
LARGE = envelope(LARGE_MANIFEST, [*KEYS[:3], HASH], TEXT)
HASH_AT = LARGE.index(b"\xf6\x59\x09\xd0") + 4  # where the hash-based signature stands in it, and its size
HASH_SIZE = 2512
SDK_ROOT = keysets.Roots(1, 2, True, tuple(keysets.Key(one.algorithm, one.public) for one in (*KEYS[:4], HASH)))
# Where r ‖ s stands in the small one, just before the manifest.
SIGNED_AT = SMALL.index(b"\xf6\x58\x40") + 3


def refusal(data: bytes, kept: roots.Roots, own: Own = OWN) -> int:
    """The reason, 0 when it would be installed; anything else than a WireError fails the test."""
    try:
        manifest.read(suit.verified(data, kept), own)
    except WireError as error:
        return error.reason
    return 0


@pytest.fixture(autouse=True)
def known_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged of a key, message and signature is not judged again: thousands of envelopes share most of it."""
    judged = functools.cache(roots._holds)
    monkeypatch.setattr(
        roots, "_holds", lambda *asked: judged(*(one if isinstance(one, int) else bytes(one) for one in asked))
    )


@functools.cache
def believed_by_the_sdk(data: bytes) -> bool:
    try:
        enclosed = released.read(data)
        return not SDK_ROOT.judge(enclosed.signatures, enclosed.digest).reason
    except ReleaseError:
        return False


def changed(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes((value,)) + data[at + 1 :]


def test_unchanged_they_are_installed() -> None:
    assert refusal(SMALL, roots.Roots(SMALL_ROOT)) == 0
    assert refusal(LARGE, roots.Roots(LARGE_ROOT)) == 0
    assert believed_by_the_sdk(LARGE)
    assert len(curves(LARGE)) == 3
    assert curves(LARGE)[-1] < HASH_AT
    assert 4000 < len(LARGE) <= ids.MAX_ENVELOPE


def test_every_value_of_every_byte_but_the_signatures_own() -> None:
    kept = roots.Roots(SMALL_ROOT)
    for at in [*range(SIGNED_AT), *range(SIGNED_AT + 64, len(SMALL))]:
        for value in range(256):
            assert value == SMALL[at] or refusal(changed(SMALL, at, value), kept), (at, value)


def test_every_bit_of_the_signature() -> None:
    kept = roots.Roots(SMALL_ROOT)
    for at in range(SIGNED_AT, SIGNED_AT + 64):
        for bit in range(8):
            assert refusal(changed(SMALL, at, SMALL[at] ^ 1 << bit), kept) == ids.R_SIGNATURE, (at, bit)


@pytest.mark.slow
def test_every_value_of_every_byte_of_the_signature() -> None:
    kept = roots.Roots(SMALL_ROOT)
    for at in range(SIGNED_AT, SIGNED_AT + 64):
        for value in range(256):
            assert value == SMALL[at] or refusal(changed(SMALL, at, value), kept) == ids.R_SIGNATURE, (at, value)


def test_every_byte_of_a_large_envelope() -> None:
    """Of its authentication, which nothing but the signatures themselves vouches for, the same in the SDK."""
    kept = roots.Roots(LARGE_ROOT)
    draw = random.Random(1)
    for at in range(len(LARGE)):
        for value in {LARGE[at] ^ 1 << draw.randrange(8), draw.randrange(256)} - {LARGE[at]}:
            assert refusal(changed(LARGE, at, value), kept) in ids.REASON_NAMES, (at, value)
            assert not believed_by_the_sdk(changed(LARGE, at, value)), (at, value)


def test_every_value_of_every_byte_around_the_signatures_of_a_large_envelope() -> None:
    """Heads, tags, key ids, algorithms: of wanted signatures, of surplus ones and of the hash-based one."""
    kept = roots.Roots(LARGE_ROOT)
    inside = {at for start in curves(LARGE) for at in range(start, start + 64)} | {*range(HASH_AT, HASH_AT + HASH_SIZE)}
    around = [at for at in range(LARGE.index(LARGE_MANIFEST)) if at not in inside]
    assert len(around) > 100
    for at in around:
        for value in range(256):
            if value != LARGE[at]:
                assert refusal(changed(LARGE, at, value), kept) in ids.REASON_NAMES, (at, value)
                assert not believed_by_the_sdk(changed(LARGE, at, value)), (at, value)


def curves(data: bytes) -> list[int]:
    """Where the signatures of P-256 stand."""
    return [found.end() for found in re.finditer(rb"\xa0\xf6\x58\x40", data)]


def test_bytes_changed_in_micropython_too(appliance: Any) -> None:
    draw = random.Random(2)
    for data, kept, step in ((SMALL, SMALL_ROOT, 3), (LARGE, LARGE_ROOT, 23)):
        for at in range(draw.randrange(step), len(data), step):
            assert appliance("verified", changed(data, at, data[at] ^ draw.randrange(1, 256)), kept) < 0, at


def test_every_end_too_early_and_bytes_too_many(appliance: Any) -> None:
    for data, root in ((SMALL, SMALL_ROOT), (LARGE, LARGE_ROOT)):
        kept = roots.Roots(root)
        for size in range(len(data)):
            assert refusal(data[:size], kept), size
        for more in (b"\0", b"\xa0", data, bytes(9000)):
            assert refusal(data + more, kept)
        assert appliance("verified", data + b"\0", root) == -ids.R_TRAILING


def test_every_byte_left_out_or_doubled() -> None:
    kept = roots.Roots(SMALL_ROOT)
    for at in range(len(SMALL)):
        assert refusal(SMALL[:at] + SMALL[at + 1 :], kept)
        assert refusal(SMALL[: at + 1] + SMALL[at:], kept)


def parts(data: bytes) -> dict[int, Any]:
    """An envelope taken apart: its digest, its signatures, the rest."""
    found = dict(kit.cbor2.loads(data).value)
    found[2] = kit.cbor2.loads(found[2])
    return found


def joined(taken: dict[int, Any]) -> bytes:
    return canonical(kit.cbor2.CBORTag(107, {**taken, 2: canonical(taken[2])}))


def mixtures() -> Iterator[bytes]:
    """Envelopes put together from parts of two that are signed."""
    one, other = parts(LARGE), parts(envelope(kit.manifest(Image(more=kit.FEATURE)), [*KEYS[:2], HASH], TEXT))
    yield joined({**one, 3: other[3]})
    yield joined({**one, 2: other[2]})
    yield joined({**one, 2: [one[2][0], *other[2][1:]]})
    yield joined({**one, 2: [other[2][0], *one[2][1:]]})
    yield joined({**one, 2: [other[2][0], *one[2][1:]], 3: other[3]})
    yield joined({**one, 2: [one[2][0], one[2][1], other[2][2], one[2][3]]})
    yield joined({**one, 2: [one[2][0], one[2][1], one[2][1], one[2][3]]})
    yield joined({**one, 2: [one[2][0], one[2][1], one[2][2], one[2][1]]})
    yield joined({**one, 2: [one[2][0], one[2][0], *one[2][1:]]})
    yield joined({**one, 2: one[2][1:]})
    yield joined({**one, 23: TEXT + b"\0"})


def test_parts_of_two_releases_make_no_third(appliance: Any) -> None:
    for data in mixtures():
        assert data != LARGE
        assert refusal(data, roots.Roots(LARGE_ROOT))
        assert appliance("verified", data, LARGE_ROOT) < 0


def test_signatures_in_another_order_or_fewer_surplus_ones_change_nothing(appliance: Any) -> None:
    """Which is no weakness: enough of the same keys signed the same manifest."""
    taken = parts(LARGE)
    digest, *signed = taken[2]
    for order in ([signed[3], signed[1], signed[0], signed[2]], [signed[0], signed[2], signed[3]]):
        assert appliance("verified", joined({**taken, 2: [digest, *order]}), LARGE_ROOT) == LARGE_MANIFEST.hex()


def test_no_key_signs_twice_and_nobody_unknown_once(appliance: Any) -> None:
    taken = parts(LARGE)
    digest, *signed = taken[2]
    protected, unprotected, payload, signature = kit.cbor2.loads(signed[0]).value
    again = canonical(kit.cbor2.CBORTag(18, [protected, unprotected, payload, kit.other(signature)]))
    stranger = kit.sign1(kit.STRANGER, digest)
    for more in (signed[0], again, signed[3], stranger):
        made = joined({**taken, 2: [digest, *signed, more]})
        assert appliance("verified", made, LARGE_ROOT) == -ids.R_SIGNATURE
        assert not believed_by_the_sdk(made)


def test_what_was_stirred_is_refused_as_a_whole() -> None:
    draw = random.Random(3)
    kept = roots.Roots(LARGE_ROOT)
    for _ in range(3000):
        data = bytearray(LARGE)
        for _ in range(draw.randrange(1, 5)):
            at, to = sorted(draw.randrange(len(data) + 1) for _ in range(2))
            match draw.randrange(4):
                case 0:
                    del data[at : min(to, at + 40)]
                case 1:
                    data[at:at] = draw.randbytes(draw.randrange(1, 40))
                case 2:
                    data[at:at] = data[at : min(to, at + 400)]
                case _:
                    data[at:to] = bytes(reversed(data[at:to]))
        assert bytes(data) == LARGE or refusal(bytes(data), kept)


def test_lengths_that_lie_allocate_nothing_in_their_proportion() -> None:
    """Heads that promise up to 2^64 - 1 bytes or items, at every place where a head stands."""
    import tracemalloc

    kept = roots.Roots(SMALL_ROOT)
    promises = [bytes((major << 5 | 27,)) + b"\xff" * 8 for major in range(6)]
    promises += [bytes((major << 5 | 26,)) + b"\x7f" * 4 for major in range(6)]
    tracemalloc.start()
    try:
        for at in range(len(SMALL)):
            for promise in promises:
                lie = SMALL[:at] + promise + SMALL[at + 1 :]
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                assert refusal(lie, kept)
                assert tracemalloc.get_traced_memory()[1] - before < 16_384, (at, promise)
    finally:
        tracemalloc.stop()
