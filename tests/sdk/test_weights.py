"""What outcomes teach: shares move from the catalogue's to what it was, and stated probabilities become as true as they
say, whatever order of causes they had."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet import boards
from trivet.bench.calibration import expected_error
from trivet.cases import rich
from trivet.cases.triage import FAILED, Findings, triage
from trivet.cases.weights import STRENGTH, Lesson, Weights, fit, ruled_out, sharpen

CATALOGUES = [rich.load(boards.rich(boards.load(name))) for name in boards.available()]
NAMES = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6, unique=True)
STATED = NAMES.flatmap(
    lambda names: st.lists(st.floats(0.001, 1), min_size=len(names), max_size=len(names)).map(
        lambda odds: {name: one / sum(odds) for name, one in zip(names, odds, strict=True)}
    )
)


def test_without_outcomes_the_catalogue_speaks() -> None:
    assert Weights().shares({"element": 3.0, "ntc": 1.0}) == {"element": 0.75, "ntc": 0.25}


def test_as_many_outcomes_as_the_prior_is_worth_move_it_half_way() -> None:
    shares = Weights({"ntc": STRENGTH}).shares({"element": 3.0, "ntc": 1.0})
    assert shares["ntc"] == pytest.approx((0.25 + 1) / 2)


@given(weights=st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 20), min_size=1), times=st.integers(1, 500))
def test_a_cause_that_it_always_was_comes_first_in_the_end(weights: dict[str, float], times: int) -> None:
    name = min(weights)
    before, after = (Weights({name: n}).shares(weights) for n in (0, times))
    assert sum(after.values()) == pytest.approx(1)
    assert after[name] >= before[name] - 1e-9
    assert all(share > 0 for share in after.values()), "nothing is ever impossible"
    if times > 10 * STRENGTH:
        assert max(after, key=lambda one: after[one]) == name


@given(stated=STATED, sharpness=st.floats(0.1, 8))
def test_sharpening_keeps_order_and_sum(stated: dict[str, float], sharpness: float) -> None:
    made = sharpen(stated, sharpness)
    assert sum(made.values()) == pytest.approx(1)
    order = sorted(stated, key=lambda name: stated[name])
    assert [made[name] for name in order] == sorted(made.values())


@pytest.mark.parametrize("true_sharpness", [0.5, 1.0, 2.5])
def test_the_sharpness_of_a_world_is_found_from_its_outcomes(true_sharpness: float) -> None:
    dice = random.Random(3)
    lessons = []
    for _ in range(400):
        odds = [dice.random() + 0.05 for _ in range(4)]
        stated = {name: one / sum(odds) for name, one in zip("abcd", odds, strict=True)}
        truth = sharpen(stated, true_sharpness)
        lessons.append(Lesson(stated, dice.choices(list(truth), list(truth.values()))[0]))
    found = fit(lessons)
    assert found == pytest.approx(true_sharpness, rel=0.35)
    tops = [max(sharpen(one.stated, found).items(), key=lambda item: item[1]) for one in lessons]
    assert expected_error([(value, name == one.cause) for (name, value), one in zip(tops, lessons, strict=True)]) < 0.08


def test_no_outcome_or_only_useless_ones_sharpen_nothing() -> None:
    assert fit([]) == 1.0
    assert fit([Lesson({"only": 1.0}, "only"), Lesson({"a": 0.5, "b": 0.5}, "unknown")]) == 1.0


@given(stated=STATED)
def test_a_cause_that_is_ruled_out_gives_its_outcome_to_the_others(stated: dict[str, float]) -> None:
    wrong = min(stated)
    taught = ruled_out(stated, wrong)
    assert wrong not in taught
    assert sum(taught.values()) == pytest.approx(1 if len(stated) > 1 else 0)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_where_one_code_has_many_causes_the_stated_confidence_holds_too(seed: int) -> None:
    """A world as the catalogues say it is: causes drawn by their weights, verdicts by their ratios, a half reported. No
    cause is always it, so nobody may become sure of it."""
    dice = random.Random(seed)
    counts: dict[str, dict[str, float]] = {}
    lessons: list[Lesson] = []
    sharpness, stated = 1.0, []
    codes = [(board, code) for board in CATALOGUES for code in board.codes if len(code.causes) > 1]
    for _ in range(1500):
        board, code = dice.choice(codes)
        truth = dice.choices(code.causes, [cause.weight for cause in code.causes])[0]
        said = Findings({code.event: FAILED} | _verdicts(dice, code, truth))
        learned = counts.setdefault(f"{board.model} {code.code}", {})
        result = triage(board, code, said, weights=Weights(learned, sharpness))
        stated.append((result.confidence, result.causes[0].cause.name == truth.name))
        if dice.random() < 0.5:
            learned[truth.name] = learned.get(truth.name, 0.0) + 1
            lessons.append(Lesson({one.cause.name: one.stated for one in result.causes}, truth.name))
            if len(lessons) % 10 == 0:
                sharpness = fit(lessons)
    assert 0.6 < sharpness < 1.7
    assert expected_error(stated) < 0.06
    assert 0.4 < sum(right for _, right in stated) / len(stated) < 0.85, "not a world in which it is always the same"


def _verdicts(dice: random.Random, code: rich.Code, truth: rich.Cause) -> dict[str, str]:
    """Verdicts whose likelihoods stand to each other as the catalogue's ratios say."""
    found = {}
    for event in {ratio.event for cause in code.causes for ratio in cause.evidence} - {code.event}:
        odds = {cause.name: next((one for one in cause.evidence if one.event == event), None) for cause in code.causes}
        fails = [ratio.failed if ratio else 1.0 for ratio in odds.values()]
        chance = 0.5 / max(fails)  # of FAILED for a cause of ratio 1; PASSED stands for the rest
        mine = odds[truth.name]
        if dice.random() < chance * (mine.failed if mine else 1.0):
            found[event] = FAILED
    return found
