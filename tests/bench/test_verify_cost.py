"""What judging an update costs is measured inside a board's image. The heap that it needs is a promise."""

import pytest
from trivet.bench import Options, verify_cost

WORDS = 2  # 64-bit words here: twice what a chip needs
LARGEST = {"esp256": 4100, "esp256_comb": 2300, "lms_w4": 1000, "sha256_256k": 300, "release": 6000}


@pytest.fixture(scope="module")
def result() -> dict[str, int]:
    return verify_cost.run(Options(n=2, say=lambda _text: None))


def test_every_figure_is_there_and_the_run_is_sound(result: dict[str, int]) -> None:
    assert {"verify_esp256_us", "verify_lms_w4_us", "verify_sha256_256k_us", "verify_release_peak"} <= result.keys()
    assert verify_cost.sound(result)
    assert not verify_cost.sound({**result, "verify_lms_w4_us": 0})


def test_the_heap_that_judging_needs_is_small(result: dict[str, int]) -> None:
    for name, bytes_on_a_chip in LARGEST.items():
        assert result[f"verify_{name}_peak"] <= WORDS * bytes_on_a_chip, name


def test_it_is_shown_in_a_table(result: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    verify_cost.show(result)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(verify_cost.NAMES)
    assert all(line.endswith(" B") for line in lines[1:])
