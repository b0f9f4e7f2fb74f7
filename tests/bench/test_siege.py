"""The siege finds what it is for: an appliance that lets somebody in, hangs, garbles an answer or keeps memory. And it
finds none of that in ours.
"""

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from trivet import boards, paths
from trivet.bench import Options, console, fuzz
from trivet.bench.fuzzing.port import GUARDED, LONG, Sender
from trivet.bench.fuzzing.siege import Siege

LINES = 700
TERMINAL = "service/terminal.py"
CONSOLE = "service/console.py"


def besieged(lines: int = LINES) -> dict:
    return console.run(Options(n=lines, say=lambda _text: None))


def test_nothing_is_found_at_our_service_port(capsys: pytest.CaptureFixture[str]) -> None:
    result = besieged()
    assert console.sound(result), result
    assert result["lines"] >= LINES
    assert result["noise_bytes"] > 1000
    assert (result["grants_given"], result["accepted"], result["crashes"], result["hangs"]) == (0, 0, 0, 0)
    console.show(result)
    assert "Grants given: 0" in capsys.readouterr().out


def test_the_fuzzer_s_target_is_the_same_port() -> None:
    result = fuzz.run(Options(n=200, target="console", say=lambda _text: None))
    assert fuzz.sound(result), result
    assert result["inputs"] >= 200


def test_one_input_is_played_again() -> None:
    said = fuzz.run(Options(replay="console:" + b"@1 stop\n".hex()))["case"]
    assert said == '{"@":"1","done":1}\n'


def test_the_sender_sends_all_that_it_names_and_the_same_again() -> None:
    kinds: Counter[str] = Counter()
    sender, again = Sender(random.Random(5)), Sender(random.Random(5))
    for _ in range(3000):
        one = sender.next()
        assert one == again.next()
        kinds[one.kind] += 1
        if one.kind == "long":
            assert len(one.data) > LONG
        if one.kind == "guarded":
            assert one.data.startswith(b"@" + GUARDED.encode())
    assert set(kinds) == {"said", "changed", "guarded", "credential", "random", "noise", "pulled", "long"}


# What is wrong with an appliance: file, text, what stands there instead, the figure that tells.
SPOILT = {
    "no grant is asked for": (CONSOLE, "    if needs not in roles:\n", "    if needs:\n", "accepted"),
    "nobody need be there": (
        CONSOLE,
        "return 0 if talk.app.present() else",
        "return 0 if talk.app.boot else",
        "accepted",
    ),
    "a line of noise is an exception": (
        TERMINAL,
        "        except UnicodeError:\n",
        "        except KeyError:\n",
        "crashes",
    ),
    "a line that ends a stream is forgotten, and so is all after it": (
        TERMINAL,
        "        self._held = False\n        self._complete()\n",
        "",
        "hangs",
    ),
    "answers run into each other": (TERMINAL, '[1:] + "\\n"', "[1:]", "garbled"),
    "a crash is no crash": (
        TERMINAL,
        "        self._fresh()\n\n    def _words",
        "        assert not wrong\n\n    def _words",
        "crashes",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_wrong_with_a_port_is_found(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, text, instead, figure = SPOILT[what]
    firmware = tmp_path / "firmware"
    shutil.copytree(paths.firmware(), firmware)
    spoilt = firmware / "appliance" / file
    source = spoilt.read_text(encoding="utf-8")
    assert source.count(text) == 1
    spoilt.write_text(source.replace(text, instead), encoding="utf-8")
    monkeypatch.setattr(paths, "firmware", lambda: firmware)
    seen = Siege(boards.load("oven"), 3).run(250, 15, lambda _text: None)
    assert getattr(seen, figure) > 0
    assert seen.found
