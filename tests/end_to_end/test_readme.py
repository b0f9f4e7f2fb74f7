"""What the README says of releases is true: each of its commands, in its order, as somebody new types them, against a
cloud that `trivet serve` runs; and the oven takes what was offered."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trivet
from trivet import paths

README = Path(__file__).parents[2] / "README.md"
TRIVET = [sys.executable, "-m", "trivet.cli"]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(map(str, (paths.firmware(), Path(trivet.__file__).parents[1]))),
    "COLUMNS": "200",
}


def commands(heading: str, level: str = "###") -> list[list[str]]:
    """The words of every `trivet …` in the section below a heading."""
    text = README.read_text(encoding="utf-8")
    section = text[text.index(f"\n{level} {heading}\n") :]
    section = section[: section.index("\n##", 5)]
    lines = [line for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]
    split = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in split if words and Path(words[0]).name == "trivet"]


def run(folder: Path, words: list[str], timeout: float = 300) -> str:
    done = subprocess.run(
        [*TRIVET, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"trivet {shlex.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


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
