"""The bench of the desk's first guess: its draw, what it counts, and a short run over the real firmware with seeds
that no development run used."""

import random

from trivet import boards
from trivet.bench import Options, ranking
from trivet.bench.calibration import expected_error, reliability
from trivet.bench.ranking import Judged, figures
from trivet.bench.ranking_play import Life

HELD_OUT = 7_310_577


def test_a_fifth_of_the_faults_are_lying_sensors() -> None:
    lives = ranking.draw(600, random.Random(5), 5)
    faults = {name: boards.plant(boards.load(name)).FAULTS for name in boards.available()}
    assert sum(bool(faults[life.board][life.fault].lies) for life in lives) == 120
    assert {life.board for life in lives} == set(boards.available())
    assert len({life.seed for life in lives}) == 600


def test_every_fault_of_every_board_has_a_cause_in_the_catalogue() -> None:
    for name in boards.available():
        board = boards.load(name)
        codes = {code.event: code for code in board.codes}
        signals = {signal.name for signal in board.signals}
        for fault, known in boards.plant(board).FAULTS.items():
            causes = {cause.name for cause in codes[known.expected_events[0]].causes}
            assert known.cause in causes, f"{name}/{fault}"
            assert not known.lies or known.lies in signals, f"{name}/{fault}"


def test_the_calibration_error_is_the_weighted_gap_between_stated_and_true() -> None:
    pairs = [(0.95, True)] * 8 + [(0.95, False)] * 2 + [(0.55, True)] * 10
    assert expected_error(pairs) == (10 * 0.15 + 10 * 0.45) / 20
    assert [(row["bin"], row["n"], row["true"]) for row in reliability(pairs)] == [(5, 10, 1.0), (9, 10, 0.8)]
    assert expected_error([]) == 0


def test_what_is_counted() -> None:
    life = Life("oven", "ntc_open", 1)
    rows = [
        Judged(life, "a", "cavity_temp", rank=0, confidence=0.9, step="visit"),
        Judged(life, "a", "", rank=1, confidence=0.5, step="remote_test"),
        Judged(life, "a", "cavity_temp", rank=None, confidence=0.7, step="visit", useless=True),
        Judged(life, "a", "", trouble="no case was opened"),
    ]
    result = figures(rows)
    assert (result["faults"], result["top1"], result["top2"], result["useless_visits"]) == (4, 0.25, 0.5, 1)
    assert result["causes"]["oven/ntc_open"]["runs"] == 4
    assert not ranking.sound(result)


async def test_a_short_run_over_the_real_firmware_is_sound_and_sends_nobody_to_a_lying_sensor() -> None:
    result = await ranking.run(Options(n=15, seed=HELD_OUT, say=lambda _: None))
    assert ranking.sound(result)
    assert (result["faults"], result["lying"], result["useless_visits"]) == (15, 3, 0)
    assert result["top2"] >= 0.8
