"""A factory reset: everything of the owner leaves the live journal, what belongs to the machine stays, and a power cut
anywhere in it is made good at the next start."""

import random
from collections.abc import Iterator

import pytest
from appliance import app
from appliance.store import records
from appliance.store.journal import Journal
from appliance.update import gates, kept, memory
from powercut.appliance_lives import JOURNAL, SECTORS, Ports
from powercut.flash import Part, StrictFlash, cuts
from trivet_wire import ids

MARK = b"the owner before"
OWNED = {
    records.SPOOL: 6,
    records.FRAME: 3,
    records.TOMBSTONE: 2,
    records.ENTRY: 3,
    records.STATUS: 2,
    records.TOTALS: 1,
    records.REPORTED: 2,
}
KEPT = {records.LEARNED: b"how this machine sounds", records.COMMANDS: b"\x07\0\0\0\x02\0"}


def lived_in() -> StrictFlash:
    """An appliance whose owner allowed everything, with records of every kind; then somebody asked for a reset."""
    flash = StrictFlash(SECTORS)
    appliance = app.Appliance(Ports(flash, None))  # type: ignore[arg-type]
    for purpose in range(1, len(ids.PURPOSE_NAMES)):
        assert appliance.consent.decide(purpose, True, ids.BY_APPLIANCE)
    journal = appliance.journal
    for kind, count in OWNED.items():
        for key in range(count):
            while journal.service():
                pass
            journal.put(kind, key, MARK * 6)
    for kind, payload in KEPT.items():
        journal.put(kind, 0, payload)
    row = kept.fresh()
    row[kept.STATE], row[kept.VERSION], row[kept.JUDGED] = ids.U_VERIFIED, "1.1.0", 1
    row[kept.ANSWER], row[kept.UNTIL] = ids.A_YES, 1_900_000_000
    kept.save(journal, ids.W_RELEASE, row)
    memory.set_hours(journal, 0xFF, 60)
    journal.put(records.RESET, 0, bytes((ids.BY_SERIAL,)))
    return flash


def live(flash: StrictFlash) -> Iterator[tuple[int, bytes]]:
    """Every live record's type and payload."""
    journal = Journal(Part(StrictFlash(SECTORS, image=bytes(flash.image)), 0, JOURNAL))
    journal.mount()
    for kind in range(1, 240):
        key = journal.next_key(kind)
        while key >= 0:
            buf = bytearray(journal.length(kind, key))
            journal.get(kind, key, buf)
            yield kind, bytes(buf)
            key = journal.next_key(kind, key)


def judge(flash: StrictFlash) -> None:
    """After a start nothing of the owner lives, nothing is allowed, and the machine is the one that it was."""
    appliance = app.Appliance(Ports(flash, None))  # type: ignore[arg-type]
    assert appliance.consent.mask == 1 << ids.SAFETY
    assert appliance.consent.channel == ids.BY_FACTORY_RESET
    assert appliance.spool.count == 0
    found = list(live(flash))
    assert not [kind for kind, payload in found if MARK in payload]
    assert {kind: payload for kind, payload in found if kind in KEPT} == KEPT
    assert records.RESET not in dict(found)
    assert appliance.boot > 1
    row = kept.load(appliance.journal, ids.W_RELEASE)  # it is offered as before, and its next owner is asked
    assert (row[kept.STATE], row[kept.VERSION]) == (ids.U_VERIFIED, "1.1.0")
    assert (row[kept.ANSWER], row[kept.UNTIL]) == (gates.NO_ANSWER, 0)
    assert memory.hours(appliance.journal) == (0, 0)


def test_everything_of_the_owner_goes_and_the_machine_s_own_stays() -> None:
    flash = lived_in()
    assert len([kind for kind, payload in live(flash) if MARK in payload]) == sum(OWNED.values())
    judge(flash)
    judge(flash)  # and no later start does it again: the owner's next word would be lost
    appliance = app.Appliance(Ports(flash, None))  # type: ignore[arg-type]
    assert appliance.consent.decide(ids.SERVICE, True, ids.BY_APPLIANCE)
    again = app.Appliance(Ports(flash, None))  # type: ignore[arg-type]
    assert again.consent.allows(ids.SERVICE)
    assert again.spool.count == 0  # a new yes brings nothing back


@pytest.mark.parametrize("share", range(4))
def test_a_cut_at_any_flash_operation_is_made_good_at_the_next_start(share: int) -> None:
    flash = lived_in()
    flash.log = []
    app.Appliance(Ports(flash, None))  # type: ignore[arg-type]
    operations, chance = flash.log, random.Random(share)
    assert len(operations) > 25
    torn = 0
    for operation in operations[share::4]:
        for how, image in cuts(operation, chance):
            torn += how == "torn"
            judge(StrictFlash(SECTORS, image=image))
    assert torn > 20
