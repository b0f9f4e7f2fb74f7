"""The ledger in use, in CPython and in MicroPython; what alters it is found in `tests/ledger`, cuts in
`tests/powercut`."""

from appliance.store.journal import Journal
from appliance.trust import chain
from appliance.trust.ledger import HEAD_EVERY, Ledger, ledger_key
from rig import RamFlash
from runner import run
from trivet_wire import ids
from trivet_wire.envelope import Key

DEVICE = bytes(range(8))
MESSAGE_KEY = Key(bytes(32), DEVICE, 0)


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
        self.key = ledger_key(MESSAGE_KEY, DEVICE, signing)
        self.start()

    def start(self):
        self.journal = Journal(self.journal_flash)
        self.journal.mount()
        self.ledger = Ledger(self.flash, self.journal, self.key, self.clock)
        self.ledger.load()

    def send(self, seq):
        sent = self.ledger.sent(ids.FAULT, 1 << ids.SERVICE, 49, 1, seq, bytes([seq & 255] * 8), 7100)
        self.idle()
        return sent

    def idle(self):
        while self.journal.service() or self.ledger.service():
            pass

    def verdict(self):
        return self.ledger.verify(self.ledger.walk())

    def records(self):
        walk = self.ledger.walk()
        found = []
        while walk.step():
            found.append((walk.number, walk.kind))
        return found


def test_a_new_ledger_is_sound_and_empty():
    house = House()
    assert (house.ledger.number, house.ledger.h, house.verdict()) == (0, bytes(32), (0, 0))
    assert house.records() == []


def test_every_kind_of_record_is_there_after_a_restart_in_its_order():
    house = House()
    ledger = house.ledger
    assert ledger.started(1, ids.RESET_POWER_ON)
    assert house.send(1)
    assert ledger.consent(1, ids.SERVICE, 1, 0, 0xFFFFFFFF)
    assert ledger.command(ids.C_CLEAR, ids.G_SERVICE, 0xFFFFFFFF, ids.R_GRANT)
    assert ledger.cleared(1, ids.G_PRESENT)
    assert ledger.access(1, 2)
    number, h = ledger.number, ledger.h
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
    assert (house.ledger.number, house.ledger.h) == (number, h)
    assert house.verdict() == (0, 0)
    assert house.ledger.decision == 1


def test_numbers_rise_by_one_for_ever_while_old_records_give_way_to_a_summary_of_them():
    house = House()
    for seq in range(1, 1201):
        house.clock.wall = 1700000000 + seq
        if seq % 150 == 0:
            house.start()
            assert house.ledger.first == 0
        assert house.send(seq)
    records = house.records()
    assert records[0][1] == chain.SUMMARY and records[0][0] > 500
    numbers = [number for number, _ in records]
    assert numbers == list(range(numbers[0], house.ledger.number + 1))
    assert house.verdict() == (0, 0)
    walk = house.ledger.walk()
    walk.step()
    kept = sum(1 for _, kind in records if kind == chain.SENT)
    assert walk.tally.counts[chain.SENT - 1] == 1200 - kept
    assert walk.tally.first == 1700000001


def test_a_note_never_erases_and_without_a_clean_sector_it_is_refused_until_idle_time():
    house = House()
    erased = []
    erase = house.flash.erase
    house.flash.erase = lambda sector: (erased.append(sector), erase(sector))
    for seq in range(3000):
        if not house.ledger.sent(ids.FAULT, 1 << ids.SERVICE, 49, 1, seq, bytes(8), 7100):
            break
        while house.journal.service():
            pass
        assert erased == []
    assert house.ledger.full and not house.ledger.dead
    number = house.ledger.number
    house.idle()
    assert erased
    assert house.send(1) and house.ledger.number > number
    assert house.verdict() == (0, 0)


def test_a_change_of_owner_leaves_a_summary_that_tells_nothing_and_no_old_byte():
    house = House()
    marker = b"\xa5\x5a\x42\x24\x99\x66\x18\x81"
    for seq in range(200):
        house.ledger.sent(ids.FAULT, 1 << ids.SERVICE, 49, 1, seq, marker, 7100)
        house.idle()
    number = house.ledger.number
    assert marker in bytes(house.flash.image)
    assert house.ledger.reset(3)
    assert marker not in bytes(house.flash.image)
    assert house.records() == [(number + 1, chain.SUMMARY)]
    walk = house.ledger.walk()
    walk.step()
    assert walk.body[-1] == 3 and sum(walk.tally.counts) == 1 and walk.tally.first == 0
    house.start()
    assert house.verdict() == (0, 0) and house.ledger.number == number + 1
    assert house.send(1)
    assert house.verdict() == (0, 0)


def test_the_key_is_the_appliances_own_and_nothing_fits_another():
    house = House()
    for seq in range(5):
        house.send(seq)
    other = ledger_key(MESSAGE_KEY, DEVICE, b"\x08" * 32)
    assert ledger_key(MESSAGE_KEY, DEVICE, b"").digest(b"x") != other.digest(b"x") != house.key.digest(b"x")
    house.key = other
    house.start()
    assert (house.ledger.first, house.ledger.why) == (1, ids.L_ALTERED)


def test_what_is_wrong_is_noted_once_and_numbers_go_on_behind_it():
    house = House()
    for seq in range(30):
        house.send(seq)
    number = house.ledger.number
    image = bytes(house.flash.image)
    at = image.rfind(bytes([29] * 8))
    house.flash.image[at] ^= 1
    house.start()
    assert (house.ledger.first, house.ledger.why, house.ledger.untold) == (number, ids.L_CUT, 1)
    assert house.ledger.number == number + 2  # a summary, for the chain begins anew, and what was found
    house.ledger.queued(2, 1)
    house.start()
    assert (house.ledger.first, house.ledger.untold, house.ledger.number) == (number, 0, number + 2)
    assert house.send(1)
    assert house.verdict() == (number, ids.L_MISSING)


def test_a_dead_partition_says_no_to_every_note_and_breaks_nothing():
    house = House()
    house.send(1)

    def broken(*_):
        raise OSError(5)

    house.flash.program = broken
    assert not house.send(2) and house.ledger.dead
    assert not house.ledger.started(2, 1) and not house.ledger.reset(3) and not house.ledger.service()
    house.flash.read = broken
    house.start()
    assert house.ledger.dead and not house.send(3)
    ledger = Ledger(None, house.journal, house.key, house.clock)
    ledger.load()
    assert ledger.dead and not ledger.sent(1, 1, 1, 1, 1, bytes(8), 0)


def test_a_head_is_due_after_so_many_records_and_its_receipt_moves_the_anchor():
    house = House()
    ledger = house.ledger
    seq = 0
    while not ledger.due():
        house.send(seq)
        seq += 1
    assert ledger.number == HEAD_EVERY
    ledger.queued(1, 9)
    assert not ledger.due() and ledger.pending == (HEAD_EVERY, 1, 9) and ledger.anchor == 0
    house.start()
    assert house.ledger.pending == (HEAD_EVERY, 1, 9)
    house.ledger.receipted()
    house.start()
    assert (house.ledger.anchor, house.ledger.pending) == (HEAD_EVERY, (0, 0, 0))


run(globals()) if __name__ == "__main__" else None
