"""`trivet demo update`, as somebody types it: both stories come to the end they must."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def test_the_good_update_is_installed_and_the_broken_one_taken_back() -> None:
    words = [sys.executable, "-m", "trivet.cli", "demo", "update", "--headless", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ok"] is True
    good, broken = told["stories"]
    assert (good["version"], good["state"], good["signed"]) == ("1.1.0", "confirmed", True)
    assert good["waited_s"] > 0
    assert good["waits"]
    assert (broken["version"], broken["state"], broken["reason"]) == ("1.2.0", "rolled back", 46)
    assert 0 < broken["fetched"] < broken["full"]
    assert not any(story["started_while_baking"] for story in told["stories"])
