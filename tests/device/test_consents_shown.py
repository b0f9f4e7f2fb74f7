"""What a person at the appliance is told of their decisions, in CPython and in MicroPython."""

from appliance.service import consents
from appliance.trust import chain
from appliance.trust.ledger import CUT_OFF
from runner import run
from test_ledger import House
from trivet_wire import ids

NOON = 1764072000  # 2025-11-25 12:00 UTC


class Gate:
    def __init__(self, mask):
        self.mask = mask

    def allows(self, purpose):
        return bool(self.mask >> purpose & 1)


def shown(gate, ledger, language="en"):
    return [line[1] for line in consents.show(gate, ledger, language) if line is not None]


def decide(house, seq, purpose, granted, channel=0, text=0):
    assert house.ledger.note(chain.DECIDED, seq, purpose, granted, channel, text)


def test_a_new_appliance_was_never_asked():
    assert shown(Gate(1), House().ledger) == [
        "Safety: always, the law asks for it",
        "Service: no, never decided",
        "Better products: no, never decided",
        "For you: no, never decided",
        "Offers: no, never decided",
    ]


def test_each_purpose_says_since_when_where_and_on_which_text():
    house = House()
    house.clock.wall = NOON
    decide(house, 1, ids.SERVICE, 1, 2, 0xCD66BC92)
    house.clock.wall = NOON + 3661
    decide(house, 2, ids.IMPROVE, 1, 0, 0x1A)
    house.clock.wall = 0
    decide(house, 3, ids.IMPROVE, 0, 1)
    house.start()
    lines = shown(Gate(0b011), house.ledger)
    assert lines[1] == "Service: yes, since 2025-11-25 12:00 UTC, in the account, text cd66bc92"
    assert lines[2] == "Better products: no, at an unknown time, at the service port, no text"


def test_in_german_too():
    house = House()
    house.clock.wall = NOON
    decide(house, 1, ids.SERVICE, 1, 0, 0xCD66BC92)
    lines = shown(Gate(0b011), house.ledger, "de")
    assert lines[0] == "Sicherheit: immer, das Gesetz verlangt es"
    assert lines[1] == "Kundendienst: ja, seit 2025-11-25 12:00 UTC, am Gerät, Text cd66bc92"
    assert lines[4] == "Angebote: nein, nie entschieden"


def test_without_a_ledger_it_says_what_holds_and_no_more():
    assert shown(Gate(0b011), None)[1] == "Service: yes, decided before the log begins"
    house = House()
    house.ledger.log = None
    assert shown(Gate(0b001), house.ledger)[1] == "Service: no, decided before the log begins"


def test_a_decision_that_gave_way_to_newer_records_is_not_made_up():
    house = House()
    decide(house, 1, ids.SERVICE, 1, 0, 5)
    seq = 0
    while not house.ledger.end[CUT_OFF]:
        seq += 1
        house.send(seq)
        assert seq < 5000
    assert shown(Gate(0b011), house.ledger)[1] == "Service: yes, decided before the log begins"
    assert shown(Gate(0b001), house.ledger)[2] == "Better products: no, decided before the log begins"


def test_a_ledger_that_says_otherwise_is_said_loudly():
    house = House()
    house.clock.wall = NOON
    decide(house, 1, ids.SERVICE, 0)
    assert shown(Gate(0b011), house.ledger)[1].endswith(". THE LOG SAYS OTHERWISE")


def test_dates_are_those_of_the_calendar():
    for wall, text in (
        (0, "1970-01-01 00:00 UTC"),
        (951782399, "2000-02-28 23:59 UTC"),
        (951782400, "2000-02-29 00:00 UTC"),
        (1709164800, "2024-02-29 00:00 UTC"),
        (1767225599, "2025-12-31 23:59 UTC"),
        (4102444800, "2100-01-01 00:00 UTC"),
        (4294967295, "2106-02-07 06:28 UTC"),
    ):
        assert consents.when(wall) == text


if __name__ == "__main__":
    run(globals())
