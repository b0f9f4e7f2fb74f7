"""What triage concludes from evidence, and the rules that never bend: no visit without evidence, a test below the bar,
a person at every hazard."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet.bench import traffic
from trivet.cases import rich
from trivet.cases.triage import BAR, FAILED, NO_EVIDENCE_CAP, NOTHING, PASSED, Findings, Triage, triage

CATALOGUE = rich.load(traffic.rich_json())
VERDICTS = st.dictionaries(
    st.sampled_from([event.name for event in CATALOGUE.events]), st.sampled_from([PASSED, FAILED])
)


def judge(event: int, findings: Findings, **changes: Any) -> Triage:
    code = CATALOGUE.code(event)
    assert code is not None
    raw = traffic.rich_json()
    raw["codes"][event] |= changes
    catalogue = rich.load(raw)
    changed = catalogue.code(event)
    assert changed is not None
    return triage(catalogue, changed, findings)


def test_a_passed_cross_check_blames_the_element_and_names_its_part() -> None:
    result = judge(traffic.ELEMENT, Findings({"element_top": FAILED, "cross_check": PASSED, "ntc_drift": PASSED}))
    assert result.causes[0].cause.name == "element"
    assert result.confidence > 0.95
    assert result.sensor_doubt < 0.05
    assert (result.step.name, result.step.part, result.step.needs_human) == ("visit", "P1", True)
    assert any("for this cause" in word for word in result.causes[0].why)


def test_a_failed_cross_check_blames_the_sensor() -> None:
    result = judge(traffic.ELEMENT, Findings({"cross_check": FAILED, "ntc_drift": FAILED}))
    assert result.causes[0].cause.name == "ntc"
    assert result.sensor_doubt > 0.95
    assert any("plausibility check of cavity failed" in word for word in result.sensor_why)


def test_a_sensor_in_doubt_is_tested_before_what_it_says() -> None:
    findings = Findings({"ntc_drift": PASSED}, invalid={"cavity": "stuck", "mains": "stale"})
    result = judge(traffic.GASKET, findings, causes=[traffic.rich_json()["codes"][0]["causes"][0]])
    assert result.causes[0].cause.kind == "part"
    assert result.step.name == "remote_test"
    assert "sensor may be lying" in result.step.text


def test_weights_alone_never_send_anybody() -> None:
    result = judge(traffic.ELEMENT, NOTHING)
    assert result.confidence <= NO_EVIDENCE_CAP
    assert result.step.name == "remote_test"


@pytest.mark.parametrize(("kind", "step"), [("use", "self_help"), ("mains", "self_help"), ("wiring", "visit")])
def test_the_step_follows_the_kind_of_cause(kind: str, step: str) -> None:
    causes = [
        {"name": "c", "text": {"en": "c"}, "kind": kind, "weight": 1, "evidence": [{"event": "gasket", "failed": 3}]}
    ]
    assert judge(traffic.GASKET, Findings({"gasket": FAILED}), causes=causes).step.name == step


def test_a_minor_fault_is_watched_and_a_hazard_goes_to_a_person() -> None:
    assert judge(traffic.GASKET, Findings({"gasket": FAILED}), severity=5).step.name == "watch"
    hazard = judge(traffic.HAZARD, Findings({"gasket": FAILED}))
    assert (hazard.step.name, hazard.step.needs_human) == ("escalate", True)


def test_a_code_without_causes_asks_for_a_test() -> None:
    result = judge(traffic.GASKET, NOTHING, causes=[])
    assert (result.causes, result.confidence, result.step.name) == ([], 0.0, "remote_test")


@given(event=st.integers(0, 4), verdicts=VERDICTS, present=st.booleans())
def test_whatever_the_evidence_the_rules_hold(event: int, verdicts: dict[str, str], present: bool) -> None:
    result = judge(event, Findings(verdicts if present else {}, present=present))
    assert sum(one.probability for one in result.causes) == pytest.approx(1.0)
    assert 0.0 <= result.sensor_doubt <= 1.0
    assert 0.0 <= result.confidence <= 1.0
    ranked = [one.probability for one in result.causes]
    assert ranked == sorted(ranked, reverse=True)
    if result.step.name == "visit":
        assert present
        assert result.confidence >= BAR
        assert result.step.needs_human
    if event == traffic.HAZARD:
        assert result.step.needs_human
