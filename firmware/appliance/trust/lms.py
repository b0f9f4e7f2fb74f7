"""Hash-based signatures: HSS of one level over LMS_SHA256_M32_H10 with LMOTS_SHA256_N32_W4 (RFC 8554; RFC 8708).

Takes a public key (60 bytes), a message and a signature (2512 bytes), gives a verdict. Needs SHA-256 alone. Never
signs: a signer keeps a state that must not be lost, and an appliance is no place for it.
"""

from trivet_wire.envelope import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

PUBLIC_SIZE = 60  # L = 1, LMS type, LM-OTS type, I (16 bytes), root of the tree
SIGNATURE_SIZE = 2512
_HEIGHT = 10
_CHAINS = 67  # 64 digits of the digest, 3 of their checksum
_FIXED = b"\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x06"  # Nspk, LM-OTS type, LMS type
_PUBLIC = b"\x00\x00\x00\x01\x00\x00\x00\x06\x00\x00\x00\x03"  # L, LMS type, LM-OTS type


def verify(public: "Buffer", message: "Buffer", signature: "Buffer") -> bool:
    """Whether `signature` over `message` is by the holder of `public`; False for anything malformed (section 6.3)."""
    view = memoryview(signature)  # Nspk = 0, q, LM-OTS type, C, 67 chains, LMS type, path
    fixed = bytes(view[:4]) + bytes(view[8:12]) + bytes(view[2188:2192])
    if len(view) != SIGNATURE_SIZE or fixed != _FIXED or len(public) != PUBLIC_SIZE or public[:12] != _PUBLIC:
        return False
    node = int.from_bytes(view[4:8], "big") + (1 << _HEIGHT)
    if node >= 2 << _HEIGHT:
        return False
    start = bytes(public[12:28])
    top = _candidate(start + view[4:8], message, view[12:2188])
    at = 2192
    # up the tree (algorithm 6a): a left child stands in front of what the path gives, a right one behind
    top = sha256(start + node.to_bytes(4, "big") + b"\x82\x82" + top).digest()
    while node > 1:
        beside = view[at : at + 32]
        above = (node >> 1).to_bytes(4, "big")
        if node & 1:
            top = sha256(start + above + b"\x83\x83" + beside + top).digest()
        else:
            top = sha256(start + above + b"\x83\x83" + top + beside).digest()
        node >>= 1
        at += 32
    return top == public[28:]


def _candidate(start: bytes, message: "Buffer", parts: memoryview) -> bytes:
    """The one-time public key that `parts` (C, then the chains) leads to (algorithm 4b); `start` is I ‖ q."""
    hash = sha256(start + b"\x81\x81" + parts[:32])
    hash.update(message)
    digest = hash.digest()
    checksum = 0
    for byte in digest:
        checksum += 30 - (byte >> 4) - (byte & 15)
    digits = digest + (checksum << 4).to_bytes(2, "big")
    key = sha256(start + b"\x80\x80")
    link = bytearray(start + b"\x00\x00\x00" + parts[:32])  # I ‖ q ‖ chain ‖ step ‖ value
    for chain in range(_CHAINS):
        digit = digits[chain >> 1]
        digit = digit & 15 if chain & 1 else digit >> 4
        link[21] = chain
        link[23:] = parts[32 + 32 * chain : 64 + 32 * chain]
        while digit < 15:
            link[22] = digit
            link[23:] = sha256(link).digest()
            digit += 1
        key.update(memoryview(link)[23:])
    return key.digest()
