"""`trivet code`: what was read over the phone is explained, or refused with the codes that it was most likely to be."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from click.testing import Result
from trivet.cli import app
from trivet.technician import exits, known, qr
from trivet.technician.known import Meaning, UnknownCodeError
from typer.testing import CliRunner

BOARDS = known.shelf()
CODES = sorted({code.code for board in BOARDS for code in board.codes})
CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. ßſ"


def trivet(*words: str) -> Result:
    return CliRunner().invoke(app, ["code", *words])


def single_errors(code: str) -> Iterator[str]:
    """Every code with one character wrong."""
    for place in range(len(code)):
        yield from (code[:place] + other + code[place + 1 :] for other in CHARACTERS if other != code[place])


def swaps(code: str) -> Iterator[str]:
    """Every code with two neighbours swapped; the dash is no character that anybody says."""
    plain = code.replace("-", "")
    for text in (code, plain):
        for at in range(len(text) - 1):
            if text[at] != text[at + 1]:
                yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def test_every_code_of_every_board_is_explained_with_and_without_dash_in_any_case() -> None:
    assert len(CODES) > 60
    for code in CODES:
        for said in (code, code.lower(), code.replace("-", ""), f" {code} "):
            assert {one.code.code for one in known.explain(said, BOARDS)} == {code}


def test_every_single_wrong_character_of_every_code_of_the_boards_is_caught() -> None:
    caught = 0
    for code in CODES:
        for wrong in single_errors(code):
            with pytest.raises(UnknownCodeError):
                known.explain(wrong, BOARDS)
            caught += 1
    assert caught == len(CODES) * 6 * (len(CHARACTERS) - 1)


def test_every_swap_of_neighbours_of_every_code_of_the_boards_is_caught() -> None:
    for code in CODES:
        for wrong in swaps(code):
            with pytest.raises(UnknownCodeError):
                known.explain(wrong, BOARDS)


def test_what_was_meant_is_among_the_three_that_are_offered() -> None:
    """Of every seventh code that is one character off, and of all swaps, how often the right one stands in the list."""
    there = [Meaning(board, code) for board in BOARDS for code in board.codes]
    tried = right = 0
    for code in CODES:
        for wrong in (*list(single_errors(code))[::7], *swaps(code)):
            offered = [one.code.code for one in known.near(wrong, there)]
            assert len(set(offered)) <= known.MOST
            tried += 1
            right += code in offered
    assert right / tried > 0.9


def test_a_code_read_wrongly_is_refused_and_the_nearest_offered_that_looks_or_sounds_alike() -> None:
    done = trivet("HO7-1K")
    assert done.exit_code == exits.USAGE
    assert done.stdout == ""
    assert done.stderr.splitlines()[1:3] == [
        "Nearest codes:",
        "  H07-1K  Oven too hot (Oven TO-60)",
    ]


def test_a_sound_code_that_no_board_has_is_said_to_be_one() -> None:
    done = trivet("Z99-9M")
    assert done.exit_code == exits.USAGE
    assert "a sound code, but none of dishwasher, oven, washer" in done.stderr
    assert "Nearest" not in done.stderr


def test_what_a_code_means_stands_there_for_people_and_programs_in_both_languages() -> None:
    said = trivet("h011r", "--board", "oven")
    assert said.exit_code == exits.DONE
    for text in ("H01-1R", "Upper element does not heat", "EL-1600", "1. Isolate the appliance", "Top heat"):
        assert text in said.stdout
    german = trivet("H01-1R", "--board", "oven", "--language", "de", "--json")
    (meaning,) = json.loads(german.stdout)["meanings"]
    assert meaning["title"] == "Oberhitze heizt nicht"
    assert meaning["causes"][0]["part"] == "EL-1600"
    assert sum(cause["share"] for cause in meaning["causes"]) == pytest.approx(1, abs=0.01)
    falsch = trivet("H01-1K", "--language", "de")
    assert "der Prüfbuchstabe passt nicht" in falsch.stderr


def test_several_boards_may_have_a_code_and_each_is_explained() -> None:
    found = json.loads(trivet("H01-1R", "--json").stdout)["meanings"]
    assert [one["board"] for one in found] == ["dishwasher", "oven", "washer"]


def test_a_maker_s_own_board_is_known_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["new", "kettle"]).exit_code == 0
    (code, *_) = known.shelf([tmp_path / "kettle"])[0].codes
    found = json.loads(trivet(code.code, "--board", str(tmp_path / "kettle"), "--json").stdout)["meanings"]
    assert [one["board"] for one in found] == ["kettle"]


def test_the_qr_code_on_the_screen_is_the_one_of_the_code() -> None:
    drawn = qr.lines("H07-1K")
    modules = []
    for line in drawn:
        for half in (0, 1):
            modules.append([int({" ": "11", "▄": "10", "▀": "01", "█": "00"}[one][half]) for one in line])
    size = len(modules[0])
    expected = [list(row) for row in segno.make_qr("H07-1K", error="m", boost_error=False).matrix_iter(border=4)]
    assert [[bool(one) for one in row] for row in modules[:size]] == [[bool(one) for one in row] for row in expected]
    assert drawn[0] in trivet("H07-1K", "--qr").stdout


@pytest.mark.parametrize("name", ["code.svg", "code.png"])
def test_the_qr_code_is_written_as_a_file(tmp_path: Path, name: str) -> None:
    done = trivet("H07-1K", "--qr", str(tmp_path / name))
    assert done.exit_code == exits.DONE
    assert (tmp_path / name).read_bytes().lstrip()[:5] in (b"<?xml", b"<svg ", b"\x89PNG\r")


def test_a_file_of_another_kind_or_in_no_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert "is written as .svg or .png" in trivet("H07-1K", "--qr", "code.pdf").stderr
    assert trivet("H07-1K", "--qr", str(tmp_path / "none" / "code.svg")).exit_code == exits.USAGE
    assert "one code at a time" in trivet("H07-1K", "H01-1R").stderr
    assert "not 'fr'" in trivet("H07-1K", "--language", "fr").stderr
