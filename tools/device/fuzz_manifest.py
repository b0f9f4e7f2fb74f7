"""What reads manifests, envelopes, sets of keys, blocks and deltas, at the appliance and in the SDK, as targets of a
fuzzer. What they believe and nobody signed is counted: keys are made here, and all that they sign is known.
"""

import hashlib
import random

from appliance.trust import lms as appliance_lms
from appliance.update import manifest, roots, suit
from appliance.update.download import WINDOW, Download
from appliance.update.patch import Patch
from appliance.update.release import Own
from cryptography.hazmat.primitives.asymmetric import ec
from trivet.bench.fuzzing.loop import Target
from trivet.bench.fuzzing.tree import BSTR, MAP, TAG, parse
from trivet.keys import LocalSigner
from trivet.release import ReleaseError, delta, lms
from trivet.release import manifest as made
from trivet.release import roots as keysets
from trivet.release.envelope import Envelope, protected_header, sign1, suit_digest, to_be_signed
from trivet.release.numbers import ESP256, HSS_LMS
from trivet.release.strict import decode
from trivet.release.suit import PublicKey, explain
from trivet_wire import cbor
from trivet_wire.refuse import WireError

VENDOR, CLASS = made.identifiers("vendor.example", "oven")
NOW = 1_790_000_000
OWN = Own(VENDOR, CLASS, 5, (1, 2), NOW)
CURVES = [LocalSigner((1000 + n).to_bytes(32)) for n in range(4)]
HASHED = lms.Secret(bytes(16), bytes(32))
TEXT = b"\xa1\x62en\x6bWhat is new"


def key(holder):
    return keysets.Key(HSS_LMS if holder is HASHED else ESP256, holder.public)


def signature(holder, digest, leaf=0):
    """The COSE_Sign1 of one key over a SUIT_Digest."""
    one = key(holder)
    message = to_be_signed(protected_header(one.algorithm, one.kid), digest)
    if holder is HASHED:
        return sign1(one.algorithm, one.kid, lms.sign(HASHED, leaf, message, bytes(32)))
    return sign1(one.algorithm, one.kid, holder.sign(hashlib.sha256(message).digest()))


def component(name, size, deltas=()):
    digest = hashlib.sha256(name.encode()).digest()
    chunks = tuple(digest[:16] for _ in range(-(-size // 8192)))
    return made.Component(name, size, digest, f"sha256/{digest.hex()}", 8192, chunks, deltas)


def releases():
    """Manifests as an appliance takes them, small and large."""
    sbom = hashlib.sha256(b"sbom").digest()
    text = hashlib.sha256(b"\x50" + TEXT).digest()
    patch = made.Delta(sbom, 700, text, "https://updates.example/delta")
    bundle = component("bundle", 60_000, (patch,))
    yield made.encode(made.Manifest(VENDOR, CLASS, 7, "1.4.0", False, (component("bundle", 9000),), sbom))
    both = (component("base", 300_000), bundle)
    more = {"expires": NOW + 9, "deadline": NOW + 5, "base": (2, (1, 2)), "text": text}
    yield made.encode(made.Manifest(VENDOR, CLASS, 8, "2.0.0", True, both, sbom, **more))


MANIFESTS = list(releases())
ROOTS = keysets.Roots(7, 2, True, (*map(key, CURVES[:3]), key(HASHED)))
NEXT = keysets.Roots(8, 1, True, (key(CURVES[1]), key(CURVES[3]), key(HASHED)), (key(CURVES[0]).kid,))
FAR = keysets.Roots(9, 1, False, (key(CURVES[3]),))


def envelopes():
    """Each manifest signed as the root wants it, and in other ways; what the root believes is the first of each."""
    for leaf, one in enumerate(MANIFESTS):
        bare = Envelope(one, TEXT if leaf else None)
        for holders in ((CURVES[0], CURVES[1], HASHED), CURVES[:2], CURVES[3:]):
            signed = bare
            for holder in holders:
                signed = signed.signed(signature(holder, bare.digest, leaf))
            yield signed.encode()


def key_manifests():
    for payload in (NEXT.encode(), FAR.encode()):
        digest = suit_digest(payload)
        signatures = (*(signature(one, digest, 9) for one in CURVES), signature(HASHED, digest, 9))
        yield keysets.KeyManifest(payload, signatures).encode()


class Kept:
    """An old image in memory."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._data = data

    def read(self, off, buf) -> None:
        assert 0 <= off <= self.size - len(buf), "read outside the old image"
        buf[:] = self._data[off : off + len(buf)]


class Made:
    """A new image of which only the size counts."""

    size = 0

    def write(self, buf) -> None:
        self.size += len(buf)
        assert self.size <= NEW_SIZE, "wrote beyond the new image"


PIECES = (b"startsso", bytes(range(256)) * 2)
BLOCKS = [cbor.encode([PIECES[0], offset, PIECES[1][:448]]) for offset in (0, 448)]
OLD = Kept(random.Random(1).randbytes(3000) + bytes(2000))
PATCH = delta.make(OLD._data, OLD._data[:1000] + b"new" * 40 + OLD._data[990:4500])
NEW_SIZE = 1000 + 120 + 3510


def mended(data: bytes, _chance: random.Random) -> bytes:
    """With the digest of its manifest, or of its set of keys, made right."""
    tree = parse(data)
    if tree is None:
        return data
    inside = tree.inside[0].inside if tree.major == TAG and tree.inside[0].major == MAP else tree.inside
    strings = [one for one in inside if one.major == BSTR]
    if len(strings) < 2 or not strings[0].wrapped or not strings[0].inside[0].inside:
        return data
    digest = strings[0].inside[0].inside[0]
    content = strings[1].encode()
    digest.inside, digest.data = [], b"\x82\x2f\x58\x20" + hashlib.sha256(content).digest()
    return tree.encode()


def appliance_targets():
    kept = roots.Roots(ROOTS.encode())

    def envelope(data: bytes) -> bool:
        believed = suit.verified(data, kept)
        forged = bytes(believed) not in MANIFESTS
        manifest.read(believed, OWN)
        return forged

    def read(data: bytes) -> bool:
        for one in manifest.read(memoryview(data), OWN).components:
            one.delta(bytes(32))
        return False

    def following(data: bytes) -> bool:
        return bytes(roots.next(kept, data).raw) != NEXT.encode()

    def keyset(data: bytes) -> bool:
        roots.Roots(data)
        return False

    def block(data: bytes) -> bool:
        download = Download(PIECES[0], 10_000, bytearray(WINDOW))
        taken = download.block(data)
        assert download.came == taken
        at, count = download.missing()
        assert at in {0, 448}, "the first gap is where nothing came, or behind the first piece"
        assert 0 < count <= WINDOW
        return False

    def patch(data: bytes) -> bool:
        new = Made()
        made = Patch(OLD, new, NEW_SIZE)
        for at in range(0, len(data), 61):
            made.write(data[at : at + 61])
        made.finish()
        assert new.size == NEW_SIZE
        return False

    message = b"message"
    good = lms.sign(HASHED, 20, message, bytes(32))

    def hashed(data: bytes) -> bool:
        return appliance_lms.verify(HASHED.public, message, data) and data != good

    refusals = (WireError,)
    return [
        Target("appliance-envelope", envelope, refusals, list(envelopes()), mended),
        Target("appliance-manifest", read, refusals, MANIFESTS),
        Target("appliance-keys", following, refusals, list(key_manifests()), mended),
        Target("appliance-roots", keyset, refusals, [one.encode() for one in (ROOTS, NEXT, FAR)]),
        Target("appliance-block", block, refusals, BLOCKS),
        Target("appliance-patch", patch, refusals, [PATCH]),
        Target("appliance-hash-signature", hashed, refusals, [good]),
    ]


def cloud_targets():
    publics = [PublicKey(f"key {n}", ec.derive_private_key(1000 + n, ec.SECP256R1()).public_key()) for n in range(3)]

    def inspect(data: bytes) -> bool:
        explain(data)
        return False

    def inspect_signed(data: bytes) -> bool:
        explain(data, publics)
        return decode(data, "envelope").value[3] not in MANIFESTS

    def read(data: bytes) -> bool:
        return made.encode(made.read(data)) != data

    def keyset(data: bytes) -> bool:
        return keysets.read(data).encode() != data

    def following(data: bytes) -> bool:
        keysets.read_manifest(data)
        return False

    refusals = (ReleaseError,)
    return [
        Target("cloud-inspect", inspect, refusals, list(envelopes()), mended),
        Target("cloud-inspect-signed", inspect_signed, refusals, list(envelopes()), mended),
        Target("cloud-manifest", read, refusals, MANIFESTS),
        Target("cloud-roots", keyset, refusals, [one.encode() for one in (ROOTS, NEXT, FAR)]),
        Target("cloud-keys", following, refusals, list(key_manifests()), mended),
    ]


def targets(side: str) -> "list[Target]":
    return appliance_targets() if side == "appliance" else cloud_targets()
