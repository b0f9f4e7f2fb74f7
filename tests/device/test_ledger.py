"""The ledger in use, in CPython and in MicroPython; what alters it is found in `tests/ledger`, cuts in
`tests/powercut`."""

from appliance.store.binary import calcsize
from appliance.store.journal import Journal
from appliance.trust import chain
from appliance.trust.identity import Identity
from appliance.trust.ledger import ANCHOR, FIRST, HEAD_EVERY, NUMBER, TOLD, UNDER_WAY, UNTOLD, WHY, Ledger
from appliance.trust.look import SOUND, Walk, reset, verify
from rig import RamFlash
from runner import run
from trivet_wire import ids
from trivet_wire.envelope import Key

DEVICE = bytes(range(8))


def ledger_key(signing):
    return Identity(DEVICE, 0, Key(bytes(32), DEVICE, 0), [], "oven", signing).ledger_key()


class Clock:
    def __init__(self):
        self.wall = 0
        self.ms = 0

    def wall_s(self):
        return self.wall

    def ticks_ms(self):
        return self.ms


class House:
    """A journal and a ledger on flash of their own; `start()` as often as you like."""

    def __init__(self, signing=b"\x07" * 32):
        self.journal_flash = RamFlash()
        self.flash = RamFlash()
        self.clock = Clock()
        self.key = ledger_key(signing)
        self.start()

    def start(self):
        self.journal = Journal(self.journal_flash)
        self.journal.mount()
        self.ledger = Ledger(self.flash, self.journal, self.key, self.clock)
        self.ledger.load()

    def send(self, seq):
        sent = self.note(seq, bytes([seq & 255] * 8))
        self.idle()
        return sent

    def note(self, seq, digest):
        return self.ledger.note(chain.SENT, ids.FAULT, 1 << ids.SERVICE, 49, 1, seq, 7100, digest)

    def idle(self):
        while self.journal.service() or self.ledger.service():
            pass

    def verdict(self):
        return verify(self.ledger)

    def records(self):
        walk = Walk(self.ledger)
        found = []
        while walk.step() == SOUND:
            found.append((walk.number, walk.kind))
        return found


def test_a_new_ledger_is_sound_and_empty():
    house = House()
    assert (house.ledger.end[NUMBER], house.ledger.h, house.verdict()) == (0, bytes(32), (0, 0))
    assert house.records() == []


def test_every_kind_of_record_is_there_after_a_restart_in_its_order():
    house = House()
    ledger = house.ledger
    assert ledger.note(chain.STARTED, 1, ids.RESET_POWER_ON)
    assert house.send(1)
    assert ledger.note(chain.DECIDED, 1, ids.SERVICE, 1, 0, 0xFFFFFFFF)
    assert ledger.note(chain.COMMAND, ids.C_CLEAR, ids.G_SERVICE, ids.R_GRANT, 0xFFFFFFFF)
    assert ledger.note(chain.CLEARED, 1, ids.G_PRESENT)
    assert ledger.note(chain.ACCESS, 1, 2)
    number, h = ledger.end[NUMBER], ledger.h
    house.start()
    kinds = [kind for _, kind in house.records()]
    assert kinds == [
        chain.SUMMARY,
        chain.STARTED,
        chain.SENT,
        chain.DECIDED,
        chain.COMMAND,
        chain.CLEARED,
        chain.ACCESS,
    ]
    assert (house.ledger.end[NUMBER], house.ledger.h) == (number, h)
    assert house.verdict() == (0, 0)
    assert house.ledger.tally[chain.T_DECISION] == 1


def test_numbers_rise_by_one_for_ever_while_old_records_give_way_to_a_summary_of_them():
    house = House()
    for seq in range(1, 1201):
        house.clock.wall = 1700000000 + seq
        if seq % 150 == 0:
            house.start()
            assert house.ledger.end[FIRST] == 0
        assert house.send(seq)
    records = house.records()
    assert records[0][1] == chain.SUMMARY and records[0][0] > 500
    numbers = [number for number, _ in records]
    assert numbers == list(range(numbers[0], house.ledger.end[NUMBER] + 1))
    assert house.verdict() == (0, 0)
    walk = Walk(house.ledger)
    walk.step()
    kept = sum(1 for _, kind in records if kind == chain.SENT)
    assert walk.tally[chain.T_COUNTS - 1 + chain.SENT] == 1200 - kept
    assert walk.tally[chain.T_FIRST] == 1700000001


def test_a_note_never_erases_and_without_a_clean_sector_it_is_refused_until_idle_time():
    house = House()
    erased = []
    erase = house.flash.erase
    house.flash.erase = lambda sector: (erased.append(sector), erase(sector))
    for seq in range(3000):
        if not house.note(seq, bytes(8)):
            break
        while house.journal.service():
            pass
        assert erased == []
    assert not house.ledger.dead
    number = house.ledger.end[NUMBER]
    house.idle()
    assert erased
    assert house.send(1) and house.ledger.end[NUMBER] > number
    assert house.verdict() == (0, 0)


def test_a_change_of_owner_leaves_a_summary_that_tells_nothing_and_no_old_byte():
    house = House()
    marker = b"\xa5\x5a\x42\x24\x99\x66\x18\x81"
    for seq in range(200):
        house.note(seq, marker)
        house.idle()
    number = house.ledger.end[NUMBER]
    assert marker in bytes(house.flash.image)
    assert reset(house.ledger, 3)
    assert marker not in bytes(house.flash.image)
    assert house.records() == [(number + 1, chain.SUMMARY)]
    walk = Walk(house.ledger)
    walk.step()
    assert (
        walk.body[-1] == 3
        and sum(walk.tally[chain.T_COUNTS : chain.T_DECIDED_AT]) == 1
        and walk.tally[chain.T_FIRST] == 0
    )
    house.start()
    assert house.verdict() == (0, 0) and house.ledger.end[NUMBER] == number + 1
    assert house.send(1)
    assert house.verdict() == (0, 0)


def test_the_key_is_the_appliances_own_and_nothing_fits_another():
    house = House()
    for seq in range(5):
        house.send(seq)
    other = ledger_key(b"\x08" * 32)
    assert ledger_key(None).digest(b"x") != other.digest(b"x") != house.key.digest(b"x")
    house.key = other
    house.start()
    assert (house.ledger.end[FIRST], house.ledger.end[WHY]) == (1, ids.L_ALTERED)


def test_what_is_wrong_is_noted_once_and_numbers_go_on_behind_it():
    house = House()
    for seq in range(30):
        house.send(seq)
    number = house.ledger.end[NUMBER]
    image = bytes(house.flash.image)
    at = image.rfind(bytes([29] * 8))
    house.flash.image[at] ^= 1
    house.start()
    assert (house.ledger.end[FIRST], house.ledger.end[WHY], house.ledger.end[UNTOLD]) == (number, ids.L_CUT, 1)
    assert house.ledger.end[NUMBER] == number + 2  # a summary, for the chain begins anew, and what was found
    house.ledger.end[UNTOLD] = 0
    house.ledger.keep()
    house.start()
    assert (house.ledger.end[FIRST], house.ledger.end[UNTOLD], house.ledger.end[NUMBER]) == (number, 0, number + 2)
    assert house.send(1)
    assert house.verdict() == (number, ids.L_MISSING)


def test_a_dead_partition_says_no_to_every_note_and_breaks_nothing():
    house = House()
    house.send(1)

    def broken(*_):
        raise OSError(5)

    house.flash.program = broken
    assert not house.send(2) and house.ledger.dead
    assert not house.ledger.note(chain.STARTED, 2, 1) and not reset(house.ledger, 3) and not house.ledger.service()
    house.flash.read = broken
    house.start()
    assert house.ledger.dead and not house.send(3)
    ledger = Ledger(None, house.journal, house.key, house.clock)
    ledger.load()
    assert ledger.dead and not ledger.note(chain.CLEARED, 1, 1)


def test_a_head_is_due_after_so_many_records_and_after_a_decision_once_for_each():
    house = House()
    ledger = house.ledger
    seq = 0
    while not ledger.due():
        house.send(seq)
        seq += 1
    assert ledger.end[NUMBER] == HEAD_EVERY and not ledger.due()
    ledger.end[TOLD] = ledger.end[UNDER_WAY] = ledger.end[NUMBER]
    ledger.end[ANCHOR] = 7
    ledger.keep()
    house.start()
    assert (house.ledger.end[TOLD], house.ledger.end[ANCHOR]) == (HEAD_EVERY, 7)
    assert house.send(seq) and not house.ledger.due()
    assert house.ledger.note(chain.DECIDED, 1, ids.SERVICE, 1, 0, 0)
    house.start()
    assert house.ledger.due() and not house.ledger.due()


def test_a_summary_is_longer_than_any_other_record():
    for form in chain.FORMATS:
        assert chain.TIME + calcsize("<" + form[1:]) + chain.MAC < chain.LONGEST
    assert chain.TIME + calcsize(chain.SUMMARY_FORMAT) + chain.MAC == chain.LONGEST


run(globals()) if __name__ == "__main__" else None
