"""What an owner agreed to, in the cloud: what comes in, what is refused, what is Pending, what a read leaves."""

import ast
import asyncio
import inspect
from pathlib import Path

import pytest
from cloud_kit import Bench, bench
from sqlalchemy import func, select
from trivet.bench import traffic
from trivet.cases import appliances, queries, queue, views
from trivet.consent import owners, requests, security, state, texts, uses
from trivet.consent.access import Access, AccessError, Reading, allowed, reading
from trivet.consent.periods import DEFAULT, Periods, RetentionError, load
from trivet.store.privacy import RequestRow, UseRow
from trivet.store.tables import CommandRow, DeviceRow
from trivet_wire import ids

pytestmark = pytest.mark.usefixtures("database")

SDK = Path(queries.__file__).resolve().parents[1]
# What logins and accounts are made of, sizes of messages in the demonstration, and the type of an answer.
THEIR_OWN = {
    "auth.py": {"LoginRow", "OwnerLoginRow"},
    "accounts.py": {"OwnerLoginRow", "OwnerRow", "OwnershipRow"},
    "story.py": {"MessageRow"},
    "privacy.py": {"SecurityEventRow"},
}
DESK = Access("service", "agent", "test")


async def agreed(kit: Bench) -> None:
    await kit.take(kit.sender.hello(), kit.sender.consent())


async def now(kit: Bench) -> state.State:
    async with kit.store.reading() as session:
        found = await state.of(session, kit.sender.device)
    assert found is not None
    return found


async def decide(kit: Bench, purpose: str, granted: bool) -> state.Request:
    async with kit.store.writing() as session:
        return await requests.decide(session, kit.sender.device, purpose, granted)


async def asked(kit: Bench) -> list[state.Request]:
    async with kit.store.reading() as session:
        return await requests.of(session, kit.sender.device)


async def events(kit: Bench) -> list[tuple[str, int | None, int]]:
    async with kit.store.reading() as session:
        return [(row.kind, row.reason, row.count) for row in await security.of(session, kit.sender.device)]


class TestTexts:
    def test_every_purpose_has_every_part_in_every_language(self) -> None:
        shown = texts.all_texts()
        assert {(one.purpose, one.language) for one in shown} == {
            (purpose, language) for purpose in ids.PURPOSE_NAMES for language in texts.LANGUAGES
        }
        for one in shown:
            assert all((one.title, one.sends, one.use, one.gives, one.keeps, one.declining)), one
            assert str(DEFAULT.of(one.purpose)) in one.keeps
            assert ("warranty" if one.language == "en" else "Gewährleistung") in one.declining
        assert len({one.hash for one in shown}) == len(shown)

    async def test_an_old_decision_still_finds_its_words(self, tmp_path: Path) -> None:
        shorter = Periods(service=30)
        async with bench(tmp_path) as kit:
            for periods in (DEFAULT, shorter, DEFAULT):
                async with kit.store.writing() as session:
                    await texts.keep(session, periods)
            old, new = texts.text("service"), texts.text("service", "en", shorter)
            async with kit.store.reading() as session:
                assert await texts.find(session, {old.hash, new.hash, 5}) == {old.hash: old, new.hash: new}
            assert "730" in old.words
            assert "30 days" in new.words

    @pytest.mark.parametrize(
        "said", ["[days]\nservice = 0", "[days]\nservices = 3", "days = 3", "[days]\nservice = 'x'"]
    )
    def test_a_bad_file_of_periods_says_what_to_write(self, tmp_path: Path, said: str) -> None:
        (tmp_path / "retention.toml").write_text(said)
        with pytest.raises(RetentionError, match=r"[Ww]rite"):
            load(tmp_path)


class TestState:
    async def test_each_decision_says_when_where_and_on_which_text(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            await kit.take(kit.sender.consent(ids.IMPROVE), kit.sender.consent(ids.SERVICE, 0))
            found = await now(kit)
            assert (found.seq, found.mask) == (3, 1 << ids.SAFETY | 1 << ids.IMPROVE)
            assert [one.granted for one in found.purposes] == [True, False, True, False, False]
            decision = found.of("service").decision
            assert decision is not None
            assert (decision.seq, decision.granted, decision.channel, decision.text_hash) == (3, False, "appliance", 7)
            assert found.of("offers").decision is None
            async with kit.store.reading() as session:
                masks = [await state.at(session, kit.sender.device, seq) for seq in range(5)]
            assert masks == [1, 0b11, 0b111, 0b101, None]

    async def test_a_pending_yes_is_no_yes_until_the_appliance_says_so(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await kit.take(kit.sender.hello())
            request = await decide(kit, "service", True)
            standing = (await now(kit)).of("service")
            assert (standing.granted, standing.allowed, standing.sync) == (False, False, "pending")
            await kit.take(kit.sender.fault())
            assert (kit.reasons, await kit.messages()) == ([ids.R_CONSENT], [])
            await kit.take(kit.sender.consent())
            standing = (await now(kit)).of("service")
            assert (standing.granted, standing.allowed, standing.sync) == (True, True, "synced")
            assert [(one.id, one.state) for one in await asked(kit)] == [(request.id, "synced")]

    async def test_a_pending_no_holds_at_once(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            await kit.take(kit.sender.fault())
            await decide(kit, "service", False)
            assert not (await now(kit)).of("service").allowed
            await kit.take(kit.sender.fault(occurrence=2))
            assert kit.reasons == [ids.R_CONSENT]
            assert await events(kit) == []  # the appliance could not know
            async with reading(kit.store, DESK) as read:
                assert await queries.queue(read) == []

    async def test_what_was_decided_at_the_appliance_meanwhile_stands(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            await decide(kit, "improve", True)
            await kit.take(kit.sender.consent(ids.IMPROVE, 0))
            [request] = await asked(kit)
            assert request.state == "superseded"
            assert not (await now(kit)).of("improve").allowed
            async with kit.store.reading() as session:
                [command] = await session.scalars(select(CommandRow))
            assert command.reason is not None  # it is not sent again: it would undo what stands

    async def test_the_newest_wish_replaces_the_one_before(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            await decide(kit, "improve", True)
            await decide(kit, "improve", False)
            assert [one.state for one in await asked(kit)] == ["pending", "superseded"]

    async def test_the_command_carries_purpose_answer_text_and_language(self, tmp_path: Path) -> None:
        from trivet_wire import cbor

        async with bench(tmp_path) as kit:
            await decide(kit, "offers", True)
            async with kit.store.reading() as session:
                [command] = await session.scalars(select(CommandRow))
                [request] = await session.scalars(select(RequestRow))
            assert (command.command, command.grant, command.counter) == (ids.C_CONSENT, ids.G_ACCOUNT, request.counter)
            assert cbor.decode(command.args) == [ids.OFFERS, 1, texts.text("offers").hash, "en", 0]

    async def test_a_refused_command_is_not_pending_any_more(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            request = await decide(kit, "offers", True)
            await kit.take(kit.sender.message(ids.COMMAND_RESULT, [1, ids.C_CONSENT, ids.R_CLOCK]))
            [after] = await asked(kit)
            assert (after.id, after.state, after.reason) == (request.id, "refused", ids.R_CLOCK)

    @pytest.mark.parametrize("purpose", ["safety", "everything"])
    async def test_what_cannot_be_decided_is_said(self, tmp_path: Path, purpose: str) -> None:
        async with bench(tmp_path) as kit:
            with pytest.raises(requests.RequestError):
                await decide(kit, purpose, False)


class TestRefusal:
    async def test_without_consent_nothing_of_it_is_kept_but_that_it_came(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await kit.take(kit.sender.hello(), kit.sender.fault(), kit.sender.fault(), kit.sender.evidence())
            assert await kit.messages() == []
            assert [(letter.reason, letter.data) for letter in kit.transport.dead] == [(ids.R_CONSENT, b"")] * 3
            assert await events(kit) == [("consent", ids.R_CONSENT, 1), ("consent", ids.R_CONSENT, 2)]
            assert kit.last_ack() == (1, 3, dict.fromkeys((1, 2, 3), ids.R_CONSENT))

    async def test_the_same_again_is_not_counted_again(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            fault = kit.sender.fault()
            await kit.take(fault, fault, fault)
            assert await events(kit) == [("consent", ids.R_CONSENT, 1)]

    async def test_two_contents_under_one_number_are_a_security_event(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            await kit.take(kit.sender.fault(), kit.sender.fault(seq=2, occurrence=9))
            assert await events(kit) == [("replay", ids.R_REPLAY, 1)]


class TestReads:
    async def test_a_withdrawal_hides_what_was_gathered_but_no_hazard(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            send = kit.sender
            await kit.take(send.fault(), send.evidence(), send.fault(traffic.HAZARD), send.evidence(traffic.HAZARD))
            await kit.take(send.consent(granted=0))
            async with reading(kit.store, DESK) as read:
                rows = await queries.queue(read, include_resolved=True)
                hidden, hazard = await queries.case(read, 1), await queries.case(read, 2)
                detail = await queries.device(read, send.device)
            assert [row.id for row in rows] == [2]
            assert isinstance(hidden, views.Withheld)
            assert hidden.purpose == "service"
            assert hidden.since is not None
            assert isinstance(hazard, views.CaseView)
            assert (hazard.evidence, hazard.withheld, hazard.row.hazard) == (None, True, True)
            assert {entry.kind for entry in hazard.timeline} == {"opened"}
            assert detail is not None
            assert {message.purpose for message in detail.messages} == {"safety"}
            assert (detail.device.withheld, len(detail.cases)) == (1, 1)

    async def test_a_read_for_one_purpose_does_not_show_what_another_covers(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            await kit.take(kit.sender.consent(ids.IMPROVE), kit.sender.heartbeat(), kit.sender.fault())
            seen = {}
            for purpose in ("safety", "service", "improve", "own"):
                async with reading(kit.store, Access(purpose, "x", "test")) as read:
                    detail = await queries.device(read, kit.sender.device)
                assert detail is not None
                seen[purpose] = {message.kind for message in detail.messages}
            assert seen["safety"] == {"consent"}
            assert seen["service"] == {"consent", "fault"}
            assert seen["improve"] == {"consent", "heartbeat"}
            assert seen["own"] == {"consent", "fault", "heartbeat"}

    async def test_a_live_page_leaves_one_line(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            await kit.take(kit.sender.fault())
            for _ in range(5):
                async with reading(kit.store, DESK) as read:
                    await queries.case(read, 1)
            await asyncio.gather(*(self._look(kit) for _ in range(4)))
            async with kit.store.reading() as session:
                lines = await uses.of(session, kit.sender.device)
            assert [(line.who, line.purpose, line.subject, line.why) for line in lines] == [
                ("agent", "service", "case 1", "test")
            ]

    async def _look(self, kit: Bench) -> None:
        async with reading(kit.store, DESK) as read:
            await queries.case(read, 1)

    async def test_a_read_that_cannot_be_logged_gives_nothing(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            with pytest.raises(Exception, match=r"(?i)foreign key"):
                async with reading(kit.store, DESK) as read:
                    read.note("00" * 8, "case 1")

    async def test_a_failed_read_leaves_no_line(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            with pytest.raises(RuntimeError):
                await self._fail(kit)
            async with kit.store.reading() as session:
                assert await session.scalar(select(func.count()).select_from(UseRow)) == 0

    async def _fail(self, kit: Bench) -> None:
        async with reading(kit.store, DESK) as read:
            read.note(kit.sender.device, "case 1")
            raise RuntimeError

    def test_no_query_of_cases_is_without_an_access(self) -> None:
        rooms = {
            queries: {"case", "device", "queue"},
            queue: {"everything", "figures", "newest", "page"},
            appliances: {"page", "shown"},
        }
        asked = []
        for room, names in rooms.items():
            found = [one for _, one in inspect.getmembers(room, inspect.iscoroutinefunction)]
            found = [one for one in found if one.__module__ == room.__name__ and one.__name__[0] != "_"]
            assert {one.__name__ for one in found} == names
            asked += found
        for one in asked:
            first = next(iter(inspect.signature(one).parameters.values()))
            assert first.annotation in ("Reading", Reading), one.__name__

    @pytest.mark.parametrize("room", ["api", "desk", "demo"])
    def test_no_page_and_no_route_asks_the_tables_itself(self, room: str) -> None:
        """Whoever shows something to people goes through queries that take an access; logins are nobody's data."""
        for file in sorted((SDK / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trivet.store"):
                    names = {alias.name for alias in node.names if alias.name.endswith("Row")}
                    more = names - THEIR_OWN.get(file.name, set())
                    assert not more, f"{file.name} asks for {more}: add a query that takes a Reading"

    @pytest.mark.parametrize(
        ("role", "purpose", "may"),
        [
            ("agent", "service", True),
            ("agent", "improve", False),
            ("agent", "own", False),
            ("engineer", "improve", True),
            ("privacy", "own", True),
            ("owner", "service", False),
            ("nobody", "safety", False),
        ],
    )
    def test_a_role_reads_for_its_purposes_alone(self, role: str, purpose: str, may: bool) -> None:
        if may:
            allowed(role, purpose)
            return
        with pytest.raises(AccessError):
            allowed(role, purpose)


class TestOwnership:
    async def test_a_factory_reset_ends_it_and_takes_everything_along(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            device, secret = kit.sender.device, kit.sender.identity.claim_secret
            await kit.registry.claim(device, secret, "Ada")
            await agreed(kit)
            old = [kit.sender.fault(), kit.sender.evidence()]
            await kit.take(*old)
            reset = kit.sender.message(ids.CONSENT, [ids.SERVICE, 0, 1, 0, "en", 3], consent_seq=2)
            await kit.take(reset)
            kit.sender.consent_seq, kit.sender.mask = 2, 1
            assert await kit.cases() == []
            assert await kit.messages() == [(1, 4)]
            await kit.take(*old, reset)
            assert kit.reasons == [ids.R_ERASED] * 2
            assert {letter.data for letter in kit.transport.dead} == {b""}
            await kit.registry.claim(device, secret, "Bob")
            async with kit.store.reading() as session:
                row = await session.get_one(DeviceRow, device)
            assert (row.consent_mask, row.erased_consent_seq) == (1, 1)

    async def test_a_hazard_after_it_still_comes_in(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            await agreed(kit)
            await kit.registry.release(kit.sender.device)
            await kit.take(kit.sender.fault(), kit.sender.fault(traffic.HAZARD))
            assert kit.reasons == [ids.R_ERASED]
            assert [case.hazard for case in await kit.cases()] == [True]
            await kit.take(kit.sender.hello())
            assert (await now(kit)).mask == 1 << ids.SAFETY  # the old yes does not come back with a HELLO

    async def test_the_reset_that_we_asked_for_does_not_end_the_next_ownership(self, tmp_path: Path) -> None:
        async with bench(tmp_path) as kit:
            device, secret = kit.sender.device, kit.sender.identity.claim_secret
            await kit.registry.claim(device, secret, "Ada")
            await agreed(kit)
            await kit.registry.release(device)
            await kit.registry.claim(device, secret, "Bob")
            await kit.take(*(self._reset(kit, seq, purpose) for seq, purpose in ((2, ids.SERVICE), (3, ids.OFFERS))))
            assert await self._owner(kit) == "Bob"
            async with kit.store.reading() as session:
                [command] = await session.scalars(select(CommandRow))
            assert command.reason == 0  # it is not told again
            kit.sender.restart()
            await kit.take(self._reset(kit, 4, ids.OFFERS))
            assert await self._owner(kit) is None  # this one nobody asked for

    async def test_until_it_has_begun_anew_no_earlier_yes_counts(self, tmp_path: Path) -> None:
        """The next owner agrees to service at an appliance that heard of no release: its mask still says more."""
        async with bench(tmp_path) as kit:
            send = kit.sender
            await kit.take(send.hello(), send.consent(ids.IMPROVE), send.consent(ids.OFFERS))
            await kit.registry.release(send.device)
            await kit.take(send.consent(), send.hello())
            assert (await now(kit)).mask == 1 << ids.SAFETY | 1 << ids.SERVICE
            await kit.take(send.heartbeat(), send.fault())
            assert kit.reasons == [ids.R_CONSENT]
            assert len(await kit.cases()) == 1

    def _reset(self, kit: Bench, seq: int, purpose: int) -> tuple[str, bytes]:
        return kit.sender.message(ids.CONSENT, [purpose, 0, 1, 0, "en", 3], consent_seq=seq)

    async def _owner(self, kit: Bench) -> str | None:
        async with kit.store.reading() as session:
            owner = await owners.present(session, kit.sender.device)
        return owner.name if owner else None
