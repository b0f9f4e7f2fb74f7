"""Hash-based signatures: the appliance's verifier in both interpreters, the SDK's and the RFC's own bytes agree;
nothing that was altered verifies.
"""

import json
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from trivet.release import lms

ROOT = Path(__file__).parent.parent.parent
RFC: dict[str, Any] = json.loads((ROOT / "tests" / "vectors" / "lms_rfc8554.json").read_text(encoding="utf-8"))
PUBLIC, MESSAGE, SIGNATURE = (bytes.fromhex(RFC[name]) for name in ("public", "message", "signature"))
SECRET = lms.Secret(bytes.fromhex(RFC["identifier"]), bytes.fromhex(RFC["seed"]))


def verdict(appliance: Any, public: bytes, message: bytes, signature: bytes) -> bool:
    """Of appliance and SDK, which must agree."""
    found = appliance("lms", public, message, signature)
    assert lms.verify(public, message, signature) is found
    assert isinstance(found, bool)
    return found


def test_the_key_and_signature_of_rfc_8554_are_made_and_believed(appliance: Any) -> None:
    assert SECRET.public == PUBLIC
    assert lms.sign(SECRET, RFC["leaf"], MESSAGE, bytes.fromhex(RFC["randomizer"])) == SIGNATURE
    assert verdict(appliance, PUBLIC, MESSAGE, SIGNATURE)


@pytest.mark.parametrize("leaf", [0, 1, 2, 511, 512, 1022, 1023])
def test_every_kind_of_leaf_signs(appliance: Any, leaf: int) -> None:
    message = b"leaf %d" % leaf
    made = lms.sign(SECRET, leaf, message)
    assert (len(made), lms.index(made)) == (lms.SIGNATURE_SIZE, leaf)
    assert verdict(appliance, PUBLIC, message, made)
    assert not verdict(appliance, PUBLIC, message + b" ", made)


def test_there_is_no_leaf_beyond_the_last() -> None:
    for leaf in (-1, 1024):
        with pytest.raises(ValueError, match="0 … 1023"):
            lms.sign(SECRET, leaf, b"")


def test_no_changed_byte_of_the_signature_is_believed(appliance: Any) -> None:
    draw = random.Random(1)
    for at in range(len(SIGNATURE)):
        changed = bytearray(SIGNATURE)
        changed[at] ^= draw.randrange(1, 256)
        assert not lms.verify(PUBLIC, MESSAGE, bytes(changed)), at
        if at % 16 == 0 or at < 16 or 2180 <= at < 2200:
            assert not verdict(appliance, PUBLIC, MESSAGE, bytes(changed)), at


def test_no_changed_byte_of_key_or_message_is_believed(appliance: Any) -> None:
    for whole in (0, 1):
        given = [PUBLIC, MESSAGE]
        for at in range(len(given[whole])):
            changed = bytearray(given[whole])
            changed[at] ^= 1
            parts = [bytes(changed) if i == whole else one for i, one in enumerate(given)]
            assert not verdict(appliance, *parts, SIGNATURE)


def test_other_sizes_levels_and_types_are_not_believed(appliance: Any) -> None:
    bottom = RFC["leaf"]
    wrong = [
        SIGNATURE[:-1],
        SIGNATURE + b"\0",
        b"",
        SIGNATURE[4:],
        SIGNATURE[:4] + struct.pack(">I", bottom + 1024) + SIGNATURE[8:],
        SIGNATURE[:4] + b"\xff" * 4 + SIGNATURE[8:],
        struct.pack(">I", 1) + SIGNATURE[4:],
    ]
    for one in wrong:
        assert not verdict(appliance, PUBLIC, MESSAGE, one)
    for public in (b"", PUBLIC[4:], PUBLIC + b"\0", struct.pack(">I", 2) + PUBLIC[4:]):
        assert not verdict(appliance, public, MESSAGE, SIGNATURE)


@pytest.mark.slow
def test_another_library_agrees(tmp_path: Path) -> None:
    """pyhsslms, in the oracles' own environment: it believes what we sign, and we believe what it signs."""
    lines = []
    draw = random.Random(2)
    for leaf in (0, 3, 700, 1023):
        message = draw.randbytes(66)
        made = lms.sign(SECRET, leaf, message)
        changed = bytearray(made)
        changed[draw.randrange(len(made))] ^= 1 << draw.randrange(8)
        lines += [[PUBLIC.hex(), message.hex(), made.hex()], [PUBLIC.hex(), message.hex(), bytes(changed).hex()]]
    command = [sys.executable, str(ROOT / "tools" / "oracle"), "--hss-lms"]
    text = "\n".join(json.dumps(line) for line in lines)
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    *verdicts, theirs = [json.loads(line) for line in done.stdout.splitlines()]
    assert verdicts == [True, False] * 4
    public, message, signature = (bytes.fromhex(part) for part in theirs)
    assert lms.verify(public, message, signature)
