"""The root of keys: which release keys an appliance believes, and how many of them it takes.

Takes the kept set and signatures, gives a verdict; takes a key manifest, gives the next set, to be written in the old
one's place. Never writes, never looks into a set that the kept one did not sign. A revoked or removed key verifies
nothing.

    roots.cbor   [1, number, threshold, hash signature demanded, [[kid, algorithm, public key], …], [revoked kid, …]]
    key manifest ["trivet keys", bstr authentication, bstr roots.cbor]; authenticated as an envelope's manifest is
"""

from trivet_wire import ids
from trivet_wire.cbor_read import Reader
from trivet_wire.envelope import MAX_U32, sha256
from trivet_wire.refuse import FALSE, SIMPLE, TRUE, WireError

from .suit import Authentication, expect, structure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Files

    Buffer = bytes | bytearray | memoryview

FILE = "roots.cbor"
MAX_FILE = 1024  # bytes
ESP256 = -9  # RFC 9864, section 2.1
HSS_LMS = -46  # RFC 8778, section 4
_FORMAT = 1
_KID_SIZE = 8
_CURVE_SIZE = 64  # bytes of a public key: x ‖ y
_HASH_SIZE = 60  # L = 1, then the LMS public key
_CURVE_HEADER = b"\xa2\x01\x28\x04\x48"  # {1: -9, 4: kid}, up to the kid
_HASH_HEADER = b"\xa2\x01\x38\x2d\x04\x48"  # {1: -46, 4: kid}
_KEYS_START = b"\x83\x6btrivet keys"


class Roots:
    """One set. R_KEYS unless `raw` is one that makes sense: no key twice, each under its own id, and so many that the
    threshold can be met without a revoked one."""

    def __init__(self, raw: "Buffer") -> None:
        self.raw = raw
        self._keys: list[tuple[bytes, int, Buffer]] = []
        self._revoked: list[bytes] = []
        try:
            if len(raw) > MAX_FILE:
                raise WireError(ids.R_KEYS)
            self._read(Reader(raw))
        except WireError:  # whatever is wrong with it
            raise WireError(ids.R_KEYS) from None
        curves = hashes = 0
        for kid, algorithm, _ in self._keys:
            if kid not in self._revoked:
                curves += algorithm == ESP256
                hashes += algorithm == HSS_LMS
        if not 1 <= self.threshold <= curves or (self.hash_signature and not hashes):
            raise WireError(ids.R_KEYS)

    def _read(self, reader: Reader) -> None:
        if reader.array() != 6 or reader.unsigned(MAX_U32) != _FORMAT:
            raise WireError(ids.R_KEYS)
        self.number = reader.unsigned(MAX_U32)
        self.threshold = reader.unsigned(255)
        reader.head()
        word = reader.buf[reader.pos - 1]
        if word not in (SIMPLE << 5 | FALSE, SIMPLE << 5 | TRUE):
            raise WireError(ids.R_KEYS)
        self.hash_signature = word & 1 == TRUE & 1
        view = memoryview(reader.buf)
        seen: list[bytes] = []
        for _ in range(reader.array()):
            if reader.array() != 3:
                raise WireError(ids.R_KEYS)
            kid = _kid(reader, view, seen)
            algorithm = reader.integer()
            start = reader.bstr()
            public = view[start : reader.pos]
            size = _CURVE_SIZE if algorithm == ESP256 else _HASH_SIZE
            if algorithm not in (ESP256, HSS_LMS) or len(public) != size or key_id(public) != kid:
                raise WireError(ids.R_KEYS)
            self._keys.append((kid, algorithm, public))
        for _ in range(reader.array()):
            _kid(reader, view, self._revoked)
        reader.done()

    def judge(self, authentication: Authentication, alone: bool = True) -> None:
        """Return when this set believes `authentication`: enough keys signed its digest, and a hash-based one did where
        that is demanded. Each signature is of a key of its own and holds, so that no byte of it can be another; `alone`
        is false where another set judges those that are strange to this one.

        WireError: R_SIGNATURE, R_THRESHOLD, R_HASH_SIGNATURE, or R_KEY_REVOKED for a revoked key's.
        """
        good: list[bytes] = []
        hashed: list[bytes] = []
        revoked: list[bytes] = []
        revoked_hashes: list[bytes] = []
        spoilt = 0
        strange = doubled = False
        for protected, signature in authentication.signatures:
            kid, algorithm = _header(protected)
            public = self.usable(kid, algorithm)
            if public is not None:
                which = good if algorithm == ESP256 else hashed
                if not _holds(algorithm, public, structure(protected, authentication.digest), signature):
                    if algorithm == ESP256 or not spoilt:
                        spoilt = ids.R_SIGNATURE if algorithm == ESP256 else ids.R_HASH_SIGNATURE
                elif kid in which:
                    doubled = True
                else:
                    which.append(kid)
            elif kid in self._revoked:
                which = revoked if algorithm == ESP256 else revoked_hashes
                if kid not in which:
                    which.append(kid)
            else:
                strange = True
        if len(good) < self.threshold:
            only = not good and spoilt != ids.R_SIGNATURE
            if revoked and (only or len(good) + len(revoked) >= self.threshold):
                raise WireError(ids.R_KEY_REVOKED)
            raise WireError(ids.R_THRESHOLD if good else ids.R_SIGNATURE)
        if spoilt:
            raise WireError(spoilt)
        if self.hash_signature and not hashed:
            raise WireError(ids.R_KEY_REVOKED if revoked_hashes else ids.R_HASH_SIGNATURE)
        if doubled or (alone and strange):
            raise WireError(ids.R_SIGNATURE)
        if alone and (revoked or revoked_hashes):
            raise WireError(ids.R_KEY_REVOKED)

    def usable(self, kid: bytes, algorithm: int) -> "Buffer | None":
        """The public key with this id; None for a stranger's, a revoked one's and one of another kind."""
        for known, its, public in self._keys:
            if known == kid and its == algorithm and kid not in self._revoked:
                return public
        return None

    def brings_back(self, older: "Roots") -> bool:
        """Whether a key that `older` revoked could sign here."""
        for kid, _, _ in self._keys:
            if kid in older._revoked and kid not in self._revoked:
                return True
        return False


def load(files: "Files", least: int = 0) -> Roots:
    """The kept set. R_KEYS when there is none, it makes no sense, or its number is below `least`: the one that this
    appliance has already seen. An old file was put back then, and only key manifests may go on from it."""
    raw = files.read(FILE)
    if raw is None:
        raise WireError(ids.R_KEYS)
    roots = Roots(raw)
    if roots.number < least:
        raise WireError(ids.R_KEYS)
    return roots


def next(roots: Roots, message: "Buffer") -> Roots:
    """The set that `message`, a key manifest, puts in the place of `roots`: `raw` is the new file, which the caller
    writes. The old set signed it and so did the new one, each by its own rules.

    WireError: what is wrong with its form, R_DIGEST, as `Roots.judge`, and R_KEYS when it is not the next one.
    """
    if len(message) > ids.MAX_ENVELOPE:
        raise WireError(ids.R_TOO_LARGE)
    view = memoryview(message)
    reader = Reader(view, expect(view, 0, len(view), _KEYS_START))
    start = reader.bstr()
    authentication = Authentication(view, start, reader.pos)
    start = reader.pos
    inner = reader.bstr()
    reader.done()
    if not authentication.covers(view[start : reader.pos]):
        raise WireError(ids.R_DIGEST)
    roots.judge(authentication, False)
    made = Roots(view[inner : reader.pos])
    if made.number != roots.number + 1 or made.brings_back(roots):
        raise WireError(ids.R_KEYS)
    made.judge(authentication, False)
    for protected, _ in authentication.signatures:
        kid, algorithm = _header(protected)
        if roots.usable(kid, algorithm) is None and made.usable(kid, algorithm) is None:
            raise WireError(ids.R_SIGNATURE)  # nobody judged it
    return made


def key_id(public: "Buffer") -> bytes:
    """The id of a release key: the start of SHA-256 of its public bytes."""
    return sha256(public).digest()[:_KID_SIZE]


def _kid(reader: Reader, view: memoryview, seen: list[bytes]) -> bytes:
    """The key id that stands next, and now in `seen` too; R_KEYS when it stood there before."""
    start = reader.bstr()
    kid = bytes(view[start : reader.pos])
    if len(kid) != _KID_SIZE or kid in seen:
        raise WireError(ids.R_KEYS)
    seen.append(kid)
    return kid


def _header(protected: memoryview) -> tuple[bytes, int]:
    """Key id and algorithm of a protected header in one of the two shapes that are believed, else (b"", 0)."""
    for start, algorithm in ((_CURVE_HEADER, ESP256), (_HASH_HEADER, HSS_LMS)):
        at = len(start)
        if len(protected) == at + _KID_SIZE and bytes(protected[:at]) == start:
            return bytes(protected[at:]), algorithm
    return b"", 0


def _holds(algorithm: int, public: "Buffer", signed: bytes, signature: memoryview) -> bool:
    # when one is judged: the curve is 3 KB, and most appliances ask for no hash-based signature
    if algorithm == ESP256:
        from ..trust.p256 import verify

        return verify(public, sha256(signed).digest(), signature)
    from ..trust.lms import verify

    return verify(public, signed, signature)
