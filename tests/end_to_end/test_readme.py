"""What the README says of releases and of the bench is true: each of its commands, in its order, as somebody new types
them: against a cloud that `trivet serve` runs, and the oven takes what was offered; at simulated boards.
"""

import fcntl
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trivet
from trivet import paths
from trivet.technician import exits

sys.path.append(str(Path(__file__).parents[1] / "technician"))
from bench_kit import appliance, port, technician

README = Path(__file__).parents[2] / "README.md"
TRIVET = [sys.executable, "-m", "trivet.cli"]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(map(str, (paths.firmware(), Path(trivet.__file__).parents[1]))),
    "COLUMNS": "200",
}


def section(heading: str, level: str = "###") -> str:
    text = README.read_text(encoding="utf-8")
    text = text[text.index(f"\n{level} {heading}\n") :]
    return text[: text.index("\n##", 5)]


def commands(heading: str, level: str = "###") -> list[list[str]]:
    """The words of every `trivet …` in the section below a heading."""
    blocks = re.findall(r"```sh\n(.*?)```", section(heading, level), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    split = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in split if words and Path(words[0]).name == "trivet"]


def run(folder: Path, words: list[str], timeout: float = 300, code: int = 0, **more: str) -> str:
    """What it says; `more`: of its environment."""
    environment = {**ENVIRONMENT, **more}
    done = subprocess.run(
        [*TRIVET, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == code, f"trivet {shlex.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Somebody's folder, in which a cloud is served on any free ports."""
    serving = [*TRIVET, *next(one for one in commands("You run the vendor's cloud", "##") if one[0] == "serve")]
    ports = ["--http-port", "0", "--mqtt-port", "0", "--nats-port", "0"]
    with (tmp_path / "serve.log").open("w") as log:
        process = subprocess.Popen([*serving, *ports], cwd=tmp_path, env=ENVIRONMENT, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 90
            while "Ctrl-C ends it" not in (tmp_path / "serve.log").read_text():
                assert process.poll() is None, (tmp_path / "serve.log").read_text()
                assert time.monotonic() < until
                time.sleep(0.2)
            yield tmp_path
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.slow
def test_a_release_from_its_keys_to_an_oven_that_tries_it(folder: Path) -> None:
    said: dict[str, str] = {}
    for words in commands("What you send them later"):
        said[" ".join(words[1:3])] = run(folder, words)
    assert "Set 1: a release needs 2 of 2 signatures" in said["keys init"]
    assert "Ready to publish: 2 of 2 signatures" in said["sign r101"]
    assert "Everything that was checked is good" in said["verify r101"]
    assert "version (Trivet): 1.0.1" in said["inspect r101"]

    [provisioned] = [one for one in commands("You run the vendor's cloud", "##") if one[0] == "provision"]
    device = re.search(r"Device id +([0-9a-f]{16})", run(folder, provisioned))
    assert device is not None
    heard = []
    for words in commands("Updates"):
        heard.append(run(folder, [device[1] if word == "DEVICE-ID" else word for word in words]))
    published, offered, lived, shown, rotated, keys = heard
    assert "Published TO-60 1.0.1, number 2, security release" in published
    assert "1.0.1      queued" in offered
    assert "update 1.0.1 on trial" in lived
    assert re.search(r"1\.0\.1 +on trial.*signed report", shown)
    assert "next.keys leads appliances from set 1 to 2" in rotated
    assert re.search(r"keys 2 +queued", keys)


# What is said to each command at the bench, in the README's order.
AT_THE_BENCH = (
    ("H07-1K  Oven too hot", "HAZARD"),
    ("Backofen zu heiß", "GEFAHR"),
    ("code.svg",),
    ("Nearest codes:", "H07-1K"),
    ("H01-1R", "ACTIVE", "Upper element does not heat"),
    ("Isolate the appliance", "EL-1600", "Heater current"),
    ("Mains voltage", "V"),
    ("heap",),
    ("top_element", "Convection fan"),
)
_MISREAD = "HO7-1K"


def test_whoever_reads_a_code_or_plugs_an_appliance_in_is_told_what_the_readme_says(tmp_path: Path) -> None:
    typed = [words for words in commands("At the bench") if words[0] != "technician"]
    assert len(typed) == len(AT_THE_BENCH)
    for words, texts in zip(typed, AT_THE_BENCH, strict=True):
        said = run(tmp_path, words, code=exits.USAGE if _MISREAD in words else exits.DONE)
        assert all(text in said for text in texts), said
    assert (tmp_path / "code.svg").read_bytes().startswith(b"<?xml")


def test_all_of_that_stands_on_one_page(tmp_path: Path) -> None:
    [words] = [words for words in commands("At the bench") if words[0] == "technician"]
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = {**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    with subprocess.Popen(
        [*TRIVET, *words], cwd=tmp_path, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as page:
        seen, until, asked = b"", time.monotonic() + 90, False
        while page.poll() is None:
            assert time.monotonic() < until, seen[-2000:]
            if select.select([screen], [], [], 0.2)[0]:
                seen += os.read(screen, 65536)
            if not asked and b"H01-1R" in seen and b"EL-1600" in seen:
                asked = os.write(screen, b"q") == 1
        assert (asked, page.returncode) == (True, exits.DONE)
    os.close(terminal)
    os.close(screen)


def test_what_takes_a_technician_s_file_is_done_with_one(tmp_path: Path) -> None:
    typed = re.findall(r"`trivet ((?:test|clear|fix) [^`]+)`", section("At the bench"))
    assert [words.split()[0] for words in typed] == ["test", "clear", "fix"]
    file = technician(tmp_path / "ada.json")
    with port(appliance(tmp_path / "oven"), ",from=5,set=start_s=1000000") as oven:
        for words in typed:
            at = [*shlex.split(words), "--port", str(oven.path)]
            run(tmp_path, at, code=exits.NO_GRANT)
            run(tmp_path, at, TRIVET_CREDENTIAL=str(file))


def test_mpremote_works_at_a_simulated_board_that_is_unlocked(tmp_path: Path) -> None:
    text = section("At the bench")
    [words] = re.findall(r"`trivet (plug [^`]+)`", text)
    [script] = re.findall(r"`mpremote connect \S+ ([^`]+)`", text)
    with subprocess.Popen([*TRIVET, *shlex.split(words)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as board:
        try:
            assert board.stdout is not None
            path = board.stdout.readline().strip()
            command = [sys.executable, "-m", "mpremote", "connect", path, *shlex.split(script)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
        finally:
            board.terminate()
