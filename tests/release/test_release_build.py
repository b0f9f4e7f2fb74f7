"""`trivet release build`: the same input gives the same bytes; what it is asked for stands in the manifest; what cannot
be is said, and nothing is written."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from release_kit import TODAY
from trivet import boards
from trivet.release import ReleaseError, bundle, check, folder, manifest
from trivet.release.build import DAY, Order, build
from trivet.sim import umqtt
from typer.testing import CliRunner

START = TODAY - TODAY % DAY


def files(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.iterdir()}


def commands(sequence: list[Any]) -> Iterator[tuple[int, Any]]:
    yield from zip(sequence[::2], sequence[1::2], strict=True)


def test_the_same_board_and_words_give_the_same_bytes(oven: Path, tmp_path: Path) -> None:
    note = tmp_path / "news.md"
    note.write_text("Heizt gleichmäßiger.")
    order = Order(version="1.0.0", security=True, expires_days=90, notes={"de": note}, today=TODAY)
    first = build(oven, order, tmp_path / "a")
    build(oven, Order(**{**order.__dict__, "today": TODAY + 3600}), tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert set(files(first.path)) == {"release.json", "release.suit", "bundle.tvb", "sbom.cdx.json", "note.de.md"}


def test_an_independent_reader_finds_everything_in_the_manifest(oven: Path, tmp_path: Path) -> None:
    note = tmp_path / "news.md"
    note.write_text("Bakes more evenly.")
    order = Order(
        version="2.1",
        sequence=7,
        security=True,
        deadline_days=3,
        expires_days=30,
        needs_base=">=1.2",
        notes={"en": note},
        vendor="maker.example",
        today=TODAY,
    )
    made = build(oven, order, tmp_path / "r")
    envelope = cbor2.loads(made.read("release.suit"))
    assert envelope.tag == 107
    members = cbor2.loads(envelope.value[3])
    image = made.read("bundle.tvb")
    digest = hashlib.sha256(cbor2.dumps(envelope.value[3])).digest()
    assert cbor2.loads(cbor2.loads(envelope.value[2])[0]) == [-16, digest]
    assert (members[1], members[2], members[-2]) == (1, 7, "2.1")
    assert members[-1] == [-16, hashlib.sha256(made.read("sbom.cdx.json")).digest()]
    assert members[23] == [-16, hashlib.sha256(cbor2.dumps(envelope.value[23])).digest()]
    assert cbor2.loads(envelope.value[23]) == {"en": {2: "Bakes more evenly."}}
    common = cbor2.loads(members[3])
    assert common[2] == [[b"bundle"]]
    shared = list(commands(cbor2.loads(common[4])))
    assert [number for number, _ in shared] == [12, 20, 1, 2, 4, 27, 28]
    vendor = uuid.uuid5(uuid.NAMESPACE_DNS, "maker.example")
    parameters = shared[1][1]
    assert (parameters[1], parameters[2]) == (vendor.bytes, uuid.uuid5(vendor, "TO-60").bytes)
    assert cbor2.loads(parameters[3]) == [-16, hashlib.sha256(image).digest()]
    assert (parameters[14], parameters[27]) == (len(image), 0)
    assert cbor2.loads(parameters[28]) == [2, [1, 2]]
    assert (parameters[4], parameters[-2]) == (START + 30 * DAY, START + 3 * DAY)
    install = list(commands(cbor2.loads(members[20])))
    assert [number for number, _ in install] == [12, 20, 21, 3]
    source = install[1][1]
    assert source[21] == f"sha256/{hashlib.sha256(image).hexdigest()}"
    chunk, digests = source[-1]
    pieces = [image[at : at + chunk] for at in range(0, len(image), chunk)]
    assert chunk % 4096 == 0
    assert digests == b"".join(hashlib.sha256(piece).digest()[:16] for piece in pieces)
    assert list(commands(cbor2.loads(members[7]))) == [(12, 0), (3, 15)]


def test_a_bundle_has_the_boards_data_and_drivers_that_know_no_constant_of_the_firmware(
    release: folder.Release,
) -> None:
    found = bundle.read(release.read("bundle.tvb"))
    assert set(found) == {"drivers.mpy", "inputs.mpy", *(f"board/{name}" for name in boards.pack(boards.load("oven")))}
    assert {"board/board.cbor", "board/catalogue.bin", "board/pins.cbor", "board/texts_de.bin"} < set(found)
    assert b"trivet_wire" not in found["drivers.mpy"]
    assert found["drivers.mpy"].startswith(b"M\x06")


def test_drivers_that_take_more_of_the_firmware_are_refused_with_their_line(oven: Path, tmp_path: Path) -> None:
    drivers = oven / "drivers.py"
    drivers.write_text("from trivet_wire.cbor import encode\n" + drivers.read_text())
    with pytest.raises(ReleaseError, match=r"drivers\.py, line 1: drivers in a bundle may take integers"):
        build(oven, Order(version="1"), tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_a_delta_leads_to_the_image_and_is_small(oven: Path, release: folder.Release, tmp_path: Path) -> None:
    drivers = oven / "drivers.py"
    drivers.write_text(drivers.read_text().replace("DOOR_MS = 2_000", "DOOR_MS = 3_000"))
    second = build(oven, Order(version="1.1.0", earlier=(release.path,), today=TODAY), tmp_path / "r2")
    assert second.index.sequence == release.index.sequence + 1
    (row,) = second.index.deltas
    assert row.file == "delta-1.0.0-bundle.patch"
    assert len(second.read(row.file)) < 0.05 * len(second.read("bundle.tvb"))
    (one,) = manifest.read(second.envelope().manifest).components
    assert one.deltas[0].old == hashlib.sha256(release.read("bundle.tvb")).digest()
    assert all(finding.good for finding in check.look(second))


def test_a_bundle_whose_base_lacks_a_monitor_kind_is_refused(oven: Path, tmp_path: Path) -> None:
    """A base carries the kinds that its board used then: another one would not start there, and go back."""
    first = build(oven, Order(version="1", base="sim", today=TODAY), tmp_path / "r1")
    assert {"rate", "share", "range"} < set(first.index.base_kinds)
    second = build(oven, Order(version="2", earlier=(first.path,), today=TODAY), tmp_path / "r2")
    assert second.index.base_kinds == first.index.base_kinds
    index = json.loads((second.path / "release.json").read_text())
    index["base_kinds"].remove("rate")  # as if the board had had no such monitor then
    (second.path / "release.json").write_text(json.dumps(index))
    with pytest.raises(ReleaseError, match="uses the monitor kind rate, which the base of 2 does not have: bring a"):
        build(oven, Order(version="3", earlier=(first.path, second.path), today=TODAY), tmp_path / "r3")
    assert not (tmp_path / "r3").exists()
    whole = build(oven, Order(version="3", base="sim", earlier=(second.path,), today=TODAY), tmp_path / "r3")
    assert "rate" in whole.index.base_kinds


def test_a_sequence_that_would_be_refused_is_refused_here(release: folder.Release, oven: Path, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="Give --sequence 2 or more"):
        build(oven, Order(version="1.1", sequence=1, earlier=(release.path,)), tmp_path / "r2")


def test_a_base_image_from_a_file_comes_first_and_says_what_it_is(oven: Path, tmp_path: Path) -> None:
    image = tmp_path / "micropython.bin"
    described = b"\x32\x54\xcd\xab" + bytes(12) + b"v1.29.0".ljust(32, b"\0") + b"micropython".ljust(32, b"\0")
    image.write_bytes(b"\xe9" + bytes(31) + described + bytes(32) + b"v5.4".ljust(32, b"\0") + bytes(300_000))
    made = build(oven, Order(version="3", base=str(image), needs_base=">2"), tmp_path / "r")
    said = manifest.read(made.envelope().manifest)
    assert [one.name for one in said.components] == ["base", "bundle"]
    assert said.components[0].chunk == 8192
    assert said.base == (1, (2,))
    (part,) = [one for one in json.loads(made.read("sbom.cdx.json"))["components"] if one["type"] == "firmware"]
    assert (part["name"], part["version"]) == ("micropython", "v1.29.0")
    assert {"name": "trivet:esp-idf", "value": "v5.4"} in part["properties"]


def test_the_simulators_image_can_be_the_base_and_its_modules_stand_in_the_sbom(oven: Path, tmp_path: Path) -> None:
    made = build(oven, Order(version="3", base="sim", bundle=False), tmp_path / "r")
    assert [one.name for one in manifest.read(made.envelope().manifest).components] == ["base"]
    bill = made.read("sbom.cdx.json").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    parts = {one["name"]: one for one in json.loads(bill)["components"]}
    assert {"MicroPython", "micropython-umqtt.simple", "appliance/app.py", "trivet_wire/cbor.py"} <= set(parts)
    assert all(one["hashes"] for name, one in parts.items() if name.endswith(".py"))
    assert "timestamp" not in json.loads(bill)["metadata"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--version", "1 0"], "is no version"),
        (["--version", "1", "--vendor", "Maker GmbH"], "is no internet domain"),
        (["--version", "1", "--security", "--expires-days", "9"], "expires before its deadline"),
        (["--version", "1", "--no-bundle"], "base image, a bundle or both"),
        (["--version", "1", "--base", "missing.bin"], "cannot be read"),
        (["--version", "1", "--note", "news.md"], "write a language and a file"),
        (["--version", "1", "--note", "Deutsch!=news.md"], "no language tag"),
        (["--version", "1", "--needs-base", "1.2"], "write a comparison and a number"),
        (["--version", "1", "--feature", "--deadline-days", "3"], "waits for its owner's yes"),
        (["--version", "1", "--delta-from", "nowhere"], "is no release folder"),
    ],
)
def test_what_cannot_be_built_says_why_and_writes_nothing(words: list[str], problem: str, tmp_path: Path) -> None:
    from trivet.cli import app

    done = CliRunner().invoke(app, ["release", "build", "oven", "--out", str(tmp_path / "r"), *words])
    assert done.exit_code == 1
    assert problem in done.output
    assert not list(tmp_path.iterdir())


def test_a_folder_with_something_in_it_is_left_alone(release: folder.Release, oven: Path) -> None:
    before = files(release.path)
    with pytest.raises(ReleaseError, match="is not empty"):
        build(oven, Order(version="2.0.0"), release.path)
    assert files(release.path) == before


def test_a_note_that_does_not_fit_with_its_signatures_is_refused(oven: Path, tmp_path: Path) -> None:
    note = tmp_path / "news.md"
    note.write_text("x" * 6000)
    with pytest.raises(ReleaseError, match="bytes too long: shorter notes"):
        build(oven, Order(version="1", notes={"en": note}), tmp_path / "r")


SHOW = "import sys; from trivet.cli import app; app(sys.argv[1:])"


@pytest.mark.slow
def test_another_machine_builds_the_same_bytes(oven: Path, tmp_path: Path) -> None:
    """Another process, other hash seeds, nothing cached but umqtt; an expiry, which counts from a day that is given."""
    made = []
    for seed in ("1", "2"):
        caches = tmp_path / f"cache{seed}"
        shutil.copytree(umqtt.package().parents[1], caches / "trivet" / "umqtt")
        board = shutil.copytree(oven, tmp_path / f"checkout{seed}" / "oven")
        out = tmp_path / f"r{seed}"
        words = ["release", "build", str(board), "--version", "1", "--base", "sim", "--expires-days", "30"]
        own = {"PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(caches), "SOURCE_DATE_EPOCH": str(TODAY)}
        command = [sys.executable, "-c", SHOW, *words, "--out", str(out)]
        subprocess.run(command, env={**os.environ, **own}, check=True, capture_output=True)
        assert (caches / "trivet" / "rom").is_dir()
        made.append(files(out))
    assert made[0] == made[1]
    assert len(made[0]["base.img"]) > 100_000
