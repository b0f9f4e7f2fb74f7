"""What outcomes teach: shares move from the catalogue's to what it was, and stated probabilities become as true as they
say, whatever order of causes they had."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet.bench.calibration import expected_error
from trivet.cases.weights import STRENGTH, Lesson, Weights, fit, ruled_out, sharpen

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
