"""`bench delta`: a typical release is a small part of the whole bundle, and applies on an appliance's heap."""

from trivet.bench import Options, delta


def test_a_typical_release_is_at_most_a_twentieth_of_the_bundle() -> None:
    result = delta.run(Options(n=1, say=lambda text: None))
    assert delta.sound(result)
    assert set(result["boards"]) == {"dishwasher", "oven", "washer"}
    assert result["delta_ratio"] <= 0.05
