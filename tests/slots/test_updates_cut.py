"""The power goes before, in the middle of and after flash operations of whole updates, and the appliance is always on
the old or the new version. A sample of what `tools/bench updates` does in full."""

import json
import re
import shutil
from pathlib import Path

import pytest
import upy
from trivet.bench import updates, updates_cases

EVERY = 29  # operation, but for the short cases
ENDS = {name: "new" if case.outcome == "good" else "old" for name, case in updates_cases.CASES.items()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return updates_cases.prepare(tmp_path_factory.mktemp("updates"))


@pytest.mark.parametrize("name", updates_cases.CASES)
def test_an_update_that_loses_its_power_ends_on_the_old_or_the_new_version(folders: dict[str, Path], name: str) -> None:
    sample = 3 if name in ("keys", "base") else EVERY
    figures = updates.Bench(folders, sample, seed=3).cut(name)
    assert figures["failures"] == []
    assert figures["clean"] == ENDS[name]
    assert figures["cuts"] == figures["new"] + figures["old"] > 30
    assert figures["torn"] > figures["cuts"] // 2
    assert figures["twice"] > 0
    assert figures[ENDS[name]] == figures["cuts"]  # no cut is held against a version


def test_a_cut_is_repeated_by_its_name(folders: dict[str, Path]) -> None:
    said = updates.Bench(folders, 1, seed=3).replay("keys@12.3")
    assert re.search(r"operation 12: (erase|program \d+ bytes) in (fs|journal) at \d+", said)
    assert "cut in way 3: new" in said


def test_no_buffer_of_an_update_is_larger_than_a_sector(folders: dict[str, Path]) -> None:
    assert updates.Bench(folders, 1, seed=3).buffers() <= 4096


def test_a_commit_in_the_wrong_order_is_found(folders: dict[str, Path], tmp_path: Path) -> None:
    wrong = tmp_path / "firmware"
    shutil.copytree(upy.FIRMWARE, wrong)
    joint = wrong / "appliance" / "update" / "joint.py"
    record = "    write(files, record)\n"
    base = "    if base != slots.running:\n        slots.set_boot(base)\n"
    source = joint.read_text()
    assert record + base in source
    joint.write_text(source.replace(record + base, base + record))
    script = upy.ROOT / "tools" / "device" / "updates.py"
    words = ("cut", str(folders["both"]), "3", "1", "1")
    done = upy.run_micropython(script, *words, heapsize="48m", paths=[wrong], timeout=300)
    assert json.loads(done.stdout)["mixed"] > 0
