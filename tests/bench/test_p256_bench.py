"""The bench of the signature measures what it says, each operation once. How fast a machine is, nobody asserts; the
heap that an operation needs does not depend on the machine, and is a promise.
"""

import pytest
from trivet.bench import Options, p256

# 64-bit words here: twice what a chip needs. Verifying with a key's comb within 2.3 KiB of heap there.
WORDS = 2
LARGEST = {"verify_fixed": 2300, "sign": 2300, "public": 2300, "verify": 4100, "shared": 4100}


def quiet(_text: str) -> None: ...


@pytest.fixture(scope="module")
def result() -> dict[str, int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(p256.shutil, "which", lambda _name: None)
        return p256.run(Options(n=2, say=quiet))


def test_every_figure_is_there_and_the_run_is_sound(result: dict[str, int]) -> None:
    assert {"verify_us", "sign_us", "verify_peak", "sign_peak", "cpython_verify_us"} <= result.keys()
    assert p256.sound(result)
    assert result["verify_instructions"] is None


def test_the_heap_that_an_operation_needs_is_small(result: dict[str, int]) -> None:
    for name, bytes_on_a_chip in LARGEST.items():
        assert result[f"{name}_peak"] <= WORDS * bytes_on_a_chip, name


def test_a_comb_makes_verifying_cost_less_heap(result: dict[str, int]) -> None:
    assert result["verify_fixed_peak"] < result["verify_peak"]


def test_it_is_shown_in_a_table(result: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    p256.show(result)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["verify", "verify_fixed", "sign", "public", "shared", "comb"]


def test_missing_figures_are_not_sound() -> None:
    assert not p256.sound({"verify_us": 0, "sign_us": 1})
