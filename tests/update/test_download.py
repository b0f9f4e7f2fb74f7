"""Pieces of a payload in any order, any number of times, wrong ones among them: the window holds what it should, or it
is not whole; and the words for every state, reason and gate are there in both languages."""

import hashlib

from appliance.update import gates, kept, told, why
from appliance.update.download import PIECE, WINDOW, Download
from hypothesis import given
from hypothesis import strategies as st
from trivet_wire import cbor, ids

DATA = hashlib.shake_256(b"payload").digest(3 * WINDOW + 777)
START = hashlib.sha256(DATA).digest()[:8]


def download(at: int = 0) -> Download:
    return Download(START, len(DATA), bytearray(WINDOW), at)


@given(st.randoms(use_true_random=False), st.integers(0, 3))
def test_pieces_in_any_order_and_twice_fill_the_window_once(chance: object, window: int) -> None:
    made = download(window * WINDOW)
    places = list(range(made.at, made.at + made.goal, PIECE)) * 2
    chance.shuffle(places)  # type: ignore[attr-defined]
    taken = 0
    for at in places:
        end = min(at + PIECE, made.at + made.goal)
        taken += made.block(cbor.encode([START, at, DATA[at:end]]))
    assert taken == len(places) // 2
    assert made.whole()
    assert bytes(made.room[: made.goal]) == DATA[made.at : made.at + made.goal]


@given(st.binary(max_size=500))
def test_garbage_is_passed_over(data: bytes) -> None:
    made = download()
    assert not made.block(data)
    assert made.filled == 0


@given(st.integers(0, len(DATA)), st.integers(0, 500), st.binary(min_size=8, max_size=8))
def test_what_is_of_another_payload_place_or_length_is_passed_over(offset: int, length: int, start: bytes) -> None:
    made = download(WINDOW)
    fits = WINDOW <= offset < 2 * WINDOW and (offset - WINDOW) % PIECE == 0 and length == PIECE
    piece = bytes(length)
    assert made.piece(START, offset, piece) == fits
    assert not download(WINDOW).piece(start, offset, piece) or start == START


def test_what_is_missing_is_the_first_gap() -> None:
    made = download()
    assert made.missing() == (0, WINDOW)
    made.piece(START, PIECE, DATA[PIECE : 2 * PIECE])
    assert made.missing() == (0, PIECE)
    made.piece(START, 0, DATA[:PIECE])
    assert made.missing() == (2 * PIECE, WINDOW - 2 * PIECE)


def test_every_state_gate_and_reason_has_words_in_both_languages() -> None:
    row = kept.fresh()
    row[kept.VERSION] = "1.2.0"
    for language in ("en", "de"):
        seen = set()
        for state in range(1, len(ids.UPDATE_STATES)):
            row[kept.STATE] = state
            seen.add(told.words(ids.W_RELEASE, row, 0, 0, language))
        for wait in range(gates.ASK, gates.UNKNOWN + 1):
            seen.add(told.words(ids.W_RELEASE, row, wait, 60, language))
        assert len(seen) == len(ids.UPDATE_STATES) - 1 + gates.UNKNOWN
        for reason in (
            ids.R_SIGNATURE,
            ids.R_EXPIRED,
            ids.R_CLOCK,
            ids.R_FULL,
            *range(ids.R_VENDOR, ids.R_WITHDRAWN + 1),
        ):
            words = why.why(reason, language)
            assert words.endswith(f" ({reason})")
            assert words != why.why(ids.R_FIELD, language).replace(str(ids.R_FIELD), str(reason))
    assert told.words(ids.W_RELEASE, row, gates.HOT, 60, "en") == "Update 1.2.0 waits until it is below 60 °C"
    assert why.why(ids.R_BASE, "en") == "it needs another base firmware (39)"
    assert why.why(ids.R_WITHDRAWN, "en") == "its vendor took it back (50)"
