"""What the appliance does with commands, in real MicroPython: only what the command key signed for it, once, in order,
in time and under its grant; whatever else comes changes nothing and is answered with a number."""

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import upy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trivet import sign1
from trivet.control.rotation import wrap
from trivet.control.signed import signed
from trivet.engine import pki
from trivet.keys import LocalSigner, SecretMaster
from trivet.mac0 import MessageKey, unseal
from trivet.sim.device import Device, Provision
from trivet.store.tables import CommandRow
from trivet_wire import cbor, ids

RIG = Path(__file__).parent / "commands_rig.py"
DEVICE = "00112233445566ff"
OTHER = "ffeeddccbbaa9988"
SIGNER = LocalSigner(bytes(range(1, 33)))
STRANGER = LocalSigner(bytes(range(2, 34)))
MASTER = SecretMaster(bytes(range(32)))
KEY = pki.new_key()
NOW = 1_795_600_000
YEARS = 5 * 365 * 86_400


class Rig(upy.MicroPythonServer):
    def __init__(self, device: Device) -> None:
        super().__init__(RIG, str(device.folder), heapsize="512k")

    def hear(self, message: bytes) -> list[list[int]]:
        return list(self.ask("hear", message.hex())["results"])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    made = Device(tmp_path)
    key = MASTER.message_key(DEVICE, 1)
    made.provision(Provision(DEVICE, key, "oven", 1, key_der=pki.key_der(KEY), command_key=SIGNER.public))
    return made


@pytest.fixture
def rig(device: Device) -> Iterator[Rig]:
    made = Rig(device)
    yield made
    made.kill()


def command(
    counter: int,
    number: int = ids.C_CONSENT,
    args: list[Any] | None = None,
    grant: int = ids.G_ACCOUNT,
    *,
    expires: int | None = None,
    device: str = DEVICE,
    signer: LocalSigner = SIGNER,
) -> bytes:
    """As the cloud sends it; by default the owner's yes to `improve`, in German."""
    chosen = [ids.IMPROVE, 1, 0xABCD, "de", 0] if args is None else args
    row = CommandRow(device=device, counter=counter, command=number, grant=grant, args=cbor.encode(chosen))
    row.expires_at = None if expires is None else dt.datetime.fromtimestamp(expires, dt.UTC)
    return signed(row, signer)


def signed_payload(fields: Any) -> bytes:
    """Any payload under the right key."""
    from trivet_wire import sign1 as wire

    payload = fields if isinstance(fields, bytes) else cbor.encode(fields)
    kid = sign1.key_id(SIGNER.public)
    return wire.assembled(kid, payload, SIGNER.sign(wire.digest(kid, payload)))


def rotation(counter: int, epoch: int = 2, public: bytes | None = None) -> bytes:
    own = sign1.public_bytes(KEY.public_key()) if public is None else public
    args = [epoch, *wrap(own, DEVICE, epoch, MASTER.message_key(DEVICE, epoch))]
    return command(counter, ids.C_ROTATE, args, ids.G_VENDOR)


def test_the_owner_s_word_from_their_account_is_taken(rig: Rig) -> None:
    assert rig.hear(command(1)) == [[1, ids.C_CONSENT, 0]]
    state = rig.ask("state")
    assert (state["mask"], state["seq"], state["channel"]) == (1 << ids.SAFETY | 1 << ids.IMPROVE, 1, ids.BY_ACCOUNT)
    assert (state["language"], state["hash"]) == ("de", 0xABCD)


def test_every_altered_byte_is_noticed_and_changes_nothing(rig: Rig) -> None:
    message = command(1)
    before = rig.ask("state")
    chance = random.Random(7)
    for at in range(len(message)):
        altered = message[:at] + bytes([message[at] ^ 1 << chance.randrange(8)]) + message[at + 1 :]
        [[counter, number, reason]] = rig.hear(altered)
        assert (counter, number) == (0, 0), at
        assert reason in ids.REASON_NAMES
    after = rig.ask("state")
    assert {**after, "count": 0} == {**before, "count": 0}
    assert rig.hear(message) == [[1, ids.C_CONSENT, 0]]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param(command(1, signer=STRANGER), ids.R_SIGNATURE, id="another key"),
        pytest.param(command(1, device=OTHER), ids.R_UNKNOWN_DEVICE, id="another device"),
        pytest.param(b"", ids.R_TRUNCATED, id="nothing"),
        pytest.param(b"\xd2\x84" + bytes(100), ids.R_ENVELOPE, id="zeros"),
        pytest.param(command(1)[:-1], ids.R_TRUNCATED, id="cut"),
        pytest.param(command(1) + b"\0", ids.R_TRAILING, id="longer"),
        pytest.param(signed_payload([2, *[0] * 6]), ids.R_VERSION, id="later version"),
        pytest.param(signed_payload([1, bytes.fromhex(DEVICE), 1, None, 2, 1]), ids.R_FIELD, id="a field short"),
        pytest.param(signed_payload([1, bytes.fromhex(DEVICE), 1, None, 2, 1, [], 0]), ids.R_FIELD, id="a field more"),
        pytest.param(signed_payload([1, bytes.fromhex(DEVICE), -1, None, 2, 1, []]), ids.R_TYPE, id="counter below 0"),
        pytest.param(signed_payload({}), ids.R_TYPE, id="a map"),
        pytest.param(signed_payload(b"\x9f\xff"), ids.R_INDEFINITE, id="indefinite"),
        pytest.param(signed_payload(b""), ids.R_TRUNCATED, id="signed nothing"),
    ],
)
def test_what_is_not_believed_is_answered_without_being_looked_at(rig: Rig, message: bytes, reason: int) -> None:
    before = rig.ask("state")
    results = rig.hear(message)
    assert [result[:2] for result in results] == [[0, 0]]
    assert results[0][2] in {reason, ids.R_FIELD} if reason == ids.R_TYPE else results[0][2] == reason
    assert {**rig.ask("state"), "count": 0} == {**before, "count": 0}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"number": 99}, ids.R_COMMAND),
        ({"number": 0}, ids.R_COMMAND),
        ({"grant": ids.G_VENDOR}, ids.R_GRANT),
        ({"grant": ids.G_PRESENT}, ids.R_GRANT),
        ({"grant": 200}, ids.R_GRANT),
        ({"number": ids.C_CLEAR, "grant": ids.G_SERVICE, "args": []}, ids.R_GRANT),
        ({"args": []}, ids.R_FIELD),
        ({"args": [ids.SAFETY, 0, 0, "en", 0]}, ids.R_FIELD),
        ({"args": [ids.IMPROVE, 2, 0, "en", 0]}, ids.R_FIELD),
        ({"args": [9, 1, 0, "en", 0]}, ids.R_FIELD),
        ({"args": [ids.IMPROVE, 1, 0, "english", 0]}, ids.R_FIELD),
        ({"args": [ids.IMPROVE, 1, 0, "en"]}, ids.R_FIELD),
        ({"args": [ids.IMPROVE, 1, 0, "en", 0, 1]}, ids.R_FIELD),
        ({"number": ids.C_RELEASE, "args": [1]}, ids.R_FIELD),
    ],
)
def test_a_signed_command_that_nothing_covers_is_refused_and_counted(
    rig: Rig, fields: dict[str, Any], reason: int
) -> None:
    number = fields.get("number", ids.C_CONSENT)
    assert rig.hear(command(5, **fields)) == [[5, number, reason]]
    state = rig.ask("state")
    assert (state["mask"], state["seq"], state["epoch"], state["reset"]) == (1 << ids.SAFETY, 0, 1, False)
    assert rig.hear(command(4)) == [[4, ids.C_CONSENT, ids.R_COUNTER]]


def test_counters_only_rise(rig: Rig) -> None:
    assert rig.hear(command(7)) == [[7, ids.C_CONSENT, 0]]
    for old in (0, 1, 6):
        assert rig.hear(command(old, args=[ids.OFFERS, 1, 0, "en", 0])) == [[old, ids.C_CONSENT, ids.R_COUNTER]]
    assert rig.ask("state")["seq"] == 1
    assert rig.hear(command(0xFFFFFFFF, args=[ids.OFFERS, 1, 0, "en", 0])) == [[0xFFFFFFFF, ids.C_CONSENT, 0]]


def test_a_yes_given_in_the_account_before_a_no_at_the_appliance_does_not_undo_it(rig: Rig) -> None:
    assert rig.ask("decide", ids.IMPROVE, False)  # decision 1, which the account did not know of
    before = rig.ask("state")
    assert rig.hear(command(1)) == [[1, ids.C_CONSENT, ids.R_SUPERSEDED]]
    after = rig.ask("state")
    assert (after["mask"], after["seq"]) == (before["mask"], before["seq"])
    assert rig.hear(command(2, args=[ids.IMPROVE, 1, 0, "en", 1])) == [[2, ids.C_CONSENT, 0]]


def test_the_account_s_own_decisions_do_not_stand_in_each_other_s_way(rig: Rig) -> None:
    """All of them name decision 0: they were given while the appliance was away."""
    for counter, purpose in ((1, ids.SERVICE), (2, ids.IMPROVE), (3, ids.PERSONAL)):
        assert rig.hear(command(counter, args=[purpose, 1, 0, "en", 0])) == [[counter, ids.C_CONSENT, 0]]
    assert rig.ask("state")["mask"] == 0b01111


def test_a_no_from_the_account_holds_whatever_it_knew(rig: Rig) -> None:
    assert rig.ask("decide", ids.IMPROVE, True)
    assert rig.hear(command(1, args=[ids.IMPROVE, 0, 0, "en", 0])) == [[1, ids.C_CONSENT, 0]]
    assert rig.ask("state")["mask"] == 1 << ids.SAFETY


def test_what_was_decided_here_is_known_after_a_restart(rig: Rig, device: Device) -> None:
    assert rig.ask("decide", ids.IMPROVE, False)
    rig.hear(command(1, args=[ids.OFFERS, 0, 0, "en", 0]))  # the newest decision is the account's now
    rig.kill()
    again = Rig(device)
    try:
        assert again.hear(command(2)) == [[2, ids.C_CONSENT, ids.R_SUPERSEDED]]
    finally:
        again.kill()


def test_an_old_yes_played_again_after_a_no_changes_nothing(rig: Rig) -> None:
    yes = command(1)
    rig.hear(yes)
    assert rig.ask("decide", ids.IMPROVE, False)
    for _ in range(3):
        assert rig.ask("hear", yes.hex())["queued"] == 1  # answered, as the last one
    state = rig.ask("state")
    assert (state["mask"], state["seq"]) == (1 << ids.SAFETY, 2)


def test_the_last_command_is_answered_again_with_its_result_also_after_a_restart(rig: Rig, device: Device) -> None:
    message = command(3, args=[])
    rig.hear(message)
    rig.kill()
    again = Rig(device)
    state = again.ask("state")
    assert again.ask("hear", message.hex())["queued"] == 1
    assert again.ask("state")["kept"] == state["kept"]
    again.kill()


def test_a_flood_costs_one_answer(rig: Rig) -> None:
    forged = command(1, signer=STRANGER)
    answers = [rig.ask("hear", (forged[:-1] + bytes([i])).hex(), False)["queued"] for i in range(50)]
    assert sum(answers) == 1
    assert rig.hear(command(1)) == [[1, ids.C_CONSENT, 0]]


@pytest.mark.parametrize(
    ("wall", "expires", "reason"),
    [
        (0, NOW, ids.R_CLOCK),
        (NOW, NOW, 0),
        (NOW + 1, NOW, ids.R_EXPIRED),
        (NOW + YEARS, NOW, ids.R_EXPIRED),
        (NOW - YEARS, NOW, 0),
        (0, None, 0),
        (NOW + YEARS, None, 0),
    ],
)
def test_a_command_with_an_expiry_needs_a_clock_and_its_time(
    rig: Rig, wall: int, expires: int | None, reason: int
) -> None:
    rig.ask("set_wall", wall)
    assert rig.hear(command(1, expires=expires)) == [[1, ids.C_CONSENT, reason]]
    assert rig.ask("state")["seq"] == (0 if reason else 1)


def test_a_clock_that_jumps_by_years_between_commands_harms_nothing(rig: Rig) -> None:
    for counter, wall in enumerate((NOW, NOW - YEARS, NOW + YEARS, 1, 0xFFFFFFFF, NOW), 1):
        rig.ask("set_wall", wall)
        [[_, _, reason]] = rig.hear(command(counter, expires=NOW + 60))
        assert reason == (ids.R_EXPIRED if wall > NOW + 60 else 0)
    assert rig.ask("state")["mask"] == 1 << ids.SAFETY | 1 << ids.IMPROVE


def test_the_next_key_is_used_from_the_next_message_on_and_after_a_restart(rig: Rig, device: Device) -> None:
    rig.hear(command(1))
    assert rig.hear(rotation(2)) == [[2, ids.C_ROTATE, 0]]
    assert rig.ask("state")["epoch"] == 2
    key = MessageKey(MASTER.message_key(DEVICE, 2), DEVICE, 2)
    newest = bytes.fromhex(rig.ask("spooled")[-1])
    payload, _ = unseal(newest, [key])
    assert cbor.decode(payload)[ids.F_BODY] == [2, ids.C_ROTATE, 0]
    rig.kill()
    again = Rig(device)
    assert again.ask("state")["epoch"] == 2
    again.kill()


def test_a_key_not_wrapped_for_this_appliance_or_going_back_is_refused(rig: Rig) -> None:
    stranger = sign1.public_bytes(pki.new_key().public_key())
    assert rig.hear(rotation(1, public=stranger)) == [[1, ids.C_ROTATE, ids.R_FIELD]]
    assert rig.hear(rotation(2, epoch=1)) == [[2, ids.C_ROTATE, 0]]  # the very key that it has
    assert rig.hear(rotation(3, epoch=0)) == [[3, ids.C_ROTATE, ids.R_FIELD]]
    point = [2, b"\x01" * 64, bytes(40)]
    for counter, args in enumerate((point, [2, bytes(64), bytes(40)], [2, bytes(63), bytes(40)], [2], []), 4):
        assert rig.hear(command(counter, ids.C_ROTATE, args, ids.G_VENDOR)) == [[counter, ids.C_ROTATE, ids.R_FIELD]]
    assert rig.ask("state")["epoch"] == 1


def test_given_away_by_command_it_restarts_and_forgets(rig: Rig, device: Device) -> None:
    rig.hear(command(1))
    assert rig.ask("hear", command(2, ids.C_RELEASE, []).hex())["leaves"]
    before = rig.ask("state")
    assert before["reset"]
    rig.kill()
    again = Rig(device)
    state = again.ask("state")
    assert (state["mask"], state["channel"], state["reset"]) == (1 << ids.SAFETY, ids.BY_FACTORY_RESET, False)
    assert state["kept"] == before["kept"]
    assert state["seq"] > before["seq"]
    assert again.ask("hear", command(2, ids.C_RELEASE, []).hex())["leaves"] is False  # done once
    again.kill()


def test_a_full_flash_refuses_and_keeps_what_was(rig: Rig) -> None:
    assert rig.ask("fill") > 20
    before = rig.ask("state")
    assert rig.hear(command(1)) == [[1, ids.C_CONSENT, ids.R_FULL]]
    assert rig.ask("state") == before


def test_a_full_flash_still_takes_a_no(rig: Rig) -> None:
    rig.hear(command(1))
    rig.ask("fill")
    rig.hear(command(2, args=[ids.IMPROVE, 0, 0, "en", 0]))
    assert rig.ask("state")["mask"] == 1 << ids.SAFETY


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_garbage_is_answered_or_ignored_and_never_acted_on(rig: Rig, data: bytes) -> None:
    rig.ask("hear", data.hex())
    state = rig.ask("state")
    assert (state["mask"], state["seq"], state["epoch"], state["kept"]) == (1 << ids.SAFETY, 0, 1, "")


def test_a_list_of_revoked_credentials_is_kept_and_never_replaced_by_an_older_one(rig: Rig) -> None:
    assert rig.hear(command(1, ids.C_REVOKE, [4, [7, 9]], ids.G_VENDOR)) == [[1, ids.C_REVOKE, 0]]
    assert rig.hear(command(2, ids.C_REVOKE, [3, []], ids.G_VENDOR)) == [[2, ids.C_REVOKE, 0]]
    assert rig.ask("revoked") == [4, [7, 9]]
    assert rig.hear(command(3, ids.C_REVOKE, [5, list(range(41))], ids.G_VENDOR)) == [[3, ids.C_REVOKE, ids.R_FIELD]]
    assert rig.hear(command(4, ids.C_REVOKE, [6, []], ids.G_SERVICE)) == [[4, ids.C_REVOKE, ids.R_GRANT]]
    assert rig.ask("revoked") == [4, [7, 9]]
    assert rig.hear(command(5, ids.C_REVOKE, [6, []], ids.G_VENDOR)) == [[5, ids.C_REVOKE, 0]]
    assert rig.ask("revoked") == [6, []]
