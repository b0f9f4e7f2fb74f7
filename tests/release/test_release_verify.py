"""`trivet release verify` looks at everything: whatever file of a folder is altered, missing or exchanged is found by
name; what it cannot look at, it says."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from release_kit import TODAY
from trivet.cli import app
from trivet.release import ReleaseError, check, delta, folder, manifest
from trivet.release.build import Order, build
from typer.testing import CliRunner


@pytest.fixture
def second(oven: Path, release: folder.Release, tmp_path: Path) -> folder.Release:
    """A release after `release`, with a delta from it and a note."""
    note = tmp_path / "news.md"
    note.write_text("Lüfter läuft nach.")
    drivers = oven / "drivers.py"
    drivers.write_text(drivers.read_text().replace("DOOR_MS = 2_000", "DOOR_MS = 3_000"))
    order = Order(version="1.1.0", earlier=(release.path,), notes={"de": note}, today=TODAY)
    return build(oven, order, tmp_path / "r2")


def wrong(release: folder.Release) -> dict[str, str]:
    """What is found wrong, by what it is."""
    opened = folder.Release(release.path)
    return {one.what: one.words for one in check.look(opened) if one.good is False}


def test_a_good_release_is_good_in_every_part(second: folder.Release) -> None:
    found = {one.what: one for one in check.look(second)}
    assert list(found) == [
        *("manifest", "bundle", "bundle, chunks", "bundle, files"),
        *("bundle, delta from 1.0.0", "SBOM", "note (de)"),
    ]
    assert all(one.good for one in found.values())
    assert "% of the image; leads to it" in found["bundle, delta from 1.0.0"].words


def flipped(name: str) -> Callable[[folder.Release], None]:
    def change(release: folder.Release) -> None:
        data = bytearray((release.path / name).read_bytes())
        data[len(data) // 2] ^= 0x20
        (release.path / name).write_bytes(data)

    return change


def missing(name: str) -> Callable[[folder.Release], None]:
    return lambda release: (release.path / name).unlink()


def reindexed(**changes: object) -> Callable[[folder.Release], None]:
    def change(release: folder.Release) -> None:
        changed = {**msgspec.to_builtins(release.index), **changes}
        (release.path / folder.FILE).write_text(json.dumps(changed))

    return change


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (flipped("bundle.tvb"), "bundle"),
        (missing("bundle.tvb"), "bundle"),
        (flipped("delta-1.0.0-bundle.patch"), "bundle, delta from 1.0.0"),
        (missing("delta-1.0.0-bundle.patch"), "bundle, delta from 1.0.0"),
        (flipped("sbom.cdx.json"), "SBOM"),
        (missing("sbom.cdx.json"), "SBOM"),
        (flipped("note.de.md"), "note (de)"),
        (missing("note.de.md"), "note (de)"),
        (flipped("release.suit"), "manifest"),
        (missing("release.suit"), "manifest"),
        (reindexed(version="9.9"), "manifest"),
        (reindexed(sequence=9), "manifest"),
        (reindexed(kind="security"), "manifest"),
        (reindexed(model="TO-61"), "manifest"),
        (reindexed(vendor="other.example"), "manifest"),
        (reindexed(payloads={}), "bundle"),
        (reindexed(sbom="../r1/sbom.cdx.json"), "SBOM"),
        (reindexed(envelope="/etc/hostname"), "manifest"),
    ],
)
def test_what_was_changed_is_found(second: folder.Release, change: Callable[[folder.Release], None], what: str) -> None:
    change(second)
    assert what in wrong(second)


def test_a_delta_whose_start_is_not_at_hand_is_said_to_be_untried(
    second: folder.Release, release: folder.Release, tmp_path: Path
) -> None:
    away = tmp_path / "elsewhere" / "r1"
    away.parent.mkdir()
    shutil.move(release.path, away)
    run = CliRunner().invoke
    told = run(app, ["release", "verify", str(second.path)])
    assert told.exit_code == 0
    assert "open  bundle, delta from 1.0.0" in told.stdout
    assert "name its folder by" in told.stdout
    found = run(app, ["release", "verify", str(second.path), "--earlier", str(away), "--json"])
    assert all(one["good"] for one in json.loads(found.stdout.splitlines()[-1])["checks"])


def test_a_delta_that_leads_elsewhere_is_found(second: folder.Release, release: folder.Release) -> None:
    """One that is signed, by a builder gone wrong: its digest fits, its image does not."""
    patch = delta.make(release.read("bundle.tvb"), second.read("bundle.tvb")[:-1] + b"?")
    digest = hashlib.sha256(patch).digest()
    said = manifest.read(second.envelope().manifest)
    (one,) = said.components
    row = replace(one.deltas[0], size=len(patch), digest=digest, uri=f"sha256/{digest.hex()}")
    encoded = manifest.encode(replace(said, components=(replace(one, deltas=(row,)),)))
    second.replace("release.suit", replace(second.envelope(), manifest=encoded).encode())
    second.replace(second.index.deltas[0].file, patch)
    reindexed(payloads={one.digest.hex(): "bundle.tvb", digest.hex(): second.index.deltas[0].file})(second)
    assert wrong(second) == {f"bundle, delta from {row.old.hex()[:16]}": "leads to another image: build it again"}


def test_a_delta_that_would_lead_elsewhere_is_not_built(
    oven: Path, release: folder.Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = delta.make
    monkeypatch.setattr(delta, "make", lambda old, new: true(old, new[:-1] + b"?"))
    drivers = oven / "drivers.py"
    drivers.write_text(drivers.read_text().replace("DOOR_MS = 2_000", "DOOR_MS = 3_000"))
    with pytest.raises(ReleaseError, match="does not lead to the new bundle"):
        build(oven, Order(version="1.1.0", earlier=(release.path,)), tmp_path / "r2")
    assert not (tmp_path / "r2").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 2}'])
def test_a_folder_whose_index_is_damaged_says_so_in_one_line(release: folder.Release, text: str) -> None:
    (release.path / folder.FILE).write_text(text)
    told = CliRunner().invoke(app, ["release", "verify", str(release.path)])
    assert told.exit_code == 1
    assert len(told.stderr.strip().splitlines()) == 1
    assert "release.json" in told.stderr
