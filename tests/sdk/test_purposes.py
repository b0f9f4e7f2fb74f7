"""Every message kind, every field, every signal and every code of every board belongs to exactly one purpose."""

import tomllib
from typing import Any

import pytest
from trivet import boards, models
from trivet.boards.pack import pack
from trivet.consent import purposes
from trivet_wire import cbor, ids
from trivet_wire.catalogue import Catalogue

UP = {kind for kind in ids.KIND_NAMES if kind < ids.ACK}
WITHOUT_BODY = {ids.SETUP_STEP, ids.FEEDBACK}  # numbers kept for later
FROM_DATA = {purposes.BY_EVENT, purposes.BY_EVENTS, purposes.BY_SIGNALS}
NAMES = boards.available()


def toml(name: str, file: str) -> dict[str, Any]:
    return tomllib.loads((boards.load(name).folder / file).read_text(encoding="utf-8"))


def test_every_kind_that_goes_up_has_a_purpose() -> None:
    assert set(ids.KIND_PURPOSE) == UP
    assert all(0 <= purpose < len(ids.PURPOSE_NAMES) for purpose in ids.KIND_PURPOSE.values())


def test_every_field_of_every_body_has_one_use_and_no_use_is_of_nothing() -> None:
    assert set(purposes.FIELDS) == set(models.BODIES) == UP - WITHOUT_BODY
    for kind, body in models.BODIES.items():
        assert sorted(purposes.FIELDS[kind]) == sorted(body.__struct_fields__), ids.KIND_NAMES[kind]
    assert list(purposes.HEAD) == list(models.Head.__struct_fields__)


@pytest.mark.parametrize("kind", sorted(purposes.FIELDS), ids=lambda kind: ids.KIND_NAMES[kind])
def test_a_field_is_for_its_message_s_purpose_or_for_its_own_data_s(kind: int) -> None:
    for name, use in purposes.FIELDS[kind].items():
        assert use.purpose in {ids.KIND_PURPOSE[kind], *FROM_DATA}, name
        assert (use.purpose in FROM_DATA) == (kind == ids.FAULT or name in {"verdicts", "frames", "measured"}), name
        assert bool(use.why) == (use.purpose == ids.SAFETY), (
            f"{name}: what goes unasked says why, nothing else needs to"
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_signal_of_a_board_says_its_purpose_and_the_appliance_has_it(name: str) -> None:
    rows = toml(name, "board.toml")["signal"]
    assert all(row.get("purpose") in ids.PURPOSE_NAMES for row in rows), [row for row in rows if "purpose" not in row]
    board = boards.load(name)
    said = [ids.PURPOSE_NAMES.index(row["purpose"]) for row in rows]
    assert [signal.purpose for signal in board.signals] == said
    packed = cbor.decode(pack(board)["board.cbor"], 1 << 20)
    assert bytes(said) in packed, "the packed board has them in the order of signals"


@pytest.mark.parametrize("name", NAMES)
def test_every_code_has_one_purpose_and_safety_is_for_hazards_alone(name: str) -> None:
    board = boards.load(name)
    rows = toml(name, "catalogue.toml")["code"]
    catalogue = Catalogue(pack(board)["catalogue.bin"])
    assert catalogue.events == len(rows) == len(board.codes)
    for event, row in enumerate(rows):
        assert (catalogue.purpose(event) == ids.SAFETY) == bool(row.get("hazard")), row["event"]
        assert catalogue.purpose(event) == board.codes[event].purpose
