"""What the reporter owes: every fault reaches the spool, also when the journal was not ready for it at first."""

from pathlib import Path

import spoilt
from trivet.sim.consent import consent_line
from trivet.sim.world import World

# From 655 s to 700 s the journal opens no group, as while it waits for a sector to be erased.
BUSY = """
from appliance.store.journal import Journal

begin = Journal.begin


class Busy:
    now = 0


def slow(self):
    return False if 655_000 <= Busy.now <= 700_000 else begin(self)


Journal.begin = slow


class Application:"""


def test_a_fault_found_while_the_journal_is_busy_is_told_when_it_is_ready(tmp_path: Path) -> None:
    noting = spoilt.TICK + "\n        Busy.now = now"
    board = spoilt.oven(tmp_path, ("class Application:", BUSY), (spoilt.TICK, noting))
    with World(board, faults=[("element_top_open", 600)]) as world:
        world.say(consent_line("service", True))
        world.run_until(699)
        assert [e.kind for e in world.events if e.kind == "fault"], "it is found in that time"
        assert "fault" not in [e.data["kind"] for e in world.events if e.kind == "queued"]
        world.run_until(705)
        told = [e.data["kind"] for e in world.events if e.kind == "queued"]
        assert told.count("fault") == told.count("evidence") == 1
