"""Lives of what waits to be sent and of the gate before it: messages spooled, receipted, displaced; consent given and
withdrawn."""

import random
from collections.abc import Iterator

from appliance.outbox.consent import Consent
from appliance.outbox.spool import Spool
from appliance.store.journal import Journal
from trivet_wire.ids import EVIDENCE, FAULT, HEARTBEAT, IMPROVE, PERSONAL, SAFETY, SERVICE

from .cutting import State
from .flash import StrictFlash
from .journal_lives import mounted

_READER = 1 << 20  # a boot number that no message has


def messages(journal: Journal, spool: Spool) -> State:
    """What waits, oldest first."""
    found, buf = [], bytearray(1024)
    spool.rewind()
    while length := spool.peek(buf):
        found.append((("message", spool.slot_boot, spool.slot_seq), (spool.slot_kind, bytes(buf[:length]))))
        spool.mark_sent()
    return tuple(found)


def loaded(journal: Journal, boot: int, slots: int = 48, limit: int = 16384) -> Spool:
    spool = Spool(journal, boot, slots, limit)
    spool.load()
    return spool


def read_spool(flash: StrictFlash) -> State:
    journal = mounted(flash)
    return messages(journal, loaded(journal, _READER))


def play_spool(flash: StrictFlash, *, seed: int, boots: int = 4, steps: int = 20) -> Iterator[State]:
    """Messages come and are receipted one at a time, over several starts; the model is a list."""
    chance = random.Random(seed)
    model: list[tuple[tuple[str, int, int], tuple[int, bytes]]] = []
    for boot in range(1, boots + 1):
        journal = mounted(flash)
        spool = loaded(journal, boot)
        for _ in range(steps):
            while journal.service():
                yield tuple(model)
            if model and chance.random() < 0.5:
                (_, boot_of, seq), _ = model.pop(0)
                if spool.ack(boot_of, seq) != 1:
                    raise AssertionError("a receipt for one message took another number of them")
            else:
                kind = chance.choice([FAULT, EVIDENCE, HEARTBEAT])
                message = chance.randbytes(chance.randint(20, 400))
                model.append((("message", boot, spool.append(kind, SERVICE, message)), (kind, message)))
            yield tuple(model)


def play_refusals(flash: StrictFlash, *, seed: int, steps: int = 60) -> Iterator[State | None]:
    """A cloud that refuses some for good and receipts others out of order."""
    chance = random.Random(seed)
    journal = mounted(flash)
    spool = loaded(journal, 1)
    waiting: list[int] = []
    for _ in range(steps):
        while journal.service():
            yield None
        if waiting and chance.random() < 0.45:
            seq = waiting.pop(chance.randrange(len(waiting)))
            spool.refuse(1, seq)
        else:
            waiting.append(spool.append(FAULT, SERVICE, chance.randbytes(chance.randint(1, 300))))
        yield messages(journal, spool)


def read_consent(flash: StrictFlash) -> State:
    journal = mounted(flash)
    spool = loaded(journal, _READER)
    return said(Consent(journal, spool), journal, spool)


def said(consent: Consent, journal: Journal, spool: Spool) -> State:
    decision = (consent.seq, consent.mask, consent.purpose, consent.granted, consent.channel, consent.untold)
    return (("consent", (*decision, consent.text_hash, consent.language)), *messages(journal, spool))


def play_consent(flash: StrictFlash, *, seed: int, boots: int = 3, steps: int = 16) -> Iterator[State | None]:
    """Grants and withdrawals over a queue that fills; a withdrawal and its emptied queue are one step."""
    chance = random.Random(seed)
    for boot in range(1, boots + 1):
        journal = mounted(flash)
        spool = loaded(journal, boot)
        consent = Consent(journal, spool)
        for _ in range(steps):
            while journal.service():
                yield None
            purpose = chance.choice([SERVICE, IMPROVE, PERSONAL])
            what = chance.random()
            if what < 0.3:
                consent.decide(purpose, chance.random() < 0.6, 1, chance.choice(["en", "de"]), chance.getrandbits(32))
            elif what < 0.4:
                consent.told()
            elif consent.allows(purpose) or chance.random() < 0.3:
                kept = purpose if consent.allows(purpose) else SAFETY
                spool.append(FAULT, kept, chance.randbytes(chance.randint(20, 200)))
            yield said(consent, journal, spool)
