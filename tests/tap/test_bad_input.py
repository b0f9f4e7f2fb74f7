"""Bad input at the consent line, rotten records, flash that is full or fails, clocks off by years: a no stays a no, and
nothing that somebody types or that flash holds makes a yes of it or stops the appliance."""

from typing import Any

import pytest
from appliance.outbox.consent import Consent
from appliance.outbox.spool import Spool
from appliance.store.journal import Journal
from appliance.store.records import CONSENT
from powercut.flash import StrictFlash
from trivet_wire.ids import CONSENT as CONSENT_MESSAGE
from trivet_wire.ids import FAULT, IMPROVE, LEDGER_HEAD, SAFETY, SERVICE
from wiretap import machine
from wiretap.house import House
from wiretap.ports import SECTORS, Broken

NO, YES = 1 << SAFETY, 1 << SAFETY | 1 << SERVICE


def gate(image: bytes | None = None) -> tuple[StrictFlash, Journal, Consent]:
    flash = StrictFlash(SECTORS, image=image)
    journal = Journal(flash)
    journal.mount()
    spool = Spool(journal, 1)
    spool.load()
    return flash, journal, Consent(journal, spool)


@pytest.mark.parametrize(
    "line",
    [
        "consent service yes deutsch",
        "consent service yes DE",
        "consent service yes ä€",
        "consent service yes d",
        "consent service yes en 1234567",
        "consent service yes en 0x123456",
        "consent service yes en +1234567",
        "consent service yes en -1234567",
        "consent service yes en 123456789",
        "consent safety no",
        "consent all yes",
        "consent service maybe",
    ],
)
def test_a_line_that_makes_no_sense_decides_nothing_and_is_answered(line: str) -> None:
    house = House()
    told: list[dict[str, Any]] = []
    ports = house.appliance.ports
    ports.tell = told.append  # type: ignore[attr-defined]  # the house's own ports
    from appliance.sim.words import obey

    obey(house.appliance, line, ports)  # type: ignore[arg-type]
    assert {"e": "misunderstood", "line": line} in told
    assert (house.appliance.consent.seq, house.appliance.consent.mask) == (0, NO)
    house.do("restart", 1)
    house.do("run", 2)


@pytest.mark.parametrize("text_hash", [-1, 1 << 32])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_text_s_hash_is_32_bits(text_hash: int, language: str) -> None:
    consent = gate()[2]
    assert not consent.decide(SERVICE, True, 0, language, text_hash)
    assert consent.mask == NO
    assert consent.decide(SERVICE, True, 0, language, (1 << 32) - 1)


@pytest.mark.parametrize("key", [0, 1])
def test_no_rotten_bit_of_either_record_brings_an_older_yes_back(key: int) -> None:
    flash, journal, consent = gate()
    consent.decide(SERVICE, True, 0)
    consent.decide(SERVICE, False, 0)
    slot = journal._index.find(CONSENT, key)
    start, size = journal._index.at[slot], 16 + journal._index.length[slot]
    for bit in range(8 * size):
        image = bytearray(flash.image)
        image[start + bit // 8] ^= 1 << bit % 8
        found = gate(bytes(image))[2]
        assert (found.seq, found.mask) == (2, NO), bit


def test_without_a_readable_decision_everything_is_a_no_and_the_queue_goes() -> None:
    flash, journal, consent = gate()
    consent.decide(SERVICE, True, 0)
    Spool(journal, 1).append(FAULT, SERVICE, b"of the owner")
    image = bytearray(flash.image)
    for key in (0, 1):
        image[journal._index.at[journal._index.find(CONSENT, key)] + 17] ^= 0xFF
    _, journal, consent = gate(bytes(image))
    assert consent.mask == NO
    assert consent._spool.count == 0
    assert consent.decide(SERVICE, True, 0)


@pytest.mark.parametrize("refusals", [1, 2, 3, 5, 9, 40])
def test_a_withdrawal_holds_at_once_and_at_the_next_start_on_flash_that_fails(refusals: int) -> None:
    house = House()
    house.do("decide", SERVICE, 1)
    house.do("fault", 1, 1)
    house.do("line", 0)
    house.do("run", 4)
    house.do("refuse", refusals, 0)
    house.do("decide", SERVICE, 0)
    assert house.appliance.consent.mask == NO
    waiting = {kind for kind in house.appliance.spool._kinds if kind < 254}
    assert waiting <= {CONSENT_MESSAGE, LEDGER_HEAD}, "what is for safety alone"
    house.do("restart", 1)
    assert (house.appliance.consent.seq, house.appliance.consent.mask) == (2, NO)
    house.do("settle")


def test_a_withdrawal_holds_on_full_flash_and_a_yes_that_cannot_be_kept_is_no_yes() -> None:
    house = House()
    house.do("decide", SERVICE, 1)
    house.do("fill")
    house.do("decide", SERVICE, 0)
    assert house.appliance.consent.mask == NO
    house.do("restart", 1)
    assert house.appliance.consent.mask == NO
    house = House()
    house.do("fill")
    house.do("decide", SERVICE, 1)
    kept = house.appliance.consent.mask
    house.do("restart", 1)
    assert house.appliance.consent.mask == kept == house.judge.masks[-1]


def test_flash_that_never_answers_again_is_a_mute_appliance() -> None:
    house = House()
    house.do("decide", SERVICE, 1)
    house.do("decide", SERVICE, 0)
    house.flash.refusals = 1 << 30
    with pytest.raises(Broken, match="mute"):
        start_as_it_is(house)


def start_as_it_is(house: House) -> None:
    """A start on flash that goes on failing."""
    from wiretap import house as module
    from wiretap.ports import Ports

    started = module.start(Ports(house, 1), house.maker)  # type: ignore[arg-type]
    if not isinstance(started, module.Appliance):
        raise Broken("mute")


@pytest.mark.parametrize("year", range(6))
def test_a_clock_off_by_years_changes_no_decision(year: int) -> None:
    life = [["decide", SERVICE, 1], ["run", 2], ["wall", year], ["fault", 1, 1], ["run", 4], ["wall", 5 - year]]
    life += [["decide", IMPROVE, 1], ["decide", SERVICE, 0], ["restart", 1], ["wall", 0], ["settle"]]
    house, broken = machine.replay(life)
    assert broken == ""
    assert house.appliance.consent.mask == NO | 1 << IMPROVE
