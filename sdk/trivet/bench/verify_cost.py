"""What judging an update costs an appliance, in MicroPython on this machine: one ESP256 signature (also with the key's
comb), one hash-based signature (LMS, W = 4), SHA-256 over 256 KiB, and a whole envelope with one signature of each
kind, believed and read.

All of it in the ROM image of a board, as it is on an appliance. `run(options)` gives the fastest of `--n` times in µs,
with a roomy heap and with one of 160 KiB as an appliance has, and for each the least free heap with which it works, in
bytes (words have 64 bits here, on a chip 32). `bench updates` prints it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec

from trivet import boards, sign1
from trivet.keys import LocalSigner
from trivet.release import lms
from trivet.release.envelope import Envelope, protected_header, to_be_signed
from trivet.release.envelope import sign1 as block
from trivet.release.manifest import Component, Manifest, encode, identifiers
from trivet.release.numbers import ESP256, HSS_LMS
from trivet.release.roots import Key, Roots
from trivet.sim import rom
from trivet.sim.appliance import start_command

from . import device

if TYPE_CHECKING:
    from . import Options

ENTRY = "verify"
DEFAULT_N = 40
ROOMY_KIB, SMALL_KIB = 4096, 160
TIMES = ("verify_{}_us", "small_heap_verify_{}_us")
PEAK = "verify_{}_peak"
NAMES = {
    "esp256": "ESP256",
    "esp256_comb": "ESP256, key's comb",
    "lms_w4": "LMS, W = 4",
    "sha256_256k": "SHA-256, 256 KiB",
    "release": "whole envelope",
}
SECRET = lms.Secret(bytes(16), bytes(range(32)))  # nobody's
PRIVATE = ec.derive_private_key(1 << 200 | 0x7451, ec.SECP256R1())


def run(options: Options) -> dict[str, Any]:
    """`verify_…_us`, `small_heap_verify_…_us` and `verify_…_peak`."""
    count = str(options.n or DEFAULT_N)
    given = json.dumps({name: data.hex() for name, data in material().items()}).encode() + b"\n"
    image = rom.build(boards.load("oven"), device.TOOLS / f"{ENTRY}.py", device.TOOLS / "measure.py")
    result: dict[str, Any] = {}
    options.say(f"signatures and digests in MicroPython, {count} times each")
    for key, heap in zip(TIMES, (ROOMY_KIB, SMALL_KIB), strict=True):
        figures = json.loads(_said(start_command(image, heap, ENTRY, "time", count), given))
        result.update({key.format(name): value for name, value in figures.items()})
    for name in NAMES:
        said = _said(start_command(image, SMALL_KIB, ENTRY, "peak", name), given)
        result[PEAK.format(name)] = int(said)
    return result


def material() -> dict[str, bytes]:
    """One release of a bundle, signed by both kinds of key, and the root that believes it."""
    vendor, class_ = identifiers("vendor.example", "oven")
    content = hashlib.sha256(b"bundle").digest()
    chunks = tuple(content[:16] for _ in range(12))
    bundle = Component("bundle", 12 * 4096, content, f"sha256/{content.hex()}", 4096, chunks)
    manifest = encode(Manifest(vendor, class_, 2, "1.1.0", True, (bundle,), content))
    public = sign1.public_bytes(PRIVATE.public_key())
    keys = (Key(ESP256, public), Key(HSS_LMS, SECRET.public))
    made = Envelope(manifest)
    curve = to_be_signed(protected_header(ESP256, keys[0].kid), made.digest)
    hashed = to_be_signed(protected_header(HSS_LMS, keys[1].kid), made.digest)
    signatures = _curve_signature(curve), lms.sign(SECRET, 0, hashed, bytes(32))
    for key, signature in zip(keys, signatures, strict=True):
        made = made.signed(block(key.algorithm, key.kid, signature))
    return {
        "curve": public,
        "curve_signature": signatures[0],
        "hash": SECRET.public,
        "hash_signature": lms.sign(SECRET, 0, curve, bytes(32)),
        "message": curve,
        "envelope": made.encode(),
        "roots": Roots(1, 1, True, keys).encode(),
        "vendor": vendor,
        "class": class_,
    }


def _said(command: list[str], given: bytes) -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{ENTRY} stopped:\n{(done.stdout + done.stderr).decode(errors='replace')}")
    return done.stdout


def _curve_signature(message: bytes) -> bytes:
    return LocalSigner(PRIVATE.private_numbers().private_value.to_bytes(32)).sign(hashlib.sha256(message).digest())


def sound(result: dict[str, Any]) -> bool:
    """Every figure is there."""
    return all(result.get(key.format(name), 0) > 0 for name in NAMES for key in (*TIMES, PEAK))


def show(result: dict[str, Any]) -> None:
    print(f"{'':20}{'MicroPython':>14}{'160 KiB heap':>14}{'peak heap':>12}")
    for name, words in NAMES.items():
        first, second = (f"{result[key.format(name)]:,} µs" for key in TIMES)
        print(f"{words:20}{first:>14}{second:>14}{result[PEAK.format(name)]:>10,} B")
