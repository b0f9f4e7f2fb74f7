"""No alert without an action, no visit without evidence, for every code of every board and whatever is found: nobody is
sent below the bar, nor to a sensor in doubt but with its part; a person decides at hazards, conflicts and visits."""

import ast
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trivet import boards, paths
from trivet.cases import doubt as doubts
from trivet.cases import proposals, rich, selftests, steps
from trivet.cases.history import FIXED, WRONG_PART, History
from trivet.cases.triage import FAILED, NO_EVIDENCE_CAP, PASSED, Findings, found, triage
from trivet.cases.weights import Weights

CATALOGUES = [rich.load(boards.rich(boards.load(name))) for name in boards.available()]
VERDICT = st.sampled_from([PASSED, FAILED])


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """A code of a board with any evidence, self-tests, history and outcomes."""
    catalogue = draw(st.sampled_from(CATALOGUES))
    code = draw(st.sampled_from(catalogue.codes))
    causes = [cause.name for cause in code.causes]
    present = draw(st.booleans())
    verdicts = draw(st.dictionaries(st.sampled_from([one.name for one in catalogue.events]), VERDICT))
    signals = st.sampled_from([one.name for one in catalogue.signals])
    invalid = draw(st.dictionaries(signals, st.sampled_from(["stuck", "disconnected"]), max_size=2))
    tests = draw(st.dictionaries(st.sampled_from([one.name for one in catalogue.routines]), VERDICT, max_size=3))
    tried = draw(st.dictionaries(st.sampled_from(causes), st.sampled_from([FIXED, WRONG_PART])))
    counts = draw(st.dictionaries(st.sampled_from(causes), st.floats(0, 60)))
    said = Findings(verdicts, invalid, tests=tests) if present else Findings(present=False, tests=tests)
    return {
        "catalogue": catalogue,
        "code": code,
        "said": said,
        "weights": Weights(counts, draw(st.floats(0.2, 6))),
        "history": History(tried, draw(st.integers(0, 2))),
    }


@settings(max_examples=400, deadline=None)
@given(one=situations())
def test_the_rule_holds_whatever_is_found(one: dict[str, Any]) -> None:
    code: rich.Code = one["code"]
    result = triage(
        one["catalogue"], code, one["said"], weights=one["weights"], history=one["history"], inhibited=0b101
    )
    step = result.step
    assert step.name in steps.STEPS
    assert step.text
    assert 0 <= result.confidence <= 1 + 1e-9
    if code.hazard:
        assert (step.name, step.needs_human) == ("escalate", True)
    if result.conflicts and step.name != "watch":
        assert step.needs_human
    if step.name == "visit":
        assert one["said"].present
        assert result.confidence >= steps.BAR
        assert step.needs_human
        own = doubts.judged(one["catalogue"], code)
        if own is not None or result.sensor_doubt >= steps.DOUBT_BAR:
            assert step.part in {cause.part for cause in code.causes if cause.kind == "sensor"}
    if not one["said"].present and not one["said"].tests:
        assert result.confidence <= NO_EVIDENCE_CAP


@settings(max_examples=200, deadline=None)
@given(one=situations(), data=st.data())
def test_people_are_bound_by_the_same_rule(one: dict[str, Any], data: st.DataObject) -> None:
    seen = found(one["catalogue"], one["code"], one["said"], weights=one["weights"], history=one["history"])
    part = data.draw(st.sampled_from([None, *(part.number for part in one["catalogue"].parts)]))
    if steps.allows_visit(seen, part):
        assert seen.evidence
        assert seen.confidence >= steps.BAR
        if seen.own is not None:
            assert part is not None
    now = steps.step(seen)
    if now.name == "visit":
        assert steps.allows_visit(seen, now.part), "what triage proposes a person may propose"


@pytest.mark.parametrize("before", [WRONG_PART, FIXED])
def test_what_was_tried_on_this_appliance_is_less_likely_now(before: str) -> None:
    board = CATALOGUES[boards.available().index("oven")]
    code = next(one for one in board.codes if one.event == "element_top_open")
    said = Findings({"element_top_open": FAILED})
    fresh = triage(board, code, said).causes[0]
    again = {one.cause.name: one for one in triage(board, code, said, history=History({"element_top": before})).causes}
    assert fresh.cause.name == "element_top"
    assert again["element_top"].probability < fresh.probability
    assert any("on this appliance" in word for word in again["element_top"].why)


def test_where_nothing_was_found_before_contacts_are_likelier() -> None:
    board = CATALOGUES[boards.available().index("oven")]
    code = next(one for one in board.codes if one.event == "ntc_jump")
    plain, again = (triage(board, code, Findings(), history=History(nothing_found=n)).causes for n in (0, 1))
    share = [{one.cause.name: one.probability for one in causes}["ntc_plug"] for causes in (plain, again)]
    assert share[1] > share[0]


def test_impact_says_what_still_works() -> None:
    board = CATALOGUES[boards.available().index("oven")]
    code = board.codes[0]
    levels = [triage(board, code, Findings(), inhibited=mask).impact.level for mask in (0, 0b10, 0b11111)]
    assert levels == ["none", "limited", "unusable"]
    text = triage(board, code, Findings(), inhibited=0b10).impact.text
    assert text.startswith("Switched off: Top heat. Still works: Heating")


def _oven(event: str) -> tuple[rich.Catalogue, rich.Code]:
    board = CATALOGUES[boards.available().index("oven")]
    return board, next(one for one in board.codes if one.event == event)


def test_below_the_bar_the_self_test_that_tells_the_causes_apart_comes_next() -> None:
    board, code = _oven("overtemperature")
    shares = {"relay": 0.4, "cavity_ntc": 0.4, "fat_fire": 0.2}
    choice = selftests.best(board, code, shares, ())
    assert choice is not None
    assert choice.routine.name in ("relays", "cavity_sensor")
    other = selftests.best(board, code, shares, (choice.routine.name,))
    assert other is not None
    assert other.routine.name != choice.routine.name
    assert other.bits <= choice.bits
    useless = {one.name for one in board.routines} - {"relays", "cavity_sensor"}
    assert all(selftests.information(one, code.event, shares) < 1e-9 for one in board.routines if one.name in useless)


def test_a_test_that_cannot_tell_anything_is_not_proposed() -> None:
    board, code = _oven("overtemperature")
    assert selftests.best(board, code, {"relay": 1.0, "cavity_ntc": 0.0, "fat_fire": 0.0}, ()) is None


def test_a_self_test_moves_the_ranking_and_a_contradiction_asks_for_a_person() -> None:
    board, code = _oven("no_heater_current")
    said = Findings({"no_heater_current": FAILED})
    after = triage(board, code, replace(said, tests={"top_element": PASSED}))
    assert after.conflicts
    assert after.step.needs_human
    assert any("top_element passed" in words for words in after.conflicts)


@settings(max_examples=100, deadline=None)
@given(one=situations())
def test_expected_information_is_never_more_than_there_is_to_know(one: dict[str, Any]) -> None:
    causes = found(one["catalogue"], one["code"], one["said"], weights=one["weights"]).causes
    shares = {ranked.cause.name: ranked.probability for ranked in causes}
    for routine in one["catalogue"].routines:
        assert 0 <= selftests.information(routine, one["code"].event, shares) <= 1 + 1e-9


def test_a_remote_fix_comes_first_and_a_person_when_it_did_not_help() -> None:
    board, code = _oven("internal_error")
    said = Findings({"internal_error": FAILED})
    first = triage(board, code, said).step
    assert (first.name, first.fix, first.needs_human) == ("remote_fix", "recover", False)
    second = triage(board, code, replace(said, tried=frozenset(["recover"]))).step
    assert (second.name, second.needs_human) == ("escalate", True)


def test_every_fix_of_a_catalogue_is_one_that_firmware_or_a_command_does() -> None:
    words = (paths.firmware() / "appliance/service/words_work.py").read_text(encoding="utf-8")
    known = ast.literal_eval(re.search(r"^FIXES = (\(.*\))$", words, re.MULTILINE)[1])  # type: ignore[index]
    fixes = {cause.fix for board in CATALOGUES for code in board.codes for cause in code.causes if cause.fix}
    assert fixes <= set(known)
    assert set(known) == set(proposals.FIXES)


def test_where_no_self_test_tells_the_causes_apart_a_person_decides() -> None:
    board, code = _oven("mains_low")
    said = Findings({"mains_low": FAILED})
    step = triage(board, code, said, weights=Weights({"supply": 3.0, "terminal": 5.0})).step
    assert (step.name, step.routine, step.needs_human) == ("remote_test", None, True)
    assert "a person decides" in step.text
