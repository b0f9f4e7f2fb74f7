"""Journal, boot counter and spool in use, in CPython and in MicroPython; cuts are in `tests/powercut`."""

from appliance.outbox.spool import MAX_SPOOLED, Spool
from appliance.store.boot import count_boot, last_boot
from appliance.store.journal import Journal, JournalFull
from rig import RamFlash
from runner import run
from trivet_wire.ids import CONSENT, EVIDENCE, FAULT, HEARTBEAT, IMPROVE, OPERATION, PERSONAL, SAFETY, SERVICE


def mounted(flash):
    journal = Journal(flash)
    journal.mount()
    return journal


def idle(journal):
    while journal.service():
        pass


def test_the_latest_wins_and_what_is_deleted_stays_gone():
    flash = RamFlash()
    journal = mounted(flash)
    buf = bytearray(100)
    for value in range(5):
        journal.put(1, 9, bytes([value]) * value)
    journal.put(1, 2, b"two")
    journal.delete(1, 9)
    journal.delete(1, 9)
    journal.put(2, 9, b"")
    for store in (journal, mounted(flash)):
        assert store.get(1, 9, buf) == -1 and store.get(2, 9, buf) == 0
        assert store.get(1, 2, buf) == 3 and buf[:3] == b"two" and store.length(1, 2) == 3
        assert store.live == 2


def test_keys_come_in_order():
    journal = mounted(RamFlash())
    for key in (500, 3, 65535, 0, 40):
        journal.put(7, key, b"x")
    journal.put(8, 1, b"x")
    keys = []
    key = journal.next_key(7)
    while key >= 0:
        keys.append(key)
        key = journal.next_key(7, key)
    assert keys == [0, 3, 40, 500, 65535]


def test_a_short_buffer_gets_what_fits():
    journal = mounted(RamFlash())
    journal.put(1, 1, b"0123456789")
    buf = bytearray(4)
    assert journal.get(1, 1, buf) == 10 and buf == b"0123"


def test_a_group_is_whole_or_not_at_all():
    flash = RamFlash()
    journal = mounted(flash)
    journal.put(1, 1, b"old")
    assert journal.begin() and journal.begin()
    journal.put(1, 1, b"new")
    journal.put(1, 2, b"more")
    journal.commit()
    buf = bytearray(8)
    assert journal.get(1, 1, buf) == 3 and buf[:3] == b"old"
    assert mounted(flash).live == 1
    journal.commit()
    assert journal.live == 2 and mounted(flash).live == 2
    assert journal.get(1, 1, buf) == 3 and buf[:3] == b"new"
    assert journal.begin()
    journal.delete(1, 1)
    journal.abort()
    journal.put(1, 3, b"after")
    assert journal.live == 3 and mounted(flash).live == 3


def test_full_is_refused_and_changes_nothing():
    journal = mounted(RamFlash())
    stored = 0
    try:
        for key in range(1000):
            journal.put(1, key, bytes(200))
            stored += 1
            idle(journal)
        raise AssertionError("never full")
    except JournalFull:
        pass
    assert stored > 20 and journal.live == stored
    for round in range(200):  # what is there can still be rewritten and deleted
        journal.put(1, round % stored, bytes([round]) * 200)
        idle(journal)
    journal.delete(1, 0)
    journal.put(1, 5000, bytes(200))


def test_the_index_bounds_how_many_live():
    journal = Journal(RamFlash(), records=5)
    journal.mount()
    for key in range(5):
        journal.put(1, key, b"")
    try:
        journal.put(1, 5, b"")
        raise AssertionError
    except JournalFull:
        journal.put(1, 4, b"again")


def test_misuse_is_refused():
    journal = mounted(RamFlash())
    for call in (
        lambda: journal.put(0, 1, b""),
        lambda: journal.put(240, 1, b""),
        lambda: journal.put(1, 65536, b""),
        lambda: journal.put(1, 1, bytes(1025)),
    ):
        try:
            call()
        except ValueError:
            continue
        raise AssertionError


def test_a_rotten_record_is_missed_alone():
    flash = RamFlash()
    journal = mounted(flash)
    journal.put(1, 1, b"A" * 40)
    journal.put(1, 2, b"B" * 40)
    at = bytes(flash.image).find(b"AAAA")
    flash.image[at] &= 0xBE
    journal = mounted(flash)
    assert journal.corrupt == 1 and journal.live == 1 and journal.length(1, 2) == 40


def test_boots_count():
    flash = RamFlash()
    for boot in range(1, 200):
        journal = mounted(flash)
        assert last_boot(journal) == boot - 1
        assert count_boot(journal) == boot
        journal.put(3, 1, bytes(500))


def spooled(flash, boot):
    journal = mounted(flash)
    spool = Spool(journal, boot, slots=6, limit=3000)
    spool.load()
    return spool


def drained(spool):
    buf = bytearray(1024)
    found = []
    spool.rewind()
    length = spool.peek(buf)
    while length:
        found.append((spool.slot_boot, spool.slot_seq, spool.slot_kind, bytes(buf[:length])))
        spool.mark_sent()
        length = spool.peek(buf)
    return found


def test_the_spool_gives_back_oldest_first_over_starts():
    flash = RamFlash()
    spool = spooled(flash, 1)
    assert spool.tail() == (1, 1)
    assert spool.next_seq() == 1 and spool.append(FAULT, SERVICE, b"one") == 1
    assert spool.append(EVIDENCE, SERVICE, b"two") == 2
    spool = spooled(flash, 2)
    assert spool.append(FAULT, SAFETY, b"three") == 1
    assert spool.tail() == (1, 1) and spool.unsent() == 3
    expected = [(1, 1, FAULT, b"one"), (1, 2, EVIDENCE, b"two"), (2, 1, FAULT, b"three")]
    assert drained(spool) == expected and spool.unsent() == 0
    assert drained(spool) == expected


def test_receipts_are_cumulative_per_boot():
    flash = RamFlash()
    spool = spooled(flash, 1)
    for text in (b"a", b"b", b"c"):
        spool.append(FAULT, SERVICE, text)
    spool = spooled(flash, 2)
    spool.append(FAULT, SERVICE, b"d")
    assert spool.ack(2, 0) == 0 and spool.ack(1, 2) == 2
    assert [row[3] for row in drained(spool)] == [b"c", b"d"] and spool.tail() == (1, 3)
    assert spool.ack(3, 99) == 0 and spool.refuse(2, 1) == 1
    assert spool.ack(1, 3) == 1 and spool.count == 0 and spool.bytes == 0
    assert spool.tail() == (2, 2) and spooled(flash, 3).tail() == (3, 1)


def test_withdrawal_empties_the_queue_of_its_purpose():
    flash = RamFlash()
    spool = spooled(flash, 1)
    spool.append(FAULT, SERVICE, b"a")
    spool.append(HEARTBEAT, IMPROVE, b"b")
    spool.append(HEARTBEAT, IMPROVE, b"c")
    spool.append(EVIDENCE, SERVICE, b"d", False, 1 << IMPROVE)
    assert spool.withdraw(1 << SAFETY | 1 << SERVICE) == 3, "what needs two purposes goes with either"
    assert [row[3] for row in drained(spool)] == [b"a"] and spool.count == 1, "gone before the flash was asked"
    spool.sweep()
    spool.swept()
    assert [row[3] for row in drained(spooled(flash, 2))] == [b"a"]


def test_a_message_of_a_purpose_that_this_firmware_does_not_know_is_never_granted():
    spool = spooled(RamFlash(), 1)
    spool.append(FAULT, 9, b"later")
    assert spool.withdraw(0xFF) == 1 and spool.count == 0


def test_slots_of_withdrawn_messages_are_used_again_although_nobody_swept_them():
    flash = RamFlash()
    spool = spooled(flash, 1)
    for _ in range(6):
        spool.append(FAULT, SERVICE, b"a")
    spool.withdraw(1 << SAFETY)
    assert spool.append(FAULT, SAFETY, b"b") == 7
    assert [row[3] for row in drained(spooled(flash, 2))] == [b"b"]


# (kind, confirmed) appended in turn to a spool of six; what stays, by seq
WORTH = (
    ("the oldest heartbeat goes first", [(HEARTBEAT, 0)] * 7, [2, 3, 4, 5, 6, 7]),
    ("a heartbeat never displaces a fault", [(FAULT, 0)] * 6 + [(HEARTBEAT, 0)], [1, 2, 3, 4, 5, 6]),
    ("a fault displaces a heartbeat", [(FAULT, 1), (HEARTBEAT, 0)] + [(FAULT, 0)] * 5, [1, 3, 4, 5, 6, 7]),
    ("a confirmed fault outlives its evidence", [(FAULT, 1)] + [(EVIDENCE, 0)] * 6, [1, 3, 4, 5, 6, 7]),
    ("among confirmed ones the oldest goes", [(FAULT, 1)] * 7, [2, 3, 4, 5, 6, 7]),
    ("consent outlives all", [(CONSENT, 0)] + [(FAULT, 1)] * 6, [1, 3, 4, 5, 6, 7]),
    ("a cycle before a crash", [(OPERATION, 0), (HEARTBEAT, 0)] + [(9, 0)] * 6, [3, 4, 5, 6, 7, 8]),
)


def test_displacement_takes_the_lowest_worth():
    for rule, appended, stays in WORTH:
        flash = RamFlash()
        spool = spooled(flash, 1)
        for kind, confirmed in appended:
            spool.append(kind, PERSONAL, bytes([kind]), bool(confirmed))
        assert [row[1] for row in drained(spool)] == stays, rule
        assert [row[1] for row in drained(spooled(flash, 2))] == stays, rule
        assert spool.displaced == len(appended) - 6 and spool.next_seq() == len(appended) + 1


def test_bytes_are_bounded_too():
    spool = spooled(RamFlash(), 1)
    for _ in range(5):
        spool.append(EVIDENCE, SERVICE, bytes(900))
    assert spool.count == 3 and spool.bytes == 2700
    try:
        spool.append(EVIDENCE, SERVICE, bytes(MAX_SPOOLED + 1))
    except ValueError:
        return
    raise AssertionError


run(globals()) if __name__ == "__main__" else None
