"""The fuzzer finds what it is for: a parser that crashes, hangs, believes too much or keeps memory. And it finds none
of that in ours.
"""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trivet.bench import Options, fuzz
from trivet.bench.fuzzing import loop, tree
from trivet.bench.fuzzing.loop import Loop, State, Target
from trivet.bench.fuzzing.mutate import LONGEST, mutated
from trivet_wire import cbor

SEED = cbor.encode([1, {2: b"bytes", 3: cbor.encode([4, "text"])}, None])
KEPT: list[bytes] = []


class Refused(Exception):
    """What the parsers here raise on purpose."""


def fuzzed(run: Callable[[bytes], bool], inputs: int = 3000) -> State:
    made = Loop([Target("parser", run, (Refused,), [SEED])], ("test_fuzz",), 1)
    made.run(60, inputs, lambda _text: None)
    return made.states[0]


def sound(data: bytes) -> bool:
    if data[:1] != SEED[:1]:
        raise Refused
    return False


def crashing(data: bytes) -> bool:
    """Only what keeps to the structure gets there, a step after the other."""
    try:
        items = cbor.decode(data)
    except ValueError:
        raise Refused from None
    if isinstance(items, list) and len(items) > 2:
        if items[0] == 2:
            if isinstance(items[1], dict) and 2 not in items[1]:
                raise KeyError(2)
            raise Refused
        raise Refused
    raise Refused


def hanging(data: bytes) -> bool:
    while len(data) == len(SEED) + 1:
        pass
    return False


def believing(data: bytes) -> bool:
    return data[-1:] == b"\xf5"


def keeping(data: bytes) -> bool:
    KEPT.append(data + b"!")
    return False


def test_a_sound_parser_has_nothing_found() -> None:
    state = fuzzed(sound)
    assert (state.crashes, state.hangs, state.accepted, state.found) == (0, 0, 0, [])
    assert state.inputs >= 3000
    assert 0 < state.refused < state.inputs
    assert state.growth < loop.TIMES
    assert len(state.lines) == 3


def test_a_crash_behind_several_steps_is_found_and_can_be_repeated() -> None:
    state = fuzzed(crashing, 12_000)
    assert state.crashes
    found = state.found[0]
    assert (found["what"], found["case"].split(":")[0]) == ("crash", "parser")
    with pytest.raises(KeyError):
        crashing(bytes.fromhex(found["case"].split(":")[1]))
    assert "KeyError: 2" in found["words"]


def test_a_hang_is_ended_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "HANG_S", 0.01)
    state = fuzzed(hanging, 200)
    assert state.hangs
    assert state.found[0]["what"] == "hang"
    assert state.crashes == 0


def test_what_is_believed_without_a_signature_is_counted() -> None:
    state = fuzzed(believing)
    assert state.accepted
    assert bytes.fromhex(state.found[0]["case"].split(":")[1]).endswith(b"\xf5")


def test_memory_that_stays_is_seen() -> None:
    assert fuzzed(keeping, 200).growth >= loop.TIMES
    KEPT.clear()


def test_changes_repeat_with_the_same_chance_and_stay_within_their_size() -> None:
    one, other = random.Random(5), random.Random(5)
    data = SEED
    for _ in range(2000):
        made = mutated(data, [SEED, b""], one)
        assert made == mutated(data, [SEED, b""], other)
        assert len(made) <= LONGEST
        data = made or SEED


@given(st.recursive(st.integers(-(2**64), 2**64 - 1) | st.binary() | st.text() | st.none(), st.lists))
def test_canonical_cbor_is_put_together_as_it_was(value: object) -> None:
    try:
        data = cbor.encode(value)
    except ValueError:
        return
    taken = tree.parse(data)
    assert taken is not None
    assert taken.encode() == data


def test_an_unknown_target_says_which_there_are() -> None:
    with pytest.raises(SystemExit, match="manifest, message or console"):
        fuzz.run(Options(target="serial", n=1))


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_nothing_is_found_in_what_reads_untrusted_bytes(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = fuzz.run(Options(n=2000, target=target, say=lambda _text: None))
    assert fuzz.sound(result), result
    assert (result["crashes"], result["hangs"], result["accepted"]) == (0, 0, 0)
    assert result["inputs"] >= 2000
    fuzz.show(result)
    shown = capsys.readouterr().out
    assert all(name in shown for name in result["targets"])
    assert not fuzz.sound({**result, "accepted": 1})
    assert not fuzz.sound({**result, "growth_blocks": 1e3})


def test_one_case_is_run_again() -> None:
    result = fuzz.run(Options(replay="appliance-manifest:80"))
    assert result == {"case": "refused: WireError: reason 40"}
    assert fuzz.sound(result)
    assert "These exist" in fuzz.run(Options(replay="nobody:80"))["case"]
