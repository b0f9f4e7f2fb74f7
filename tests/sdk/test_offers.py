"""An update for one appliance: offered only where it fits, followed by what the appliance says, taken back in time."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from trivet.consent import owners
from trivet.store.tables import DeviceRow, MessageRow, utcnow
from trivet.store.updates import (
    CONFIRMED,
    DOWNLOADING,
    OFFERED,
    QUEUED,
    REFUSED,
    ROLLED_BACK,
    TRIAL,
    WITHDRAWN,
    KeyManifestRow,
    OfferRow,
    UpdateHoursRow,
)
from trivet.updates import offers
from trivet.updates.problem import UpdateError
from trivet_wire import ids
from updates_kit import UpdateBench, args_of, published, update_bench

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[UpdateBench]:
    async with update_bench(tmp_path) as made:
        yield made


async def withdraw(kit: UpdateBench, number: int) -> OfferRow:
    async with kit.store.writing() as session:
        return await offers.withdraw(session, kit.sender.device, number, "bea")


class TestOffering:
    async def test_it_is_one_signed_command_of_the_vendor(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        [command] = await kit.commands()
        assert (command.command, command.grant, command.who) == (ids.C_UPDATE, ids.G_VENDOR, "ada")
        envelope = kit.release.envelope
        assert args_of(command) == [ids.W_RELEASE, kit.payloads.size(envelope), bytes.fromhex(envelope), None]
        row = await kit.offer_row(number)
        assert (row.state, row.counter, row.version, row.sequence) == (QUEUED, 1, "1.2.0", 2)

    async def test_it_may_lie_on_the_web(self, kit: UpdateBench) -> None:
        async with kit.store.writing() as session:
            await offers.offer(session, kit.sender.device, kit.release, "ada", over="https://updates.example.com/u/")
        [command] = await kit.commands()
        assert args_of(command)[3] == f"https://updates.example.com/u/sha256/{kit.release.envelope}"

    @pytest.mark.parametrize("over", ["ftp://x/u", "https://", "https://x y", "https://" + "x" * 113, ""])
    async def test_an_address_that_is_none_is_refused(self, kit: UpdateBench, over: str) -> None:
        async with kit.store.writing() as session:
            with pytest.raises(UpdateError) as caught:
                await offers.offer(session, kit.sender.device, kit.release, "ada", over=over)
        assert caught.value.kind == "address"
        assert await kit.rows() == []

    async def test_another_board_s_is_not_offered(self, kit: UpdateBench) -> None:
        washer = await published(kit.store, kit.payloads, "9.0.0", 9, model="washer")
        async with kit.store.writing() as session:
            with pytest.raises(UpdateError, match="is for washer") as caught:
                await offers.offer(session, kit.sender.device, washer, "ada")
        assert caught.value.kind == "other-board"
        assert await kit.commands() == []

    async def test_an_older_one_is_not_offered_and_the_same_may_be_applied_again(self, kit: UpdateBench) -> None:
        await kit.take(kit.report(ids.U_CONFIRMED))
        old = await published(kit.store, kit.payloads, "1.1.0", 1)
        async with kit.store.writing() as session:
            with pytest.raises(UpdateError, match=r"newer than 1\.1\.0") as caught:
                await offers.offer(session, kit.sender.device, old, "ada")
        assert caught.value.kind == "older"
        assert await kit.offered()

    @pytest.mark.parametrize("kind", ["revoked", "no-such-device", "expired", "open"])
    async def test_what_would_lead_nowhere_is_not_offered(self, kit: UpdateBench, kind: str) -> None:
        device, release = kit.sender.device, kit.release
        if kind == "revoked":
            await kit.registry.revoke(device)
        elif kind == "no-such-device":
            device = "0" * 16
        elif kind == "expired":
            release = await published(kit.store, kit.payloads, "1.3.0", 3, expires=1_700_000_000)
        else:
            await kit.offered()
        before = await kit.commands()
        async with kit.store.writing() as session:
            with pytest.raises(UpdateError) as caught:
                await offers.offer(session, device, release, "ada")
        assert caught.value.kind == kind
        assert [row.counter for row in await kit.commands()] == [row.counter for row in before]

    async def test_a_version_that_nobody_published_names_those_that_are(self, kit: UpdateBench) -> None:
        await published(kit.store, kit.payloads, "1.3.0", 3)
        async with kit.store.reading() as session:
            assert (await offers.release_of(session, "BENCH-1", "1.3.0")).sequence == 3
            with pytest.raises(UpdateError, match=r"published are 1\.2\.0, 1\.3\.0"):
                await offers.release_of(session, "BENCH-1", "1.4.0")
            with pytest.raises(UpdateError, match="trivet release publish"):
                await offers.release_of(session, "washer", "1.4.0")

    async def test_the_next_keys_are_offered_beside_a_release(self, kit: UpdateBench) -> None:
        await kit.offered()
        payload = kit.payloads.put(b"key manifest")
        async with kit.store.writing() as session:
            keys = KeyManifestRow(number=2, payload=payload, size=12, taken_by="ada")
            session.add(keys)
            await session.flush()
            await offers.offer_keys(session, kit.sender.device, keys, "ada")
        assert args_of((await kit.commands())[1]) == [ids.W_KEYS, 12, bytes.fromhex(payload), None]
        await kit.fetch(payload, 0)
        assert kit.got() == {0: b"key manifest"}
        await kit.take(kit.report(ids.U_CONFIRMED, manifest=payload, sequence=2, version="keys 2"))
        installed = await kit.installed()
        assert installed is not None
        assert (installed.keys, installed.version) == (2, "")
        async with kit.store.writing() as session:
            with pytest.raises(UpdateError, match="has set 2"):
                await offers.offer_keys(session, kit.sender.device, keys, "ada")


class TestFollowing:
    async def test_the_appliance_s_word_says_how_far_it_is(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        await kit.answer(1, ids.C_UPDATE)
        assert (await kit.offer_row(number)).state == OFFERED
        for state, name in ((ids.U_DOWNLOADING, DOWNLOADING), (ids.U_TRIAL, TRIAL)):
            await kit.take(kit.report(state))
            assert (await kit.offer_row(number)).state == name
        await kit.take(kit.report(ids.U_CONFIRMED, trial_s=7200, trial_cycles=1))
        row = await kit.offer_row(number)
        assert (row.state, row.trial_s, row.trial_cycles, row.from_version) == (CONFIRMED, 7200, 1, "1.0.0")
        assert (row.report_signed, row.ended_at is not None) == (True, True)
        installed = await kit.installed()
        assert installed is not None
        assert (installed.version, installed.sequence) == ("1.2.0", 2)

    async def test_a_rollback_says_why_and_installs_nothing(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        await kit.take(kit.report(ids.U_ROLLED_BACK, ids.R_FAULT, event=3, trial_s=900))
        row = await kit.offer_row(number)
        assert (row.state, row.reason, row.event) == (ROLLED_BACK, ids.R_FAULT, 3)
        assert row.ended_at is not None
        assert await kit.installed() is None

    @pytest.mark.parametrize("reason", [ids.R_FULL, ids.R_BUSY, ids.R_SIGNATURE])
    async def test_an_offer_that_the_appliance_does_not_take_has_ended(self, kit: UpdateBench, reason: int) -> None:
        number = await kit.offered()
        await kit.answer(1, ids.C_UPDATE, reason)
        row = await kit.offer_row(number)
        assert (row.state, row.reason) == (REFUSED, reason)
        assert await kit.offered() > number

    async def test_a_command_heard_twice_is_no_refusal(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        await kit.answer(1, ids.C_UPDATE, ids.R_COUNTER)
        assert (await kit.offer_row(number)).state == QUEUED

    async def test_an_envelope_that_was_not_believed_is_named_by_itself(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        envelope = kit.release.envelope
        await kit.take(kit.report(ids.U_REFUSED, ids.R_SIGNATURE, manifest=envelope, version="", sequence=0))
        row = await kit.offer_row(number)
        assert (row.state, row.reason, row.version) == (REFUSED, ids.R_SIGNATURE, "1.2.0")

    async def test_an_older_report_changes_nothing(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        early, late = kit.report(ids.U_DOWNLOADING), kit.report(ids.U_TRIAL)
        await kit.take(late, early)
        assert (await kit.offer_row(number)).state == TRIAL
        first, second = kit.report(ids.U_CONFIRMED), kit.report(ids.U_CONFIRMED, version="2.0.0", sequence=9)
        await kit.take(second, first)
        installed = await kit.installed()
        assert installed is not None
        assert installed.version == "2.0.0"

    async def test_a_report_that_somebody_else_signed_is_refused(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        kit.sender.signing_key = ec.generate_private_key(ec.SECP256R1())
        await kit.take(kit.report(ids.U_CONFIRMED))
        assert kit.reasons == [ids.R_SIGNATURE]
        assert (await kit.offer_row(number)).state == QUEUED
        assert await kit.installed() is None

    async def test_an_unsigned_report_is_kept_and_said_to_be_unsigned(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        kit.sender.signing_key = None
        topic, message = kit.report(ids.U_TRIAL)
        await kit.take((topic, message))
        assert (await kit.offer_row(number)).report_signed is False

    async def test_it_is_a_safety_message_that_needs_no_yes(self, kit: UpdateBench) -> None:
        await kit.take(kit.report(ids.U_CONFIRMED))
        async with kit.store.reading() as session:
            [row] = await session.scalars(select(MessageRow))
        assert (row.purpose, row.signed, row.body_json["version"]) == (ids.SAFETY, True, "1.2.0")

    async def test_over_the_service_port_it_is_one_update_under_both_its_names(self, kit: UpdateBench) -> None:
        """First by its envelope, then by the manifest in it."""
        await kit.take(kit.report(ids.U_OFFERED, manifest="ab" * 32, version="", sequence=0))
        await kit.take(kit.report(ids.U_DOWNLOADING, manifest="cd" * 32, version="1.5.0", sequence=5))
        [row] = await kit.rows()
        assert (row.state, row.version, row.ended_at) == (DOWNLOADING, "1.5.0", None)
        await kit.take(kit.report(ids.U_OFFERED, manifest="ef" * 32, version="", sequence=0))
        assert len(await kit.rows()) == 1, "another one over the port takes its place"
        number = await kit.offered()
        first, ours = await kit.rows()
        assert (first.state, first.reason, ours.id, ours.state) == (REFUSED, ids.R_SUPERSEDED, number, QUEUED)

    async def test_keys_over_the_service_port_are_no_release(self, kit: UpdateBench) -> None:
        await kit.take(kit.report(ids.U_CONFIRMED, manifest="cd" * 32, version="", sequence=7))
        installed = await kit.installed()
        assert installed is not None
        assert (installed.version, installed.sequence) == ("", 0)

    async def test_an_update_over_the_service_port_is_known_by_its_reports(self, kit: UpdateBench) -> None:
        await kit.take(kit.report(ids.U_TRIAL, manifest="cd" * 32, version="1.5.0", sequence=5))
        [row] = await kit.rows()
        assert (row.state, row.who, row.counter, row.version) == (TRIAL, "", None, "1.5.0")
        await kit.take(kit.report(ids.U_CONFIRMED, manifest="cd" * 32, version="1.5.0", sequence=5))
        [row] = await kit.rows()
        assert (row.state, row.ended_at is not None) == (CONFIRMED, True)
        installed = await kit.installed()
        assert installed is not None
        assert installed.sequence == 5

    async def test_the_end_of_one_over_the_service_port_is_kept_beside_an_open_offer(self, kit: UpdateBench) -> None:
        await kit.offered()
        for state in (ids.U_DOWNLOADING, ids.U_REFUSED):
            await kit.take(kit.report(state, manifest="cd" * 32, version="1.5.0", sequence=5))
        ours, other = await kit.rows()
        assert (ours.state, other.state) == (QUEUED, REFUSED)

    async def test_the_same_release_again_is_an_offer_of_its_own(self, kit: UpdateBench) -> None:
        first = await kit.offered()
        await kit.take(kit.report(ids.U_CONFIRMED))
        second = await kit.offered()
        await kit.take(kit.report(ids.U_ROLLED_BACK, ids.R_NO_LINK))
        assert (await kit.offer_row(first)).state == CONFIRMED
        assert (await kit.offer_row(second)).state == ROLLED_BACK


class TestWithdrawing:
    async def test_one_that_was_never_answered_ends_at_once_and_is_not_sent_again(self, kit: UpdateBench) -> None:
        row = await withdraw(kit, await kit.offered())
        assert (row.state, row.withdrawn_by, row.ended_at is not None) == (WITHDRAWN, "bea", True)
        update, taken_back = await kit.commands()
        assert update.reason == ids.R_EXPIRED
        assert (taken_back.command, args_of(taken_back)) == (
            ids.C_WITHDRAW,
            [bytes.fromhex(kit.release.envelope)[:8]],
        )
        assert await kit.offered(), "the next one may be offered"

    async def test_one_that_it_has_taken_ends_when_it_says_so(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        await kit.answer(1, ids.C_UPDATE)
        assert (await withdraw(kit, number)).state == OFFERED
        await withdraw(kit, number)  # twice is once
        assert len(await kit.commands()) == 2
        await kit.answer(2, ids.C_WITHDRAW)
        row = await kit.offer_row(number)
        assert (row.state, row.reason) == (WITHDRAWN, ids.R_WITHDRAWN)

    async def test_too_late_stays_what_it_is(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        await kit.answer(1, ids.C_UPDATE)
        await withdraw(kit, number)
        await kit.answer(2, ids.C_WITHDRAW, ids.R_BUSY)
        row = await kit.offer_row(number)
        assert (row.withdraw_counter, row.reason, row.ended_at) == (None, ids.R_BUSY, None)
        await kit.take(kit.report(ids.U_TRIAL))
        with pytest.raises(UpdateError) as caught:
            await withdraw(kit, number)
        assert caught.value.kind == "too-late"
        await kit.take(kit.report(ids.U_CONFIRMED))
        with pytest.raises(UpdateError) as caught:
            await withdraw(kit, number)
        assert caught.value.kind == "ended"

    async def test_what_was_withdrawn_unheard_and_installed_all_the_same_is_said(self, kit: UpdateBench) -> None:
        number = await kit.offered()
        await withdraw(kit, number)
        await kit.take(kit.report(ids.U_CONFIRMED))
        assert (await kit.offer_row(number)).state == CONFIRMED
        assert len(await kit.rows()) == 1


async def test_a_new_owner_finds_the_machine_s_state_and_nothing_of_the_owner_before(kit: UpdateBench) -> None:
    await kit.take(kit.report(ids.U_CONFIRMED))
    number = await kit.offered()
    async with kit.store.writing() as session:
        row = await session.get_one(OfferRow, number)
        row.answer, row.answer_until, row.answer_at, row.answer_state = ids.A_LATER, 1, utcnow(), "synced"
        session.add(
            UpdateHoursRow(device=kit.sender.device, mask=0xFF, minutes=60, zone="Europe/Berlin", state="synced")
        )
        await session.flush()
        await owners.end(session, await session.get_one(DeviceRow, kit.sender.device), "ownership")
    [left] = await kit.rows()
    assert (left.id, left.state, left.answer, left.answer_at) == (number, QUEUED, None, None)
    installed = await kit.installed()
    assert installed is not None
    assert installed.version == "1.2.0"
    async with kit.store.reading() as session:
        assert await session.get(UpdateHoursRow, kit.sender.device) is None


async def test_times_are_the_appliance_s_where_it_knows_them(kit: UpdateBench) -> None:
    number = await kit.offered()
    await kit.take(kit.report(ids.U_TRIAL))
    assert abs((await kit.offer_row(number)).changed_at - utcnow()) < dt.timedelta(minutes=1)
