"""Random lives of the real firmware with every byte on its line heard; each guard, taken away, is missed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from appliance.faults.history import History
from appliance.outbox import report
from appliance.outbox.consent import Consent
from appliance.outbox.report import Reporter
from appliance.outbox.sealer import Sealer
from appliance.outbox.spool import Spool
from appliance.outbox.uplink import Uplink
from trivet.bench import Options, tap
from wiretap import machine
from wiretap.line import SLOW

DECIDE, FAULT = "decide", "fault"


def test_nothing_leaves_the_house_unasked_in_lives_that_hypothesis_makes() -> None:
    figures = machine.Figures()
    machine.explore(8, 11, figures)
    assert figures.broken == "", figures.failing
    assert figures.steps > 300


@pytest.mark.parametrize("seed", range(2))
def test_nothing_leaves_the_house_unasked_in_long_lives(seed: int) -> None:
    figures = machine.Figures()
    machine.drive(960, seed, figures)
    assert figures.broken == "", figures.failing
    assert figures.captured_bytes > 10_000
    assert figures.cuts > 5
    assert {1, 2, 4, 5, 9, 12, 15} <= set(figures.kinds), "too little was said for a judgement"


def no_needs(self: Sealer, kind: int, purpose: int, writer: Any, confirmed: bool = False, needs: int = 0) -> bool:
    return QUEUE(self, kind, purpose, writer, confirmed)


QUEUE, READ = Sealer.queue, Consent._read
Guard = tuple[str, Any, str, Any, list[list[Any]], str]

# What guards, where it stands, what stands there without it; a life that needs it, and what the tap then says.
GUARDS: list[Guard] = [
    (
        "the rest of a half-sent message is cut off",
        *(Uplink, "consented", lambda self, mask: None),
        [[DECIDE, 1, 1], ["settle"], ["line", SLOW], [FAULT, 1, 1], ["run", 1], ["run", 1], [DECIDE, 1, 0], ["run", 2]],
        "purpose 1 is not granted",
    ),
    (
        "a withdrawal empties the queue in flash",
        *(Spool, "sweep", lambda self: None),
        [[DECIDE, 1, 1], ["line", 0], ["crash"], ["run", 2], [DECIDE, 1, 0]],
        "waits without purposes [1]",
    ),
    (
        "a withdrawal empties the queue in RAM",
        *(Spool, "withdraw", lambda self, mask: 0),
        [["line", 0], [DECIDE, 1, 1], [FAULT, 1, 1], ["run", 4], [DECIDE, 1, 0]],
        "waits without purposes [1]",
    ),
    (
        "what was sampled under a no is in no frame after a yes",
        *(History, "forget", lambda self: None),
        [[DECIDE, 1, 1], ["run", 25], [DECIDE, 3, 1], [FAULT, 1, 1], ["settle"]],
        "sampled without purpose 3",
    ),
    (
        "a frame captured under a no stays in the house",
        *(Reporter, "_covers", lambda self, purpose, mask, decision: self._consent.allows(purpose)),
        [[FAULT, 3, 1], ["run", 25], [DECIDE, 1, 1], [DECIDE, 3, 1], ["settle"]],
        "sampled without purpose 1",
    ),
    (
        "a frame captured before a withdrawal is not sent after the next yes",
        *(Reporter, "_covers", lambda self, purpose, mask, decision: bool(self._consent.mask & mask & 1 << purpose)),
        [[DECIDE, 1, 1], [FAULT, 1, 1], ["settle"], [DECIDE, 1, 0], [DECIDE, 1, 1], ["run", 25]],
        "purpose 1 withdrawn since tick",
    ),
    (
        "operation cycles are counted from the grant",
        *(Reporter, "cycles", lambda self, purpose, count: count),
        [["program", 1], ["run", 2], ["program", 0], ["run", 2], [DECIDE, 2, 1], ["late"], ["settle"]],
        "cycles 1, of which 0 since the grant",
    ),
    (
        "occurrences are counted from the grant",
        *(Reporter, "_occurrence", lambda self, event: self._manager.state.occurrence[event]),
        [[FAULT, 1, 1], ["run", 2], [FAULT, 1, 0], ["run", 2], [FAULT, 1, 1], ["run", 2], [DECIDE, 1, 1], ["settle"]],
        "occurrence 2, of which 1 since the grant",
    ),
    (
        "evidence goes with every purpose that a part of it needs",
        *(Sealer, "queue", no_needs),
        [["receipts", 0], [DECIDE, 1, 1], [DECIDE, 3, 1], [FAULT, 1, 1], ["run", 8], [DECIDE, 3, 0]],
        "waits without purposes [3]",
    ),
    (
        "evidence holds no verdict of another purpose",
        *(Reporter, "_verdicts_for", lambda self, own: self._manager.verdicts(self._verdicts)),
        [[FAULT, 1, 1], [DECIDE, 1, 1], ["settle"]],
        "purpose 2 is not granted",
    ),
    (
        "one rotten copy of a decision changes nothing",
        *(Consent, "_read", lambda self, key: READ(self, 0)),
        [[DECIDE, 1, 1], ["settle"], [DECIDE, 1, 0], ["rot", 0, 32], ["rot", 0, 32]],  # kept, then told
        "after a start decision 1 mask 3, not 2 1",
    ),
    (
        "a withdrawal outlives a flash that refuses it",
        *(Consent, "_read_beside", lambda self: None),
        [[DECIDE, 3, 1], ["settle"], ["refuse", 8, 0], [DECIDE, 3, 0], ["restart", 1]],
        "after a start decision 1 mask 9, not 2 1",
    ),
    (
        "after a new grant a fault is told again",
        *(report, "_AGAIN", 0),
        [["line", 0], [DECIDE, 3, 1], [FAULT, 3, 1], ["run", 2], [DECIDE, 3, 0], [DECIDE, 3, 1], ["settle"]],
        "the cloud knows event 3 as 0x0",
    ),
]


@pytest.mark.parametrize(
    ("owner", "name", "without", "steps", "said"), [g[1:] for g in GUARDS], ids=[g[0] for g in GUARDS]
)
def test_a_guard_that_is_taken_away_is_missed(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, without: Callable[..., Any], steps: list[Any], said: str
) -> None:
    assert machine.replay(steps)[1] == ""
    monkeypatch.setattr(owner, name, without)
    house, broken = machine.replay(steps)
    heard = [one for found in house.judge.findings.values() for one in found]
    assert any(said in one for one in [broken, *heard]), broken


def test_what_hypothesis_finds_is_shortened_and_what_is_printed_replays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reporter, "_verdicts_for", lambda self, own: self._manager.verdicts(self._verdicts))
    figures = machine.Figures()
    machine.explore(60, 1, figures)
    assert 0 < len(figures.failing) < 6
    assert "Broken" in figures.broken
    again = json.loads(json.dumps(figures.failing))
    assert machine.replay(again)[1] == figures.broken


def test_the_bench_counts_judges_and_replays() -> None:
    progress: list[str] = []
    result = tap.run(Options(n=1800, seed=4, say=progress.append))
    assert progress
    assert tap.sound(result), result
    assert result["steps"] >= 1800
    for key in tap.FINDINGS:
        assert not tap.sound({**result, key: 1})
    assert not tap.sound({**result, "broken": "Broken: something"})
    steps = json.dumps([[DECIDE, 1, 1], [FAULT, 1, 1], ["settle"]])
    said = tap.run(Options(replay=steps))["replay"]
    assert "decisions: [1, 3]" in said
    assert "nothing is wrong with it" in said
