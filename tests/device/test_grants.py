"""Who is let in at the service port, in real MicroPython: a technician whom the vendor sent, for the appliance at hand,
now. Whoever else comes is turned away with a number, costs the next one time, and stands in the ledger."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import upy
from trivet import sign1
from trivet.credentials import wire
from trivet.credentials.wallet import Wallet, new_key
from trivet.engine import pki
from trivet.keys import LocalSigner
from trivet.sim.device import Device, Provision
from trivet_wire import cbor, credential, ids

RIG = Path(__file__).parent / "grants_rig.py"
DEVICE, OTHER = "00112233445566ff", "ffeeddccbbaa9988"
VENDOR = LocalSigner(bytes(range(1, 33)))
STRANGER = LocalSigner(bytes(range(2, 34)))
KEY, PUBLIC = new_key(None)
THIEF, THIEFS = new_key(None)
NOW = 1_795_600_000
DAY = 86_400
MINUTE_MS = 60_000
ALL = wire.ALL


class Rig(upy.MicroPythonServer):
    """One start of the appliance."""

    def __init__(self, folder: Path) -> None:
        super().__init__(RIG, str(folder), heapsize="512k")

    def nonce(self) -> bytes:
        made = os.urandom(ids.NONCE_SIZE)
        assert self.ask("challenge", made.hex()) == 0
        return made

    def answer(self, message: bytes, signature: bytes) -> int:
        said = self.ask("answer", message.hex(), signature.hex())
        assert (said["noted"] > 0) == (said["reason"] != ids.R_BUSY), "what is looked at is in the ledger"
        return int(said["reason"])

    def come(self, wallet: Wallet, device: str = DEVICE) -> int:
        return self.answer(wallet.message, wallet.answer(device, self.nonce()))

    def off(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    made = Device(tmp_path)
    key = pki.key_der(pki.new_key())
    made.provision(Provision(DEVICE, bytes(32), "oven", 1, key_der=key, command_key=VENDOR.public, region="DE"))
    return made


@pytest.fixture
def rig(device: Device) -> Iterator[Rig]:
    made = Rig(device.folder)
    made.ask("wall", NOW)
    yield made
    made.off()


def wallet(
    serial: int = 7,
    may: int = ALL,
    regions: tuple[str, ...] = (),
    issued: int = NOW - DAY,
    expires: int = NOW + DAY,
    signer: LocalSigner = VENDOR,
    *,
    public: bytes = PUBLIC,
    key: bytes = KEY,
) -> Wallet:
    return Wallet(wire.signed_credential(signer, serial, "Ada Bauer", public, may, regions, issued, expires), key)


def test_who_was_sent_is_let_in_for_half_an_hour(rig: Rig) -> None:
    assert rig.ask("holds", ids.MAY_TEST) == ids.R_GRANT
    assert rig.come(wallet()) == 0
    for may in (ids.MAY_TEST, ids.MAY_CLEAR, ids.MAY_FIX, ids.MAY_UPDATE):
        assert rig.ask("holds", may) == 0
    rig.ask("wait", 30 * MINUTE_MS)
    assert rig.ask("holds", ids.MAY_TEST) == ids.R_GRANT
    assert any("credential 7" in text and "let in" in text for text in rig.ask("words", "en"))
    assert any("Ausweis 7" in text for text in rig.ask("words", "de"))


def test_a_role_allows_what_it_names(rig: Rig) -> None:
    assert rig.come(wallet(may=ids.MAY_TEST)) == 0
    assert rig.ask("holds", ids.MAY_TEST) == 0
    assert rig.ask("holds", ids.MAY_CLEAR) == ids.R_ROLE


@pytest.mark.parametrize("regions", [(), ("DE",), ("AT", "DE")])
def test_its_region_lets_in(rig: Rig, regions: tuple[str, ...]) -> None:
    assert rig.come(wallet(regions=regions)) == 0


# What somebody may come with, and the number that turns them away.
ATTACKS = {
    "another region": (wallet(regions=("CH",)), ids.R_REGION),
    "over": (wallet(expires=NOW - 1), ids.R_EXPIRED),
    "over in this very second": (wallet(expires=NOW), ids.R_EXPIRED),
    "signed by somebody else": (wallet(signer=STRANGER), ids.R_SIGNATURE),
    "somebody else's key": (wallet(key=THIEF), ids.R_SIGNATURE),
}


def impostor(one: Wallet, nonce: bytes, device: str = DEVICE) -> bytes:
    """A signature by the key at hand, whosever credential it is shown with."""
    key = one._opened(None)
    return sign1.signature(key, credential.key_id(7), credential.challenge(bytes.fromhex(device), nonce))


@pytest.mark.parametrize("case", ATTACKS)
def test_who_was_not_sent_is_turned_away(rig: Rig, case: str) -> None:
    one, reason = ATTACKS[case]
    assert rig.answer(one.message, impostor(one, rig.nonce())) == reason
    assert rig.ask("holds", ids.MAY_TEST) == ids.R_GRANT
    assert any(f"turned away at the service port (reason {reason})" in text for text in rig.ask("words", "en"))


def test_every_altered_byte_of_a_credential_turns_away(device: Device) -> None:
    """Roles, dates, regions, key, signature: one start each few, since failures cost time."""
    one = wallet(may=ids.MAY_TEST, regions=("DE",))
    rig = Rig(device.folder)
    rig.ask("wall", NOW)
    for at in range(0, len(one.message), 3):
        altered = bytearray(one.message)
        altered[at] ^= 1 << at % 8
        free = rig.ask("state")
        rig.ask("wait", max(0, free["free_at"] - free["now"]))
        assert rig.answer(bytes(altered), impostor(one, rig.nonce())) in (
            *(ids.R_SIGNATURE, ids.R_ENVELOPE, ids.R_TRUNCATED, ids.R_TRAILING, ids.R_NOT_CANONICAL, ids.R_TYPE),
            *(ids.R_FIELD, ids.R_INDEFINITE),
        ), at
        assert rig.ask("holds", ids.MAY_TEST) == ids.R_GRANT
    rig.off()


def test_a_challenge_is_good_once(rig: Rig) -> None:
    one = wallet()
    nonce = rig.nonce()
    signature = one.answer(DEVICE, nonce)
    assert rig.answer(one.message, signature) == 0
    assert rig.answer(one.message, signature) == ids.R_COUNTER
    assert rig.ask("holds", ids.MAY_TEST) == 0, "the grant stands; a replay gives none"


def test_an_answer_of_before_is_no_answer_to_the_next_challenge(rig: Rig, device: Device) -> None:
    one = wallet()
    old = one.answer(DEVICE, rig.nonce())
    rig.nonce()
    assert rig.answer(one.message, old) == ids.R_SIGNATURE
    rig.off()
    again = Rig(device.folder)
    again.ask("wall", NOW)
    assert again.answer(one.message, old) == ids.R_COUNTER, "after a start nothing was asked"
    again.off()


def test_a_challenge_holds_a_minute(rig: Rig) -> None:
    one = wallet()
    signature = one.answer(DEVICE, rig.nonce())
    rig.ask("wait", MINUTE_MS)
    assert rig.answer(one.message, signature) == ids.R_COUNTER


def test_an_answer_for_another_appliance_is_none_here(rig: Rig) -> None:
    assert rig.come(wallet(), OTHER) == ids.R_SIGNATURE


def test_a_command_of_the_cloud_is_no_credential(rig: Rig) -> None:
    payload = cbor.encode([1, bytes.fromhex(DEVICE), 1, None, ids.C_CLEAR, ids.G_SERVICE, []])
    message = wire._signed(VENDOR, payload)
    rig.nonce()
    assert rig.answer(message, bytes(64)) == ids.R_FIELD


class TestRevoked:
    def test_a_list_ends_the_grant_and_lets_nobody_in_again(self, rig: Rig, device: Device) -> None:
        assert rig.come(wallet()) == 0
        assert rig.ask("revoke", wire.signed_list(VENDOR, 1, NOW, [3, 7]).hex()) == 0
        assert rig.ask("holds", ids.MAY_TEST) == ids.R_GRANT
        assert rig.come(wallet()) == ids.R_CREDENTIAL
        assert rig.come(wallet(serial=8)) == 0
        rig.off()
        again = Rig(device.folder)
        again.ask("wall", NOW)
        assert again.come(wallet()) == ids.R_CREDENTIAL
        again.off()

    def test_an_older_list_takes_nothing_back(self, rig: Rig) -> None:
        assert rig.ask("revoke", wire.signed_list(VENDOR, 5, NOW, [7]).hex()) == 0
        assert rig.ask("revoke", wire.signed_list(VENDOR, 4, NOW, []).hex()) == ids.R_COUNTER
        assert rig.ask("revoke", wire.signed_list(VENDOR, 5, NOW, []).hex()) == ids.R_COUNTER
        assert rig.come(wallet()) == ids.R_CREDENTIAL

    def test_a_forged_list_is_none(self, rig: Rig) -> None:
        assert rig.ask("revoke", wire.signed_list(STRANGER, 9, NOW, [7]).hex()) == ids.R_SIGNATURE
        assert rig.come(wallet()) == 0

    def test_a_full_list_fits(self, rig: Rig) -> None:
        serials = [2**32 - 1 - one for one in range(ids.MAX_REVOKED)]
        assert rig.ask("revoke", wire.signed_list(VENDOR, 2**32 - 1, NOW, serials).hex()) == 0
        assert rig.come(wallet(serial=serials[-1])) != 0
        longer = wire._signed(VENDOR, cbor.encode([credential.REVOKED, 2**32 - 1, NOW, [*serials, 1]]))
        assert rig.ask("revoke", longer.hex()) == ids.R_FIELD


class TestWithoutAClock:
    """An oven that never saw a network does not know what time it is."""

    @pytest.fixture
    def rig(self, device: Device) -> Iterator[Rig]:
        made = Rig(device.folder)
        yield made
        made.off()

    def test_works_offline(self, rig: Rig) -> None:
        assert rig.come(wallet()) == 0

    def test_it_is_no_earlier_than_what_the_ledger_knows(self, rig: Rig) -> None:
        assert rig.ask("note", NOW + 2 * DAY) == NOW + 2 * DAY
        assert rig.come(wallet()) == ids.R_EXPIRED

    def test_it_is_no_earlier_than_what_its_vendor_signed(self, rig: Rig, device: Device) -> None:
        assert rig.come(wallet(serial=9, issued=NOW + 2 * DAY, expires=NOW + 9 * DAY)) == 0
        rig.off()
        again = Rig(device.folder)
        assert again.come(wallet()) == ids.R_EXPIRED
        again.off()


class TestBruteForce:
    def turned_away(self, rig: Rig) -> int:
        """One attempt by somebody without a credential; gives the delay after it, ms."""
        assert rig.answer(wallet(signer=STRANGER).message, bytes(64)) in (ids.R_SIGNATURE, ids.R_COUNTER)
        state = rig.ask("state")
        return max(0, int(state["free_at"] - state["now"]))

    def test_delays_grow_up_to_an_hour_and_no_start_shortens_them(self, rig: Rig, device: Device) -> None:
        delays = []
        for _ in range(15):
            delay = self.turned_away(rig)
            delays.append(delay)
            if delay:
                assert rig.answer(wallet().message, bytes(64)) == ids.R_BUSY
                assert rig.ask("challenge", bytes(16).hex()) == ids.R_BUSY
                rig.off()
                rig = Rig(device.folder)
                rig.ask("wall", NOW)
                state = rig.ask("state")
                assert state["free_at"] >= delay, "it runs anew from the start"
                rig.ask("wait", delay)
        assert delays[:4] == [0, 0, 10_000, 20_000]
        assert delays == sorted(delays)
        assert delays[-1] == 3_600_000
        assert rig.come(wallet()) == 0, "who was sent waits, and is let in"
        assert rig.ask("state")["failures"] == 0
        rig.off()

    def test_a_cut_in_the_middle_takes_no_failure_back(self, device: Device) -> None:
        """The count is in flash before the answer is looked at: a power cut at that moment gains nothing."""
        for attempt in range(1, 5):
            rig = Rig(device.folder)
            rig.ask("wait", 3_600_000)
            rig.process.stdin.write(b'["answer", "00", "00"]\n')  # type: ignore[union-attr]
            rig.process.stdin.flush()  # type: ignore[union-attr]
            rig.process.stdout.readline()  # type: ignore[union-attr]
            rig.off()
            rig = Rig(device.folder)
            assert rig.ask("state")["failures"] == attempt
            rig.off()
