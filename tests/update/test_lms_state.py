"""A hash-based key never signs twice with one leaf: not when the signer is killed at any operation on its file, not
when two sign at once, not when an old state comes back. And it never signs alone.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import judged_kit as kit
import pytest
from trivet.keys import Passphrase
from trivet.release import ReleaseError, lms, lms_state
from trivet.release.lms_key import Beside, LmsKey

CURVE = kit.KEYS[0]
PROTECTED = kit.canonical({1: -9, 4: kit.kid(CURVE)})
SECRET = lms.Secret(bytes(range(16)), bytes(range(32)))


def digest(number: int) -> bytes:
    return kit.digest(b"manifest %d" % number)


def structure(protected: bytes, payload: bytes) -> bytes:
    return kit.canonical(["Signature1", protected, b"", payload])


def beside(payload: bytes) -> Beside:
    message = structure(PROTECTED, payload)
    return Beside(CURVE.public, message, CURVE.sign(message))


def to_sign(key: LmsKey, payload: bytes) -> bytes:
    return structure(kit.canonical({1: -46, 4: key.kid}), payload)


def signed(key: LmsKey, number: int, **more: Any) -> bytes:
    return key.sign(to_sign(key, digest(number)), [beside(digest(number))], **more)


def carried(key: LmsKey, number: int, signature: bytes) -> bytes:
    """The COSE_Sign1 around it, as envelopes carry it."""
    protected = kit.canonical({1: -46, 4: key.kid})
    return kit.canonical(kit.cbor2.CBORTag(18, [protected, {}, None, signature]))


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LmsKey:
    monkeypatch.setattr(lms, "new_secret", lambda: SECRET)
    return LmsKey.make(tmp_path / "keys" / "hash.key")


def test_leaves_come_one_after_the_other_and_are_counted(key: LmsKey) -> None:
    assert key.left == 1024
    made = [signed(key, number) for number in range(3)]
    assert [lms.index(one) for one in made] == [0, 1, 2]
    assert key.left == 1021
    again = LmsKey.load(key.path)
    assert (again.kid, again.left) == (key.kid, 1021)
    assert lms.index(signed(again, 3)) == 3
    for number, one in enumerate(made):
        assert lms.verify(key.public, to_sign(key, digest(number)), one)


def test_after_the_last_leaf_it_signs_no_more(key: LmsKey) -> None:
    lines = "".join(f"{leaf} 2026-11-26T10:00:00+00:00 {'0' * 64}\n" for leaf in range(1023))
    with key.state.open("a", encoding="ascii") as file:
        file.write(lines)
    assert lms.index(signed(key, 1)) == 1023
    assert key.left == 0
    with pytest.raises(ReleaseError, match="all 1024 signatures"):
        signed(key, 2)


def test_it_never_signs_alone(key: LmsKey) -> None:
    payload = digest(1)
    message = to_sign(key, payload)
    good = beside(payload)
    wrong = [
        beside(digest(2)),
        Beside(good.public, good.message, good.signature[:-1] + b"\0"),
        Beside(kit.KEYS[1].public, good.message, good.signature),
        Beside(bytes(64), good.message, good.signature),
        Beside(good.public, good.message, good.signature[:63]),
        Beside(key.public, message, signed(key, 1)),
    ]
    used = key.left
    for beside_it in ([], *([one] for one in wrong)):
        with pytest.raises(ReleaseError, match="never signs alone"):
            key.sign(message, beside_it)
    assert key.left == used
    assert lms.verify(key.public, message, key.sign(message, [*wrong, good]))


def test_it_signs_digests_under_its_own_name_only(key: LmsKey) -> None:
    for message in (b"", b"anything", structure(PROTECTED, digest(1)), structure(b"\xa1\x01\x26", digest(1))):
        with pytest.raises(ReleaseError, match="and nothing else"):
            key.sign(message, [beside(digest(1))])
    assert key.left == 1024


def test_a_state_older_than_what_is_out_signs_nothing(key: LmsKey, tmp_path: Path) -> None:
    released = tmp_path / "release"
    (released / "deeper").mkdir(parents=True)
    old = key.state.read_bytes()
    for number in range(3):
        (released / "deeper" / f"{number}.suit").write_bytes(b"xx" + carried(key, number, signed(key, number)) + b"yy")
    assert lms.index(signed(key, 3, seen=[released])) == 3
    key.state.write_bytes(old)
    with pytest.raises(ReleaseError, match=r"knows 0 signatures, but .*2\.suit carries number 3|carries number 1"):
        signed(key, 4, seen=[released])
    with pytest.raises(ReleaseError, match="old copy"):
        signed(key, 4, seen=[released / "deeper" / "2.suit"])
    assert key.state.read_bytes() == old
    other = kit.sha256(b"other")[:8]
    assert list(lms_state.leaves_in([released], other)) == []
    assert sorted(leaf for leaf, _ in lms_state.leaves_in([released], key.kid)) == [0, 1, 2]


def test_without_its_state_or_with_anothers_nothing_is_signed(key: LmsKey) -> None:
    good = key.state.read_bytes()
    for content in (b"", b"trivet lms 1 0011223344556677\n", b"\xff\xfe", good[:-1], good.replace(b"1", b"2", 1)):
        key.state.write_bytes(content)
        with pytest.raises(ReleaseError, match="not the state of key"):
            signed(key, 1)
    key.state.unlink()
    with pytest.raises(ReleaseError, match="nobody knows which leaves"):
        signed(key, 1)
    with pytest.raises(ReleaseError, match="nobody knows which leaves"):
        _ = key.left


def test_a_state_with_a_line_taken_out_signs_nothing(key: LmsKey) -> None:
    for number in range(3):
        signed(key, number)
    lines = key.state.read_bytes().split(b"\n")
    key.state.write_bytes(b"\n".join([*lines[:2], *lines[3:]]))
    with pytest.raises(ReleaseError, match="line 3: here stands number 2, not 1"):
        signed(key, 4)


def test_neither_key_nor_used_state_is_replaced(key: LmsKey) -> None:
    with pytest.raises(ReleaseError, match="never replaced"):
        LmsKey.make(key.path)
    signed(key, 1)
    key.path.unlink()
    with pytest.raises(ReleaseError, match="leaves of another key"):
        LmsKey.make(key.path)
    with pytest.raises(ReleaseError, match="no such key"):
        LmsKey.load(key.path)


def test_a_damaged_key_says_so(key: LmsKey) -> None:
    key.path.write_bytes(key.path.read_bytes()[:-1])
    with pytest.raises(ReleaseError, match="damaged"):
        LmsKey.load(key.path)


def test_a_passphrase_seals_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lms, "new_secret", lambda: SECRET)
    words = Passphrase("four random words here")
    made = LmsKey.make(tmp_path / "hash.key", words)
    assert SECRET.seed not in made.path.read_bytes()
    assert made.path.stat().st_mode & 0o077 == 0
    assert LmsKey.load(made.path, words).kid == made.kid
    with pytest.raises(ReleaseError, match="locked"):
        LmsKey.load(made.path)


# -- killed at every operation -----------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone at this point."""


class Machine:
    """Counts operations on files and stops at one of them. It remembers what of the state is surely in flash: what a
    power cut leaves is that at least, and at most what was written."""

    def __init__(self, path: Path, stop: int, torn: int | None) -> None:
        self.path, self.stop, self.torn = path, stop, torn
        self.count = 0
        self.synced = path.read_bytes()
        self.used: list[int] = []

    def step(self, real: Callable[..., Any], *args: Any) -> Any:
        if self.count > self.stop:
            return real(*args)
        self.count += 1
        if self.count > self.stop:
            if real is REAL["write"] and self.torn is not None:
                real(args[0], args[1][: self.torn])
            if real is REAL["close"]:  # a process that is gone holds no lock
                real(*args)
            raise Killed
        found = real(*args)
        if real is REAL["fsync"]:
            self.synced = self.path.read_bytes()
        return found


REAL = {name: getattr(os, name) for name in ("open", "write", "fsync", "lseek", "dup", "close", "fstat")}
TORN = (None, 0, 1, 2, 40, 92)


def attempt(key: LmsKey, machine: Machine, number: int) -> bool:
    """One signature on a machine that may stop; whether it came to its end."""
    real_sign = lms.sign

    def sign(secret: lms.Secret, leaf: int, message: bytes, randomizer: bytes | None = None) -> bytes:
        machine.used.append(leaf)  # from here on its chains may be known
        on_flash = machine.synced.split(b"\n")
        assert on_flash[1 + leaf].startswith(b"%d " % leaf), "a leaf signs before it is surely reserved"
        return real_sign(secret, leaf, message, randomizer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lms, "sign", sign)
        for name, real in REAL.items():
            patch.setattr(lms_state.os, name, lambda *args, real=real: machine.step(real, *args))
        try:
            signed(key, number)
        except Killed:
            return False
    return True


def cuts() -> Iterator[tuple[int, int | None, bool]]:
    """(operation, bytes of a write that still went, whether what was not synced is lost)."""
    for stop in range(40):
        for torn in TORN:
            for lost in (False, True):
                yield stop, torn, lost


def test_killed_at_any_operation_no_leaf_signs_twice(key: LmsKey) -> None:
    used: list[int] = []
    killed = ended = 0
    for number, (stop, torn, lost) in enumerate(cuts()):
        machine = Machine(key.state, stop, torn)
        if attempt(key, machine, number):
            ended += 1
        else:
            killed += 1
            if lost:
                key.state.write_bytes(machine.synced)
        used += machine.used
        if key.left < 20:
            assert len(used) == len(set(used))
            key.state.write_text(f"trivet lms 1 {key.kid.hex()}\n", encoding="ascii")
            used = []
    assert len(used) == len(set(used))
    assert killed > 100
    assert ended > 100


def _signer(path: str, pipe: Any) -> None:
    key = LmsKey(Path(path), SECRET)
    for number in range(10_000):
        pipe.send(lms.index(signed(key, number)))


@pytest.mark.slow
def test_two_signers_at_once_killed_at_random_share_no_leaf(key: LmsKey) -> None:
    context = multiprocessing.get_context("fork")
    seen: list[int] = []
    for round_ in range(12):
        pipes = [context.Pipe(duplex=False) for _ in range(2)]
        running = [context.Process(target=_signer, args=(str(key.path), there)) for _, there in pipes]
        for one in running:
            one.start()
        time.sleep(0.02 * (1 + round_ % 5))
        for one in running:
            assert one.pid is not None
            os.kill(one.pid, signal.SIGKILL)
            one.join()
        for here, there in pipes:
            there.close()
            with contextlib.suppress(EOFError):
                while True:
                    seen.append(here.recv())
    assert len(seen) == len(set(seen))
    assert len(seen) > 20
    assert lms.index(signed(key, 1)) > max(seen)


def test_while_another_process_holds_the_state_nothing_is_signed(key: LmsKey, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = (
        f"import fcntl, sys, time; f = open({str(key.state)!r}); fcntl.flock(f, 2); print('held', flush=True); input()"
    )
    monkeypatch.setattr(lms_state, "PATIENCE_S", 0.05)
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ReleaseError, match="another process signs"):
            signed(key, 1)
        other.communicate("\n")
    assert lms.index(signed(key, 1)) == 0
