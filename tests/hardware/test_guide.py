"""boards/README.md, "Your first board in fifteen minutes", followed line by line from a fresh folder."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_build_flash import whole

PORTS = ("--http-port", "0", "--mqtt-port", "0", "--nats-port", "0")  # any free ones: others test here too
GUIDE = Path(__file__).resolve().parents[2] / "boards" / "README.md"
_BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
_ADDED = re.compile(r"Add to the end of `([^`]+)`:$")


def blocks() -> Iterator[tuple[str, str, str]]:
    for found in _BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        yield found["before"], found["kind"], found["text"]


class Follower:
    """Does what the guide says, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.serving: subprocess.Popen[bytes] | None = None

    def do(self, before: str, kind: str, text: str) -> None:
        added = _ADDED.search(before)
        if added:
            with (self.folder / added[1]).open("a", encoding="utf-8") as file:
                file.write("\n" + text)
            return
        assert kind == "sh", f"nobody knows what to do with a block of {kind} after {before!r}"
        for line in text.splitlines():
            self.run(shlex.split(line))

    def run(self, words: list[str]) -> None:
        assert words[0] == "trivet"
        command = [sys.executable, "-c", "from trivet.cli import main; main()", *words[1:]]
        if words[1] == "serve":
            self.serving = subprocess.Popen([*command, *PORTS], cwd=self.folder, start_new_session=True)
            self._wait()
            return
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, f"{shlex.join(words)}:\n{done.stdout}{done.stderr}"

    def _wait(self) -> None:
        ends = time.monotonic() + 60
        while not (self.folder / "cloud" / "address.json").exists():
            assert time.monotonic() < ends, "the cloud does not start"
            time.sleep(0.2)

    def close(self) -> None:
        if self.serving is not None:
            os.killpg(self.serving.pid, signal.SIGTERM)
            self.serving.wait(30)


@pytest.mark.slow
def test_the_guide_is_followed_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "ESP32_GENERIC.bin").write_bytes(whole("esp32"))
    follower = Follower(tmp_path)
    try:
        for block in blocks():
            follower.do(*block)
    finally:
        follower.close()
    assert (tmp_path / "build" / "romfs.img").exists()
    assert (tmp_path / "kettle-1.pdf").read_bytes().startswith(b"%PDF-1.4")
