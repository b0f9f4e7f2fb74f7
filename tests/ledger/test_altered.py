"""Whoever has the ledger's flash and knows its format, but not its key, alters nothing unnoticed: the appliance alone
finds it and names the record. A sample of what `tools/bench ledger` does whole, and what it rests on."""

import json

import pytest
from appliance.trust import chain
from tamper.alterations import alterations
from tamper.attacker import Image, rechained
from tamper.houses import KEY, House
from trivet.bench import device
from trivet.bench import ledger as bench

SAMPLE = 23  # one alteration in so many


@pytest.fixture(scope="module", params=[0, 3, 5])  # the second with a change of owner
def house(request: pytest.FixtureRequest) -> House:
    return House(request.param)


def test_what_nobody_altered_is_sound(house: House) -> None:
    assert house.verdict(house.image) == house.start_from(house.image) == (0, 0)


def test_every_alteration_is_found_and_the_record_named(house: House) -> None:
    for at, (what, number, image) in enumerate(alterations(house, house.seed)):
        if at % SAMPLE == 0:
            assert house.verdict(image)[0] == number, what


def test_a_start_finds_it_too_says_so_in_the_ledger_and_goes_on(house: House) -> None:
    for at, (what, number, image) in enumerate(alterations(house, house.seed)):
        if at % (8 * SAMPLE) == 0:
            assert house.start_from(image)[0] == number, what


def test_the_attacker_reads_the_format_as_it_is(house: House) -> None:
    """He puts it together again byte for byte; with the appliance's key he could have written it himself."""
    image = Image(house.image)
    assert image.written(image.plain(), made=True) == house.image
    assert image.written(rechained(image.plain()), made=True) == house.image
    assert image.written(rechained(image.plain(), key=KEY), made=True) == house.image
    forged = image.plain()
    last = forged[-1][-1]
    assert last.kind < chain.SUMMARY


def test_the_histories_hold_every_type_of_record_and_old_ones_that_gave_way() -> None:
    kinds = {record.kind for seed in range(8) for _, record in Image(House(seed).image).places}
    assert kinds == set(range(chain.STARTED, chain.SUMMARY + 1))
    assert Image(House(39).image).places[0][1].number > 100


def test_micropython_names_the_same_records() -> None:
    sample = device.python("ledger.py", "sample", "0", "12")
    judged = json.loads(device.micropython("ledger_judge.py", "0", heap="4m", stdin=sample.encode()))
    assert judged == {"named": 12, "failures": []}


def test_a_run_is_sound_only_when_all_was_found_and_named() -> None:
    good = {"alterations": 9, "found": 9, "named": 9, "failures": []}
    assert bench.sound(good)
    assert not bench.sound(good | {"named": 8, "failures": ["history 1, record 2 cut off: found 0, why 0"]})
    assert not bench.sound(good | {"alterations": 0, "found": 0, "named": 0})
