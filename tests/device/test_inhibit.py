"""Functions are quarantined by their events' status, and safe before anything is known."""

from appliance.faults.inhibit import NONE, UNKNOWN, Inhibit
from runner import run
from trivet_wire.ids import (
    INHIBIT_CONFIRMED,
    INHIBIT_LAST_FAILED,
    INHIBIT_NOT_TESTED,
    INHIBIT_TESTED_AND_FAILED,
)

# (mask, status, inhibited): bit 0 last failed, bit 3 confirmed, bit 6 not tested this cycle
CASES = (
    (INHIBIT_LAST_FAILED, 0x50, False),
    (INHIBIT_LAST_FAILED, 0x27, True),
    (INHIBIT_LAST_FAILED, 0x65, True),
    (INHIBIT_LAST_FAILED, 0x2E, False),
    (INHIBIT_CONFIRMED, 0x27, False),
    (INHIBIT_CONFIRMED, 0x2F, True),
    (INHIBIT_CONFIRMED, 0x2E, True),
    (INHIBIT_CONFIRMED, 0x50, False),
    (INHIBIT_NOT_TESTED, 0x50, True),
    (INHIBIT_NOT_TESTED, 0x40, True),
    (INHIBIT_NOT_TESTED, 0x00, False),
    (INHIBIT_NOT_TESTED, 0x2F, False),
    (INHIBIT_TESTED_AND_FAILED, 0x27, True),
    (INHIBIT_TESTED_AND_FAILED, 0x65, False),
    (INHIBIT_TESTED_AND_FAILED, 0x50, False),
    (INHIBIT_TESTED_AND_FAILED, 0x26, False),
)


def test_masks():
    for mask, status, inhibited in CASES:
        inhibit = Inhibit(b"\x00", bytes((0, 0, mask)))
        inhibit.update(bytearray([status]))
        assert inhibit.allowed(0) != inhibited, (mask, status)
        assert inhibit.why(0) == (0 if inhibited else NONE)


def test_every_status_byte_by_the_rule_in_words():
    for status in range(256):
        for mask in range(4):
            inhibit = Inhibit(b"\x00", bytes((0, 0, mask)))
            inhibit.update(bytearray([status]))
            expected = (
                bool(status & 1),
                bool(status & 8),
                bool(status & 64),
                bool(status & 1) and not status & 64,
            )[mask]
            assert inhibit.allowed(0) != expected


def test_before_initialisation_hazardous_functions_are_denied():
    inhibit = Inhibit(b"\x01\x00\x01", b"")
    assert [inhibit.allowed(f) for f in range(3)] == [False, True, False]
    assert [inhibit.why(f) for f in range(3)] == [UNKNOWN, NONE, UNKNOWN]
    inhibit.update(bytearray(4))
    assert [inhibit.allowed(f) for f in range(3)] == [True, True, True]


def test_after_an_internal_error_too():
    inhibit = Inhibit(b"\x01\x00", bytes((1, 3, 0)))
    inhibit.update(bytearray([0, 0, 0, 1]))
    assert inhibit.mask == 0b10
    inhibit.fail()
    assert inhibit.mask == 0b01
    inhibit.update(bytearray(2))  # a row without its status byte
    assert inhibit.mask == 0b01


def test_several_events_one_function_and_back():
    inhibit = Inhibit(b"\x00\x00", bytes((0, 0, 0, 0, 1, 1, 1, 1, 0)))
    inhibit.update(bytearray([0x00, 0x09]))
    assert inhibit.mask == 0b11 and inhibit.why(0) == 1
    inhibit.update(bytearray([0x01, 0x00]))
    assert inhibit.mask == 0b01 and inhibit.why(0) == 0 and inhibit.why(1) == NONE
    inhibit.update(bytearray(2))
    assert inhibit.mask == 0


def test_rows_are_checked():
    for hazardous, rows in (
        (b"\x00", b"\x01\x00\x00"),
        (b"\x00", b"\x00\x00\x04"),
        (b"\x00", b"\x00\x00"),
        (bytes(31), b""),
    ):
        try:
            Inhibit(hazardous, rows)
        except ValueError:
            continue
        raise AssertionError(rows)


run(globals()) if __name__ == "__main__" else None
