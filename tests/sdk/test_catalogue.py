"""What an event or a code means, read from a board's own catalogue."""

import pytest
from trivet import boards
from trivet.catalogue import Catalogue
from trivet.errors import CatalogueError
from trivet_wire import code


@pytest.fixture(scope="module")
def oven() -> Catalogue:
    board = boards.load("oven")
    return Catalogue(boards.packed_catalogue(board), boards.rich(board))


def test_every_event_has_a_code_that_leads_back_and_texts_in_two_languages(oven: Catalogue) -> None:
    assert oven.packed.events >= 20
    for event in range(oven.packed.events):
        assert oven.event(oven.code(event).lower()) == event
        assert oven.code(event) == oven.packed.text(event)
        assert oven.text(event, "de")["title"]
        assert oven.text(event, "fi") == oven.text(event, "en")
        weights = [cause.weight for cause in oven.causes(event)]
        assert weights == sorted(weights, reverse=True)


def test_a_misread_code_and_a_foreign_code_are_told_apart(oven: Catalogue) -> None:
    right = oven.code(0)
    wrong = right[:-1] + next(letter for letter in code.LETTERS if letter != right[-1])
    with pytest.raises(code.CodeError):
        oven.event(wrong)
    foreign = next(number for number in range(code.COUNT) if oven.packed.find(number) < 0)
    with pytest.raises(CatalogueError):
        oven.event(code.code_text(foreign))


def test_events_beyond_the_catalogue_are_refused(oven: Catalogue) -> None:
    for event in (-1, oven.packed.events):
        with pytest.raises(CatalogueError):
            oven.row(event)


def test_sides_that_do_not_belong_together_are_refused() -> None:
    board = boards.load("oven")
    packed, rich = boards.packed_catalogue(board), boards.rich(board)
    rich["codes"][0]["code"] = code.code_text(code.COUNT - 1)
    for one, other in ((packed, rich), (packed[:-1], boards.rich(board)), (packed, {}), (b"", boards.rich(board))):
        with pytest.raises(CatalogueError):
            Catalogue(one, other)
