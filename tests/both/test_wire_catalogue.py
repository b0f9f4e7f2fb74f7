"""The packed catalogue: every field comes back from every row, and reading allocates nothing."""

from runner import allocates_nothing, refused, run
from trivet_wire import catalogue, code, ids

ROWS = [
    catalogue.row(
        (7919 * event) % code.COUNT,
        event % 4,
        1 + event % 5,
        event % 8,
        event % 5,
        event % 3,
        event % 7,
        (event * 3) % 256,
        255 - event % 256,
        (event % 32, 31),
        event % 2,
    )
    for event in range(300)
]
PACKED = catalogue.pack(ROWS)


def test_every_field_of_every_row() -> None:
    c = catalogue.Catalogue(memoryview(PACKED))
    assert c.events == 300
    for e in range(300):
        assert c.code(e) == (7919 * e) % code.COUNT and c.find(c.code(e)) == e
        assert (c.ne107(e), c.severity(e), c.purpose(e)) == (e % 4, 1 + e % 5, e % 5)
        assert (c.hazard(e), c.immediate(e), c.warning(e)) == (e % 8 & 1 == 1, e % 8 & 2 == 2, e % 8 & 4 == 4)
        assert (c.confirm(e), c.heal(e), c.aging(e)) == (e % 3, e % 7, (e * 3) % 256)
        assert (c.priority(e), c.cycle(e)) == (255 - e % 256, e % 2)
        for signal in range(32):
            assert c.freezes(e, signal) == (signal in (e % 32, 31))
    assert c.text(0) == code.code_text(0)


def test_codes_that_no_event_has_are_not_found() -> None:
    c = catalogue.Catalogue(PACKED)
    have = {c.code(e) for e in range(c.events)}
    for number in range(0, code.COUNT, 31):
        assert (c.find(number) >= 0) == (number in have)


def test_reading_allocates_nothing() -> None:
    c = catalogue.Catalogue(memoryview(PACKED))

    def read() -> None:
        c.code(299)
        c.severity(299)
        c.hazard(299)
        c.purpose(299)
        c.freezes(299, 31)
        c.find(7919)

    assert allocates_nothing(read)


def test_an_event_without_a_row_is_a_mistake_of_the_caller() -> None:
    for event in (-1, 300):
        try:
            catalogue.Catalogue(PACKED).code(event)
        except IndexError:
            continue
        raise AssertionError(event)


def test_what_is_no_catalogue_is_refused() -> None:
    for data in (b"", PACKED[:-1], PACKED + b"\x00", b"X" + PACKED[1:], PACKED[:6] + b"\x11" + PACKED[7:]):
        refused(ids.R_CATALOGUE, catalogue.Catalogue, data)
    assert catalogue.Catalogue(catalogue.pack([])).find(0) == -1


def test_rows_out_of_range_are_refused() -> None:
    for bad in (
        lambda: catalogue.row(code.COUNT, 0, 1, 0, 0),
        lambda: catalogue.row(0, 4, 1, 0, 0),
        lambda: catalogue.row(0, 0, 0, 0, 0),
        lambda: catalogue.row(0, 0, 1, 8, 0),
        lambda: catalogue.row(0, 0, 1, 0, 5),
        lambda: catalogue.row(0, 0, 1, 0, 0, 256),
        lambda: catalogue.row(0, 0, 1, 0, 0, freeze=(32,)),
        lambda: catalogue.pack([ROWS[0], ROWS[0]]),
    ):
        try:
            bad()
        except ValueError:
            continue
        raise AssertionError("accepted")


def test_id_is_the_head_of_the_digest() -> None:
    assert catalogue.catalogue_id(b"abc") == 0xBA7816BF  # FIPS 180-4, example of SHA-256


run(globals()) if __name__ == "__main__" else None
