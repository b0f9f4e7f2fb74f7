"""Raw readings become scaled integers: tables against the physics they were made from, silence, ranges, outputs."""

from array import array

import pytest
from appliance.sense.board import Board
from appliance.sense.signals import NO_SAMPLE, Signals
from hypothesis import given
from hypothesis import strategies as st
from trivet import boards
from trivet.boards import convert
from trivet.boards.recording import value_of
from trivet_wire.ids import OUT_OF_RANGE, STALE, VALID

OVEN = boards.load("oven")
PACKED = boards.pack(OVEN)["board.cbor"]
CAVITY = OVEN.signal("cavity_temp")


def converted(**readings: int) -> Signals:
    """Signals after one tick in which these inputs had these readings and all others 1000."""
    board = Board(PACKED)
    signals = Signals(board)
    raw = array("i", [1000] * board.n_inputs)
    for name, reading in readings.items():
        raw[OVEN.input(name)] = reading
    signals.convert(raw, 0)
    return signals


@given(st.floats(-20, 350))
def test_an_ntc_is_read_within_half_a_degree_and_its_quantisation(celsius: float) -> None:
    exact = convert.ntc_reading(celsius, 100_000, 3950, 3300, 4095)
    step = abs(convert.ntc_reading(celsius + 0.5, 100_000, 3950, 3300, 4095) - exact) / 0.5
    signals = converted(adc_cavity=round(exact))
    assert abs(signals.values[CAVITY] / 10 - celsius) <= 0.5 + 0.5 / step


@given(st.integers(-5000, 70_000), st.sampled_from(OVEN.signals))
def test_the_appliance_reads_as_the_bench_does(reading: int, signal: boards.Signal) -> None:
    signals = converted(**{OVEN.inputs[signal.input].name: reading})
    expected = value_of(signal, reading)
    assert expected is not None
    assert abs(signals.values[OVEN.signal(signal.name)] - expected * signal.scale) <= 0.5001


@given(st.integers(0, 4094))
def test_a_hotter_sensor_never_reads_colder(reading: int) -> None:
    assert converted(adc_cavity=reading).values[CAVITY] >= converted(adc_cavity=reading + 1).values[CAVITY]


@given(st.lists(st.integers(-100, 4200), min_size=2, max_size=8))
def test_what_a_reading_means_does_not_depend_on_those_before(readings: list[int]) -> None:
    board = Board(PACKED)
    signals = Signals(board)
    for reading in readings:
        signals.convert(array("i", [reading] * board.n_inputs), 0)
    alone = Signals(board)
    alone.convert(array("i", [readings[-1]] * board.n_inputs), 0)
    assert (signals.values, signals.validity) == (alone.values, alone.validity)


def test_a_silent_input_keeps_its_value_and_is_stale() -> None:
    board = Board(PACKED)
    signals = Signals(board)
    raw = array("i", [2000] * board.n_inputs)
    signals.convert(raw, 0)
    before = signals.values[CAVITY]
    raw[OVEN.input("adc_cavity")] = NO_SAMPLE
    signals.convert(raw, 500)
    assert signals.values[CAVITY] == before
    assert signals.validity[CAVITY] == STALE


def test_nothing_is_valid_before_the_first_reading() -> None:
    signals = Signals(Board(PACKED))
    assert set(signals.validity[: len(OVEN.signals)]) == {STALE}


@pytest.mark.parametrize(("reading", "validity"), [(0, OUT_OF_RANGE), (300, VALID), (4095, OUT_OF_RANGE)])
def test_what_no_oven_can_be_is_out_of_range(reading: int, validity: int) -> None:
    assert converted(adc_cavity=reading).validity[CAVITY] == validity


def test_outputs_follow_the_signals_and_are_always_valid() -> None:
    board = Board(PACKED)
    signals = Signals(board)
    signals.follow(array("h", [1, 0, 1, 0, 1]))
    assert list(signals.values[board.n_signals :]) == [1, 0, 1, 0, 1]
    assert set(signals.validity[board.n_signals :]) == {VALID}
